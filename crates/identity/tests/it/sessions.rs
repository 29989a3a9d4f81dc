use std::time::Duration;

use identity::SignInError;

use super::*;

#[tokio::test]
async fn the_right_password_begins_a_session_and_signing_out_ends_it() {
    let world = world();
    let account = world.person("anna@example.com").await;
    let signed_in = world.identity.sign_in(" Anna@example.com", &secret(PASSWORD), SOURCE).await.unwrap();
    let token = signed_in.token.expose().clone();
    let session = world.identity.session(&token).await.unwrap().unwrap();
    assert_eq!((session.id, &session.account), (signed_in.session.id, &account));
    assert!(!format!("{signed_in:?}").contains(&token));

    world.identity.sign_out(&token).await.unwrap();
    assert!(world.identity.session(&token).await.unwrap().is_none());
    world.identity.sign_out(&token).await.unwrap();
}

#[tokio::test]
async fn each_sign_in_has_a_token_of_its_own() {
    let world = world();
    let account = world.person("anna@example.com").await;
    let mut tokens = Vec::new();
    for _ in 0..3 {
        tokens
            .push(world.identity.sign_in("anna@example.com", &secret(PASSWORD), SOURCE).await.unwrap().token);
    }
    world.identity.sign_out(tokens[0].expose()).await.unwrap();
    assert!(world.identity.session(tokens[1].expose()).await.unwrap().is_some());
    let listed = world.identity.sessions_of(account.id).await.unwrap();
    assert_eq!(listed.len(), 2, "the one that was ended is not listed");
    assert_eq!(world.identity.sign_out_everywhere(account.id, vec![]).await.unwrap(), 2);
    assert!(world.identity.session(tokens[1].expose()).await.unwrap().is_none());
}

#[tokio::test]
async fn other_values_are_no_session() {
    let world = world();
    world.person("anna@example.com").await;
    let signed_in = world.identity.sign_in("anna@example.com", &secret(PASSWORD), SOURCE).await.unwrap();
    let token = signed_in.token.expose();
    let flipped =
        if token.starts_with('A') { token.replacen('A', "B", 1) } else { format!("A{}", &token[1..]) };
    for other in ["", "x", &flipped, &token[1..], &format!("{token}A"), &token.to_lowercase(), "' OR 1=1 --"]
    {
        assert!(world.identity.session(other).await.unwrap().is_none(), "{other:?}");
    }
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle() {
    let world = world_with(|settings| settings.session_idle = Duration::from_hours(1));
    let account = world.person("anna@example.com").await;
    let token = world.identity.sign_in("anna@example.com", &secret(PASSWORD), SOURCE).await.unwrap().token;
    for _ in 0..5 {
        world.clock.advance(Duration::from_mins(59));
        assert!(world.identity.session(token.expose()).await.unwrap().is_some(), "used within the hour");
    }
    world.clock.advance(Duration::from_hours(1));
    assert!(world.identity.session(token.expose()).await.unwrap().is_none());
    assert!(world.identity.sessions_of(account.id).await.unwrap().is_empty(), "it is swept later");
}

#[tokio::test]
async fn a_session_ends_at_last_however_much_it_is_used() {
    let world = world_with(|settings| settings.session_absolute = Duration::from_hours(3));
    world.person("anna@example.com").await;
    let token = world.identity.sign_in("anna@example.com", &secret(PASSWORD), SOURCE).await.unwrap().token;
    for hour in 1..=3 {
        world.clock.advance(Duration::from_hours(1));
        assert_eq!(world.identity.session(token.expose()).await.unwrap().is_some(), hour < 3, "{hour}");
    }
    assert_eq!(world.identity.sweep().await.unwrap(), 1, "the source's old count, and not yet the session");
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.identity.sweep().await.unwrap(), 1);
}

#[tokio::test]
async fn a_new_password_ends_sessions_and_replaces_the_old_one() {
    let world = world();
    let account = world.person("anna@example.com").await;
    let token = world.identity.sign_in("anna@example.com", &secret(PASSWORD), SOURCE).await.unwrap().token;
    world.identity.set_password(account.id, &secret("a new password"), vec![]).await.unwrap();
    assert!(world.identity.session(token.expose()).await.unwrap().is_none());
    let old = world.identity.sign_in("anna@example.com", &secret(PASSWORD), SOURCE).await;
    assert_eq!(old.unwrap_err(), SignInError::Refused);
    world.identity.sign_in("anna@example.com", &secret("a new password"), SOURCE).await.unwrap();
}

#[tokio::test]
async fn a_disabled_person_is_out_and_stays_out_until_enabled() {
    let world = world();
    let account = world.person("anna@example.com").await;
    let token = world.identity.sign_in("anna@example.com", &secret(PASSWORD), SOURCE).await.unwrap().token;
    world.identity.disable(account.id, vec![]).await.unwrap();
    assert!(world.identity.session(token.expose()).await.unwrap().is_none());
    let refused = world.identity.sign_in("anna@example.com", &secret(PASSWORD), SOURCE).await.unwrap_err();
    assert_eq!(refused, SignInError::Refused);
    world.identity.enable(account.id, vec![]).await.unwrap();
    assert!(
        world.identity.session(token.expose()).await.unwrap().is_none(),
        "the old session does not come back"
    );
    world.identity.sign_in("anna@example.com", &secret(PASSWORD), SOURCE).await.unwrap();
}

#[tokio::test]
async fn a_form_value_belongs_to_one_session() {
    let world = world();
    world.person("anna@example.com").await;
    let first = world.identity.sign_in("anna@example.com", &secret(PASSWORD), SOURCE).await.unwrap();
    let second = world.identity.sign_in("anna@example.com", &secret(PASSWORD), SOURCE).await.unwrap();
    let value = first.session.csrf.expose();
    let again = world.identity.session(first.token.expose()).await.unwrap().unwrap();
    assert!(again.csrf_matches(value), "the same on every page");
    assert!(
        !second.session.csrf_matches(value) && !again.csrf_matches("") && !again.csrf_matches(&value[1..])
    );
    assert!(!value.contains(first.token.expose()));
}

#[tokio::test]
async fn before_a_session_the_form_is_bound_to_a_cookie() {
    let world = world();
    let (mine, theirs) = (world.identity.begin_pre_session(), world.identity.begin_pre_session());
    let value = mine.csrf.expose();
    assert!(world.identity.pre_session(mine.cookie.expose()).unwrap().csrf_matches(value));
    assert!(!world.identity.pre_session(theirs.cookie.expose()).unwrap().csrf_matches(value));
    for junk in ["", "x", &"A".repeat(21), &"!".repeat(22), value] {
        assert!(world.identity.pre_session(junk).is_none(), "{junk:?}");
    }
    let elsewhere = Identity::new(
        Arc::new(world.database.clone()),
        Arc::clone(&world.clock) as Arc<dyn Clock>,
        Arc::new(SeededEntropy::new(2)),
        seal::testing::keys(&SeededEntropy::new(2)),
        Settings::default(),
    );
    assert!(!elsewhere.pre_session(mine.cookie.expose()).unwrap().csrf_matches(value), "another side's key");
}

#[tokio::test]
async fn a_hash_of_an_older_cost_is_replaced_at_the_next_sign_in() {
    let world = world();
    let account = world.person("anna@example.com").await;
    let stricter = Identity::new(
        Arc::new(world.database.clone()),
        Arc::clone(&world.clock) as Arc<dyn Clock>,
        Arc::new(SeededEntropy::new(2)),
        seal::testing::keys(&SeededEntropy::new(2)),
        Settings { password_cost: Cost { memory_kib: 16, passes: 2 }, ..Settings::default() },
    );
    let token = stricter.sign_in("anna@example.com", &secret(PASSWORD), SOURCE).await.unwrap().token;
    let stored = identity::Store::account(&world.database, account.id).await.unwrap().unwrap();
    assert!(stored.password_hash.unwrap().to_phc().contains("m=16,t=2,"));
    assert!(stricter.session(token.expose()).await.unwrap().is_some(), "which ends no session");
    stricter.sign_in("anna@example.com", &secret(PASSWORD), SOURCE).await.unwrap();
}
