use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use http::StatusCode;

use super::super::app::{Answer, App};
use super::cases;
use super::world::{BOOKS, Client, WINDOW, active, app, post, refresh, tokens, two_servers, works};

cases! {
    twenty_at_once_with_a_window_get_one_successor: [F 96, F 98] "With a retry window twenty parallel refreshes over a slow store are all answered with one and the same successor, which works; round after round";
    twenty_at_once_under_the_strict_rule_make_no_second_branch: [F 96] "Under the strict rule at most one of twenty parallel refreshes is answered 200, and at most one branch lives";
    two_servers_are_as_one: [F 97] "The same holds across two servers on one database";
    a_code_raced_for_is_exchanged_once: [E 60] "Of twenty parallel exchanges of one code at most one is answered 200, and nothing of it outlives the race";
    a_revocation_beats_a_refresh: [F 92, G 104] "After a revocation that raced a refresh nothing of the authorisation lives";
}

/// Every transaction takes 2 ms, in which others get their turn.
fn slow_store(app: &App) {
    app.database.set_fault_hook(Some(Arc::new(|_| Some(store::Fault::Delay(Duration::from_millis(2))))));
}

async fn twenty(apps: &[&App], client: Client, refresh_token: &str) -> Vec<Answer> {
    join_all((0..20).map(|at| refresh(apps[at % apps.len()], client, refresh_token))).await
}

async fn window_rounds(apps: &[&App], rounds: usize) {
    let mut live = tokens(apps[0], WINDOW, "companies:read").await;
    slow_store(apps[0]);
    for round in 0..rounds {
        let answers = twenty(apps, WINDOW, &live.refresh).await;
        assert!(answers.iter().all(|answer| answer.status == StatusCode::OK), "round {round}");
        let next = answers[0].tokens();
        for answer in &answers {
            let tokens = answer.tokens();
            assert!(tokens.access == next.access && tokens.refresh == next.refresh, "round {round}");
        }
        live = next;
    }
    assert!(works(apps[0], &live.access).await);
}

async fn strict_round(apps: &[&App]) {
    apps[0].database.set_fault_hook(None);
    let live = tokens(apps[0], BOOKS, "companies:read").await;
    slow_store(apps[0]);
    let answers = twenty(apps, BOOKS, &live.refresh).await;
    let won: Vec<_> = answers.iter().filter(|answer| answer.status == StatusCode::OK).collect();
    assert!(won.len() <= 1, "{} branches", won.len());
    for answer in answers.iter().filter(|answer| answer.status != StatusCode::OK) {
        assert_eq!(answer.json()["error"], "invalid_grant");
    }
    assert!(!works(apps[0], &live.access).await && !active(apps[0], BOOKS, &live.refresh).await);
    for winner in won {
        assert!(!active(apps[0], BOOKS, &winner.tokens().refresh).await, "the others were replays");
    }
}

#[tokio::test]
async fn twenty_at_once_with_a_window_get_one_successor() {
    let app = app().await;
    window_rounds(&[&app], 30).await;
}

#[tokio::test]
async fn twenty_at_once_under_the_strict_rule_make_no_second_branch() {
    let app = app().await;
    for _ in 0..5 {
        strict_round(&[&app]).await;
    }
}

#[tokio::test]
async fn two_servers_are_as_one() {
    let (one, two) = two_servers().await;
    for _ in 0..5 {
        strict_round(&[&one, &two]).await;
    }
    one.database.set_fault_hook(None);
    window_rounds(&[&one, &two], 10).await;
}

#[tokio::test]
async fn a_code_raced_for_is_exchanged_once() {
    let app = app().await;
    let (code, verifier) = super::world::code(&app, BOOKS, "companies:read").await;
    slow_store(&app);
    let answers = join_all((0..20).map(|_| super::world::exchange(&app, BOOKS, &code, &verifier))).await;
    let won: Vec<_> = answers.iter().filter(|answer| answer.status == StatusCode::OK).collect();
    assert!(won.len() <= 1, "{}", won.len());
    for winner in won {
        assert!(!works(&app, &winner.tokens().access).await, "the code was used again");
    }
}

#[tokio::test]
async fn a_revocation_beats_a_refresh() {
    let app = app().await;
    for client in [BOOKS, WINDOW] {
        for early in [true, false] {
            app.database.set_fault_hook(None);
            let live = tokens(&app, client, "companies:read").await;
            slow_store(&app);
            let token = [("token", live.refresh.as_str())];
            let revoking = async {
                if !early {
                    tokio::time::sleep(Duration::from_millis(3)).await;
                }
                post(&app, "/oauth/revoke", client, &token).await
            };
            let (answer, revoked) = tokio::join!(refresh(&app, client, &live.refresh), revoking);
            assert_eq!(revoked.status, StatusCode::OK);
            assert!(!active(&app, client, &live.refresh).await && !works(&app, &live.access).await);
            if answer.status == StatusCode::OK {
                let next = answer.tokens();
                assert!(!works(&app, &next.access).await && !active(&app, client, &next.refresh).await);
            }
            let after = refresh(&app, client, &live.refresh).await;
            assert_eq!(after.json()["error"], "invalid_grant");
        }
    }
}
