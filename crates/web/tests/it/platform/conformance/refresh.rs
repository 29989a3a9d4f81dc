use std::time::Duration;

use http::StatusCode;
use platform::By;

use super::super::app::LOVE_BV;
use super::cases;
use super::world::{
    BOOKS, Client, NATIVE, SHORT, TWO, WINDOW, active, app, audited, error, post, refresh, refused, tokens,
    two_servers, works,
};

cases! {
    a_refresh_gives_a_new_pair: [F 83, Facts 23, Facts 24] "A refresh gives two new tokens with the scope unchanged; both old ones are dead at once";
    a_narrower_scope_is_of_the_access_token_alone: [F 83] "A narrower scope may be asked for and holds for that access token; a wider one is `invalid_scope`";
    a_replay_ends_the_authorisation: [F 84, Facts 25, Facts 26] "A token that was rotated out is `invalid_grant`, without any grace, and the newest tokens of its authorisation are dead";
    a_replay_ends_that_authorisation_alone: [F 85] "Other authorisations of the same person, client and company go on";
    a_replay_is_on_record: [F 86] "A replay is in the audit log with client, person, company, source and authorisation";
    refresh_tokens_expire: [F 88] "Idle and absolute life end a refresh token; no refresh extends the absolute one";
    an_expired_token_ends_its_authorisation: [Facts 27] "An expired refresh token is `invalid_grant`, and every refresh token of its authorisation is dead";
    sixty_days_are_kept: [Facts 28] "By default a refresh token lives 60 days unused, and nothing ends a chain that is used";
    dead_tokens_have_one_error: [Facts 29] "Whatever a refresh token died of, the answer is the same `invalid_grant`";
    a_refresh_is_authenticated: [F 91] "A confidential client's refresh without its credential is 401; another client's token is `invalid_grant` and harmed by nothing";
    what_stands_above_ends_refreshing: [B 20, F 92, Facts 30] "A disabled person and a removed client end it for good, a suspended company and a stopped client for as long";
    a_compromised_secret_ends_everything: [B 21, Facts 30] "An ordinary rotation of the secret keeps authorisations and lets both secrets work for the overlap; a compromised one ends them";
    a_lost_answer_can_be_had_again: [F 93] "With a retry window the same request gets the same pair again while the successor is unused, and none afterwards";
    a_used_successor_closes_the_window: [F 95] "As soon as the successor was used, at a resource or for a refresh, the old token counts as replayed, also inside the window";
    a_restart_forgets_nothing: [F 101] "What is spent or revoked stays so for another server on the same database";
}

const DEAD: (u16, &str) = (400, "invalid_grant");

fn dead() -> (u16, String) {
    refused(DEAD.0, DEAD.1)
}

#[tokio::test]
async fn a_refresh_gives_a_new_pair() {
    let app = app().await;
    for client in [BOOKS, NATIVE, WINDOW] {
        let old = tokens(&app, client, "companies:read").await;
        let answer = refresh(&app, client, &old.refresh).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.json()["scope"], "companies:read");
        let new = answer.tokens();
        assert!(new.access != old.access && new.refresh != old.refresh);
        assert!(works(&app, &new.access).await && !works(&app, &old.access).await);
        if client.secret.is_some() {
            assert!(!active(&app, client, &old.access).await);
        }
    }
}

#[tokio::test]
async fn a_narrower_scope_is_of_the_access_token_alone() {
    let app = app().await;
    let first = tokens(&app, BOOKS, "companies:read users:read").await;
    let asked = |token: &str, scope: &'static str| {
        let token = token.to_owned();
        let app = &app;
        async move {
            let fields =
                [("grant_type", "refresh_token"), ("refresh_token", token.as_str()), ("scope", scope)];
            post(app, "/oauth/token", BOOKS, &fields).await
        }
    };
    assert_eq!(
        error(&asked(&first.refresh, "companies:read export-jobs:read").await),
        refused(400, "invalid_scope")
    );
    let narrow = asked(&first.refresh, "companies:read").await;
    assert_eq!(narrow.json()["scope"], "companies:read");
    let narrow = narrow.tokens();
    assert_eq!(app.call("GET", "/v2/employees", &narrow.access, None).await.status, StatusCode::FORBIDDEN);
    let whole = refresh(&app, BOOKS, &narrow.refresh).await;
    assert_eq!(whole.json()["scope"], "companies:read users:read");
}

#[tokio::test]
async fn a_replay_ends_the_authorisation() {
    let app = app().await;
    for client in [BOOKS, NATIVE, WINDOW] {
        let first = tokens(&app, client, "companies:read").await;
        let second = refresh(&app, client, &first.refresh).await.tokens();
        let third = refresh(&app, client, &second.refresh).await.tokens();
        app.clock.advance(Duration::from_secs(31));
        for old in [&first.refresh, &second.refresh, &third.refresh] {
            assert_eq!(error(&refresh(&app, client, old).await), dead());
        }
        assert!(!works(&app, &third.access).await);
    }
    let first = tokens(&app, BOOKS, "companies:read").await;
    let second = refresh(&app, BOOKS, &first.refresh).await.tokens();
    assert_eq!(error(&refresh(&app, BOOKS, &first.refresh).await), dead(), "no grace");
    assert!(!works(&app, &second.access).await && !active(&app, BOOKS, &second.refresh).await);
}

#[tokio::test]
async fn a_replay_ends_that_authorisation_alone() {
    let app = app().await;
    let one = tokens(&app, BOOKS, "companies:read").await;
    let other = tokens(&app, BOOKS, "companies:read").await;
    refresh(&app, BOOKS, &one.refresh).await;
    refresh(&app, BOOKS, &one.refresh).await;
    assert!(works(&app, &other.access).await);
    assert_eq!(refresh(&app, BOOKS, &other.refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_replay_is_on_record() {
    let app = app().await;
    let one = tokens(&app, BOOKS, "companies:read").await;
    refresh(&app, BOOKS, &one.refresh).await;
    refresh(&app, BOOKS, &one.refresh).await;
    refresh(&app, BOOKS, &one.refresh).await;
    let records = audited(&app, "refresh_token.replayed").await;
    assert_eq!(records.len(), 1, "the first ended it, the rest changed nothing");
    let record = &records[0];
    assert_eq!(record.client.as_deref(), Some("books"));
    assert_eq!(record.subject, Some(format!("urn:pleo:company:{LOVE_BV}")));
    assert!(record.source.is_some() && record.request_id.is_some());
    for name in ["authorisation", "granted_by", "presented_generation"] {
        assert!(record.data.contains_key(name), "{name}");
    }
    assert!(!format!("{record:?}").contains(&one.refresh));
}

#[tokio::test]
async fn refresh_tokens_expire() {
    let app = app().await;
    let idle = tokens(&app, SHORT, "companies:read").await;
    app.clock.advance(Duration::from_secs(601));
    assert_eq!(error(&refresh(&app, SHORT, &idle.refresh).await), dead());
    let mut chain = tokens(&app, SHORT, "companies:read").await;
    for _ in 0..6 {
        app.clock.advance(Duration::from_secs(590));
        let answer = refresh(&app, SHORT, &chain.refresh).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        chain = answer.tokens();
    }
    // 3,540 s are over; the next token ends at 3,600 s, whatever its idle life.
    let told = post(&app, "/oauth/token/introspect", SHORT, &[("token", &chain.refresh)]).await.json();
    assert_eq!(told["exp"].as_i64().unwrap() - told["iat"].as_i64().unwrap(), 60);
    app.clock.advance(Duration::from_secs(61));
    assert_eq!(error(&refresh(&app, SHORT, &chain.refresh).await), dead());
    assert!(!works(&app, &chain.access).await);
}

#[tokio::test]
async fn an_expired_token_ends_its_authorisation() {
    let app = app().await;
    let first = tokens(&app, SHORT, "companies:read").await;
    app.clock.advance(Duration::from_mins(5));
    let second = refresh(&app, SHORT, &first.refresh).await.tokens();
    app.clock.advance(Duration::from_secs(400));
    assert!(active(&app, SHORT, &second.refresh).await);
    assert_eq!(error(&refresh(&app, SHORT, &first.refresh).await), dead());
    assert!(!active(&app, SHORT, &second.refresh).await);
    let other = tokens(&app, SHORT, "companies:read").await;
    app.clock.advance(Duration::from_mins(10));
    assert_eq!(error(&refresh(&app, SHORT, &other.refresh).await), dead());
    assert_eq!(audited(&app, "refresh_token.expired").await.len(), 1);
}

#[tokio::test]
async fn sixty_days_are_kept() {
    let app = app().await;
    let mut chain = tokens(&app, BOOKS, "companies:read").await;
    for _ in 0..10 {
        app.clock.advance(Duration::from_hours(60 * 24) - Duration::from_secs(1));
        chain = refresh(&app, BOOKS, &chain.refresh).await.tokens();
    }
    app.clock.advance(Duration::from_hours(60 * 24));
    assert_eq!(error(&refresh(&app, BOOKS, &chain.refresh).await), dead());
}

#[tokio::test]
async fn dead_tokens_have_one_error() {
    let app = app().await;
    let revoked = tokens(&app, BOOKS, "companies:read").await;
    post(&app, "/oauth/revoke", BOOKS, &[("token", &revoked.refresh)]).await;
    let uninstalled = tokens(&app, BOOKS, "companies:read").await;
    app.call("DELETE", "/v1/installations/me", &uninstalled.access, None).await;
    let replayed = tokens(&app, BOOKS, "companies:read").await;
    refresh(&app, BOOKS, &replayed.refresh).await;
    let foreign = tokens(&app, TWO, "companies:read").await;
    let mut bodies = Vec::new();
    for token in
        [&revoked.refresh, &uninstalled.refresh, &replayed.refresh, &foreign.refresh, &foreign.access]
    {
        let answer = refresh(&app, BOOKS, token).await;
        assert_eq!(error(&answer), dead());
        bodies.push(answer.body);
    }
    bodies.push(refresh(&app, BOOKS, "garbage").await.body);
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[tokio::test]
async fn a_refresh_is_authenticated() {
    let app = app().await;
    let live = tokens(&app, BOOKS, "companies:read").await;
    let fields =
        [("grant_type", "refresh_token"), ("refresh_token", live.refresh.as_str()), ("client_id", "books")];
    assert_eq!(error(&app.form("/oauth/token", None, &fields).await), refused(401, "invalid_client"));
    assert_eq!(error(&refresh(&app, TWO, &live.refresh).await), dead());
    assert_eq!(error(&refresh(&app, NATIVE, &live.refresh).await), dead());
    assert!(works(&app, &live.access).await);
    assert_eq!(refresh(&app, BOOKS, &live.refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_stands_above_ends_refreshing() {
    use authserver::ClientState;
    let app = app().await;
    let by = By::command_line();
    let server = app.platform.authorization_server();
    let origin = audit::Origin::default();
    let company = LOVE_BV.parse().unwrap();

    let live = tokens(&app, BOOKS, "companies:read").await;
    app.platform.suspend_company(&by, company).await.unwrap();
    assert_eq!(error(&refresh(&app, BOOKS, &live.refresh).await), dead());
    assert!(!works(&app, &live.access).await && !active(&app, BOOKS, &live.access).await);
    app.platform.resume_company(&by, company).await.unwrap();
    let live = refresh(&app, BOOKS, &live.refresh).await.tokens();

    let books = "books".into();
    let stop = |state| server.set_client_state(&books, state, audit::Actor::CommandLine, &origin);
    stop(ClientState::Suspended).await.unwrap();
    assert_eq!(error(&refresh(&app, BOOKS, &live.refresh).await), refused(400, "unauthorized_client"));
    assert!(!works(&app, &live.access).await);
    stop(ClientState::Approved).await.unwrap();
    let live = refresh(&app, BOOKS, &live.refresh).await.tokens();

    // A code that waits for its exchange ends with the person too.
    let (waiting, verifier) = super::world::code(&app, BOOKS, "companies:read").await;
    app.platform.disable_user(&by, "anna@example.com").await.unwrap();
    assert_eq!(error(&refresh(&app, BOOKS, &live.refresh).await), dead());
    assert_eq!(error(&super::world::exchange(&app, BOOKS, &waiting, &verifier).await), dead());
    app.platform.enable_user(&by, "anna@example.com").await.unwrap();
    assert_eq!(error(&refresh(&app, BOOKS, &live.refresh).await), dead());

    let live = tokens(&app, TWO, "companies:read").await;
    server.remove_client(&"two".into(), audit::Actor::CommandLine, &origin).await.unwrap();
    assert_eq!(error(&refresh(&app, TWO, &live.refresh).await), refused(401, "invalid_client"));
    assert!(!works(&app, &live.access).await);
}

#[tokio::test]
async fn a_compromised_secret_ends_everything() {
    let app = app().await;
    let server = app.platform.authorization_server();
    let (id, origin) = ("books".into(), audit::Origin::default());
    let rotate = |compromised| {
        server.rotate_client_secret(
            &id,
            compromised,
            Duration::from_hours(1),
            audit::Actor::CommandLine,
            &origin,
        )
    };
    let secret = rotate(false).await.unwrap().expose().clone();
    let secret: &'static str = Box::leak(secret.into_boxed_str());
    let renewed = Client { secret: Some(secret), ..BOOKS };
    let live = tokens(&app, BOOKS, "companies:read").await;
    let live = refresh(&app, renewed, &live.refresh).await.tokens();
    let live = refresh(&app, BOOKS, &live.refresh).await.tokens();
    app.clock.advance(Duration::from_hours(1));
    assert_eq!(error(&refresh(&app, BOOKS, &live.refresh).await), refused(401, "invalid_client"));
    let live = refresh(&app, renewed, &live.refresh).await.tokens();

    let secret = rotate(true).await.unwrap().expose().clone();
    let secret: &'static str = Box::leak(secret.into_boxed_str());
    assert_eq!(error(&refresh(&app, renewed, &live.refresh).await), refused(401, "invalid_client"));
    let newest = Client { secret: Some(secret), ..BOOKS };
    assert_eq!(error(&refresh(&app, newest, &live.refresh).await), dead());
    assert!(!works(&app, &live.access).await);
    for record in audited(&app, "client_secret.rotated").await {
        assert!(!format!("{record:?}").contains(secret));
    }
}

#[tokio::test]
async fn a_lost_answer_can_be_had_again() {
    let app = app().await;
    let first = tokens(&app, WINDOW, "companies:read").await;
    let lost = refresh(&app, WINDOW, &first.refresh).await.tokens();
    app.clock.advance(Duration::from_secs(29));
    // Looking at it is no use of it.
    assert!(active(&app, WINDOW, &lost.access).await);
    let again = refresh(&app, WINDOW, &first.refresh).await;
    assert_eq!(again.json()["expires_in"], 871);
    let again = again.tokens();
    assert!(again.access == lost.access && again.refresh == lost.refresh);
    let next = refresh(&app, WINDOW, &again.refresh).await.tokens();
    assert!(works(&app, &next.access).await && !works(&app, &lost.access).await);

    let first = tokens(&app, WINDOW, "companies:read").await;
    let lost = refresh(&app, WINDOW, &first.refresh).await.tokens();
    app.clock.advance(Duration::from_secs(30));
    assert_eq!(error(&refresh(&app, WINDOW, &first.refresh).await), dead());
    assert!(!works(&app, &lost.access).await);
}

#[tokio::test]
async fn a_used_successor_closes_the_window() {
    let app = app().await;
    let first = tokens(&app, WINDOW, "companies:read").await;
    let second = refresh(&app, WINDOW, &first.refresh).await.tokens();
    assert!(works(&app, &second.access).await);
    assert_eq!(error(&refresh(&app, WINDOW, &first.refresh).await), dead());
    assert!(!works(&app, &second.access).await, "it was a replay");

    let first = tokens(&app, WINDOW, "companies:read").await;
    let second = refresh(&app, WINDOW, &first.refresh).await.tokens();
    let third = refresh(&app, WINDOW, &second.refresh).await.tokens();
    assert_eq!(error(&refresh(&app, WINDOW, &first.refresh).await), dead());
    assert!(!active(&app, WINDOW, &third.refresh).await);

    // A revoked successor is not handed out again either.
    let first = tokens(&app, WINDOW, "companies:read").await;
    let second = refresh(&app, WINDOW, &first.refresh).await.tokens();
    post(&app, "/oauth/revoke", WINDOW, &[("token", &second.refresh)]).await;
    assert_eq!(error(&refresh(&app, WINDOW, &first.refresh).await), dead());
}

#[tokio::test]
async fn a_restart_forgets_nothing() {
    let (before, after) = two_servers().await;
    let revoked = tokens(&before, BOOKS, "companies:read").await;
    post(&before, "/oauth/revoke", BOOKS, &[("token", &revoked.refresh)]).await;
    let live = tokens(&before, WINDOW, "companies:read").await;
    let lost = refresh(&before, WINDOW, &live.refresh).await.tokens();
    drop(before);
    assert!(!works(&after, &revoked.access).await);
    assert_eq!(error(&refresh(&after, BOOKS, &revoked.refresh).await), dead());
    let again = refresh(&after, WINDOW, &live.refresh).await.tokens();
    assert_eq!(again.refresh, lost.refresh, "the lost answer outlives the process that gave it");
    assert!(!works(&after, &live.access).await);
}
