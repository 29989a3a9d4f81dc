use std::time::Duration;

use identity::{Limits, SignInError};

use super::*;

async fn guess(world: &World, email: &str, source: &str) -> SignInError {
    world.identity.sign_in(email, &secret("a wrong guess"), source).await.expect_err("the guess is wrong")
}

fn wait(seconds: u64) -> SignInError {
    SignInError::TooManyAttempts { retry_after: Duration::from_secs(seconds) }
}

#[tokio::test]
async fn nobody_learns_why_they_are_refused() {
    let world = world();
    world.person("anna@example.com").await;
    let disabled = world.person("ben@example.com").await;
    world.identity.disable(disabled.id, vec![]).await.unwrap();
    let without = NewAccount { email: "cleo@example.com".to_owned(), name: String::new(), password: None };
    world.identity.create_account(without).await.unwrap();
    for (email, password) in [
        ("anna@example.com", "a wrong guess"),
        ("nobody@example.com", PASSWORD),
        ("ben@example.com", PASSWORD),
        ("cleo@example.com", ""),
        ("no address", PASSWORD),
        ("", ""),
    ] {
        let error = world.identity.sign_in(email, &secret(password), SOURCE).await.unwrap_err();
        assert_eq!(error, SignInError::Refused, "{email:?}");
    }
}

#[tokio::test]
async fn after_ten_wrong_passwords_an_account_answers_with_growing_delays() {
    let world = world();
    world.person("anna@example.com").await;
    for email in ["anna@example.com", "nobody@example.com"] {
        for attempt in 1..=10 {
            assert_eq!(guess(&world, email, SOURCE).await, SignInError::Refused, "{email} {attempt}");
        }
        for delay in [2, 4, 8] {
            // However it is spelt and wherever it comes from; and what is not admitted makes nothing longer.
            assert_eq!(guess(&world, &email.to_uppercase(), "192.0.2.9").await, wait(delay));
            assert_eq!(guess(&world, email, SOURCE).await, wait(delay));
            world.clock.advance(Duration::from_secs(delay));
            assert_eq!(guess(&world, email, SOURCE).await, SignInError::Refused);
        }
    }
    let error = world.identity.sign_in("anna@example.com", &secret(PASSWORD), SOURCE).await.unwrap_err();
    assert!(matches!(error, SignInError::TooManyAttempts { .. }), "not even with the right one");
}

#[tokio::test]
async fn the_right_password_clears_the_count() {
    let world = world();
    world.person("anna@example.com").await;
    for _ in 0..3 {
        for _ in 0..9 {
            assert_eq!(guess(&world, "anna@example.com", SOURCE).await, SignInError::Refused);
        }
        // The tenth attempt is counted before it is looked at, and taken back.
        world.identity.sign_in("anna@example.com", &secret(PASSWORD), SOURCE).await.unwrap();
    }
}

#[tokio::test]
async fn a_long_pause_is_a_new_start() {
    let world = world();
    for _ in 0..10 {
        guess(&world, "anna@example.com", SOURCE).await;
    }
    world.clock.advance(Duration::from_hours(1));
    for _ in 0..10 {
        assert_eq!(guess(&world, "anna@example.com", SOURCE).await, SignInError::Refused);
    }
    assert_eq!(guess(&world, "anna@example.com", SOURCE).await, wait(2));
}

#[tokio::test]
async fn a_source_that_tries_many_accounts_is_slowed_down_and_others_are_not() {
    let world = world();
    world.person("anna@example.com").await;
    let free = Limits::default().source.free;
    for i in 0..free {
        assert_eq!(guess(&world, &format!("{i}@example.com"), SOURCE).await, SignInError::Refused);
    }
    assert_eq!(guess(&world, "fresh@example.com", SOURCE).await, wait(1));
    let error = world.identity.sign_in("anna@example.com", &secret(PASSWORD), SOURCE).await.unwrap_err();
    assert_eq!(error, wait(1));
    world.identity.sign_in("anna@example.com", &secret(PASSWORD), "192.0.2.2").await.unwrap();
}

#[tokio::test]
async fn people_who_know_their_passwords_use_nothing_up() {
    let world = world();
    world.person("anna@example.com").await;
    for _ in 0..3 * Limits::default().source.free {
        world.identity.sign_in("anna@example.com", &secret(PASSWORD), SOURCE).await.unwrap();
    }
}

#[tokio::test]
async fn guesses_at_the_same_moment_count_one_by_one() {
    let world = world();
    world.person("anna@example.com").await;
    let guesses = (0..40).map(|_| guess(&world, "anna@example.com", SOURCE));
    let answers = futures_util::future::join_all(guesses).await;
    let looked_at = answers.iter().filter(|answer| **answer == SignInError::Refused).count();
    assert_eq!(looked_at, 10, "{answers:?}");
}

#[tokio::test]
async fn a_block_of_a_clock_that_ran_ahead_does_not_outlive_it() {
    let world = world();
    world.clock.advance(Duration::from_hours(60 * 24));
    for _ in 0..10 {
        guess(&world, "anna@example.com", SOURCE).await;
    }
    world.clock.step_millis(-60 * 24 * 3_600_000);
    assert_eq!(guess(&world, "anna@example.com", SOURCE).await, SignInError::Refused);
}

#[tokio::test]
async fn limits_can_be_off() {
    let world = world_with(|settings| settings.limits = None);
    world.person("anna@example.com").await;
    for _ in 0..30 {
        assert_eq!(guess(&world, "anna@example.com", SOURCE).await, SignInError::Refused);
    }
    world.identity.sign_in("anna@example.com", &secret(PASSWORD), SOURCE).await.unwrap();
}

#[tokio::test]
async fn old_counts_are_swept() {
    let world = world();
    guess(&world, "anna@example.com", SOURCE).await;
    assert_eq!(world.identity.sweep().await.unwrap(), 0);
    world.clock.advance(Duration::from_hours(2));
    assert_eq!(world.identity.sweep().await.unwrap(), 2);
}
