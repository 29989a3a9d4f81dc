//! The main story: a pair is made, used, broken, and goes on.

use std::time::Duration;

use connect::{End, EventType, Finished, Flow, LinkRequest, Method, StateKind, Unusable};

use crate::stage::{Stage, address};

#[tokio::test]
async fn a_pair_is_made_step_by_step() {
    let stage = Stage::new().await;
    let request = LinkRequest {
        reference: Some("customer-7".to_owned()),
        return_to: Some("https://app.example/done".to_owned()),
        ..Stage::request("xero")
    };
    let (person, next) = stage.start(request).await;
    let sent_to = address(next);
    let query: std::collections::HashMap<_, _> = sent_to.query_pairs().into_owned().collect();
    assert_eq!(sent_to.host_str(), Some("pleo.example"));
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "our-client"),
        ("redirect_uri", "https://connect.example/callback/pleo"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(query[name], value);
    }
    assert!(!query["scope"].is_empty() && query["state"].len() > 40 && query["code_challenge"].len() == 43);

    let back = stage.world.allow("pleo", &sent_to, &["p-1"]);
    person.back("pleo", &back).await.unwrap();
    let walk = person.walk().await;
    assert_eq!(walk.session.company(End::Platform).unwrap().name, "Love Crème BV");
    assert_eq!(walk.session.company(End::Platform).unwrap().country.as_deref(), Some("NL"));
    assert_eq!(walk.session.flow.end(), Some(End::Accounting));

    let next = person.go_on().await;
    person.back_from("xero", next, &["x-1", "x-2"]).await;
    let Flow::Choosing { companies, .. } = person.walk().await.session.flow else { panic!("no choice") };
    assert_eq!(companies.iter().map(|company| company.id.as_str()).collect::<Vec<_>>(), ["x-1", "x-2"]);

    stage.connect.choose(person.id, &person.browser, "x-1").await.unwrap();
    assert!(matches!(person.walk().await.session.flow, Flow::Confirming { .. }));
    assert!(stage.events().await.is_empty(), "nothing is made before it is confirmed");

    stage.connect.confirm(person.id, &person.browser).await.unwrap();
    // A second click shows the same and makes nothing.
    stage.connect.confirm(person.id, &person.browser).await.unwrap();
    let Flow::Done { connection, finished } = person.walk().await.session.flow else { panic!("not done") };
    assert_eq!(finished, Finished::Connected);
    let made = stage.connection(connection).await;
    assert_eq!(made.state(), StateKind::Active);
    assert_eq!(made.reference.as_deref(), Some("customer-7"));
    assert_eq!((made.platform.company.id.as_str(), made.accounting.company.id.as_str()), ("p-1", "x-1"));
    assert_eq!(stage.event_types().await, [EventType::Activated]);
}

#[tokio::test]
async fn a_token_expires_and_is_refreshed_once() {
    let stage = Stage::new().await;
    let id = stage.pair("fortnox", "p-2", "1001").await;
    let first = stage.connect.token(id, End::Accounting).await.unwrap();
    assert_eq!(first.generation, 1);
    stage.clock.advance(Duration::from_mins(14));
    let second = stage.connect.token(id, End::Accounting).await.unwrap();
    assert_eq!(second.generation, 2);
    assert_ne!(first.access_token.expose(), second.access_token.expose());
    let again = stage.connect.token(id, End::Accounting).await.unwrap();
    assert_eq!(again.access_token.expose(), second.access_token.expose());
    assert_eq!(stage.event_types().await, [EventType::Activated, EventType::CredentialRefreshed]);
    let refreshes = stage.world.journal("fortnox").iter().filter(|line| line.ends_with("/token")).count();
    assert_eq!(refreshes, 2, "one exchange, one refresh");
}

#[tokio::test]
async fn withdrawn_access_asks_for_a_person_and_the_same_connection_goes_on() {
    let stage = Stage::new().await;
    let id = stage.pair("fortnox", "p-2", "1001").await;
    stage.world.withdraw("fortnox");
    stage.clock.advance(Duration::from_mins(20));
    let refused = stage.connect.token(id, End::Accounting).await.unwrap_err();
    let Unusable::NeedsAttention(reason) = refused else { panic!("{refused:?}") };
    assert_eq!(reason.code, "access_withdrawn");
    assert!(
        reason.sentence.contains("Fortnox") && reason.sentence.contains("Holm AB"),
        "{}",
        reason.sentence
    );
    let broken = stage.connect.connection(id).await.unwrap().unwrap();
    assert_eq!(broken.connection.state(), StateKind::Attention);
    assert_eq!(broken.reason.unwrap().code, "access_withdrawn");
    assert!(stage.event_types().await.contains(&EventType::AttentionRequired));
    // The healthy end goes on.
    stage.connect.token(id, End::Platform).await.unwrap();

    let made = stage.connect.reauthorise(id, None, Method::OAuth, None, None).await.unwrap();
    assert_eq!((made.end, made.reason.unwrap().code.as_str()), (End::Accounting, "access_withdrawn"));
    let (person, next) = stage.open(&made.link.text).await;
    person.back_from("fortnox", next, &["1001"]).await;
    let Flow::Done { connection, finished } = person.walk().await.session.flow else { panic!("not done") };
    assert_eq!((connection, finished), (id, Finished::Reauthorised));
    let healed = stage.connection(id).await;
    assert_eq!(healed.state(), StateKind::Active);
    let token = stage.connect.token(id, End::Accounting).await.unwrap();
    assert_eq!(token.generation, 2, "what is shown never steps back");
    let types = stage.event_types().await;
    let of_connection: Vec<_> =
        types.into_iter().filter(|kind| kind.as_str().starts_with("connection.")).collect();
    assert_eq!(of_connection, [EventType::Activated, EventType::AttentionRequired, EventType::Reauthorised]);
    // The link worked once.
    let again = stage.connect.start(made.link.text.expose(), &stage.connect.new_browser()).await.unwrap_err();
    assert_eq!(again, connect::WalkError::Over);
}

#[tokio::test]
async fn another_company_is_refused_and_nothing_changes() {
    let stage = Stage::new().await;
    let id = stage.pair("xero", "p-1", "x-1").await;
    let before = stage.connection(id).await;
    let made = stage.connect.reauthorise(id, Some(End::Platform), Method::OAuth, None, None).await.unwrap();
    let (person, next) = stage.open(&made.link.text).await;
    person.back_from("pleo", next, &["p-2"]).await;
    assert_eq!(person.notice().await.as_deref(), Some("company_mismatch"));
    let after = stage.connection(id).await;
    assert_eq!((after.platform.grant, after.version), (before.platform.grant, before.version));
    assert_eq!(after.state(), StateKind::Active);
    stage.connect.token(id, End::Platform).await.unwrap();
    assert_eq!(stage.event_types().await.last(), Some(&EventType::CompanyMismatch));
    // It is a link for this end; it does not lead to the other one, nor anywhere anew.
    for end in End::BOTH {
        let elsewhere = stage.connect.start_over(person.id, &person.browser, end).await;
        assert_eq!(elsewhere.unwrap_err(), connect::WalkError::NotHere, "{end}");
    }
    // The right one is taken on the same link.
    let next = person.go_on().await;
    person.back_from("pleo", next, &["p-1"]).await;
    assert!(matches!(person.walk().await.session.flow, Flow::Done { .. }));
    assert_ne!(stage.connection(id).await.platform.grant, before.platform.grant);
}

#[tokio::test]
async fn a_key_serves_as_well_as_a_sign_in() {
    let stage = Stage::new().await;
    stage.world.key("pleo", "plp_right", "p-1");
    let (person, next) = stage.start(LinkRequest { method: Method::ApiKey, ..Stage::request("xero") }).await;
    assert!(matches!(next, connect::Next::Page(_)));
    for wrong in ["", "two words", "plp_wrong", "a:b"] {
        stage.connect.paste_key(person.id, &person.browser, &wrong.to_owned().into()).await.unwrap();
        assert!(person.notice().await.is_some(), "{wrong:?}");
        assert!(matches!(person.walk().await.session.flow, Flow::AwaitingKey { .. }));
    }
    stage.connect.paste_key(person.id, &person.browser, &" plp_right\n".to_owned().into()).await.unwrap();
    assert_eq!(person.notice().await, None);
    let next = person.go_on().await;
    person.back_from("xero", next, &["x-1"]).await;
    stage.connect.confirm(person.id, &person.browser).await.unwrap();
    let Flow::Done { connection, .. } = person.walk().await.session.flow else { panic!("not done") };
    assert!(stage.world.journal("pleo").contains(&"POST /v1/installations/me".to_owned()));
    let token = stage.connect.token(connection, End::Platform).await.unwrap();
    assert_eq!(token.access_token.expose(), "plp_right");

    // Replaced without a gap; a key of another company is refused.
    stage.world.key("pleo", "plp_new", "p-1");
    stage.world.key("pleo", "plp_other", "p-2");
    let refused = stage
        .connect
        .replace_key(connection, End::Platform, &"plp_other".to_owned().into())
        .await
        .unwrap_err();
    assert!(matches!(refused, connect::ReplaceKeyError::OtherCompany { .. }), "{refused:?}");
    assert_eq!(
        stage.connect.token(connection, End::Platform).await.unwrap().access_token.expose(),
        "plp_right"
    );
    stage.connect.replace_key(connection, End::Platform, &"plp_new".to_owned().into()).await.unwrap();
    let token = stage.connect.token(connection, End::Platform).await.unwrap();
    assert_eq!((token.access_token.expose().as_str(), token.generation), ("plp_new", 2));

    // Withdrawn at Pleo: the next refusal tells, and a person is asked.
    stage.world.withdraw("pleo");
    let refused = stage.connect.rejected(connection, End::Platform, 2).await.unwrap_err();
    assert!(matches!(refused, Unusable::NeedsAttention(_)), "{refused:?}");
    assert_eq!(stage.connection(connection).await.state(), StateKind::Attention);
}

#[tokio::test]
async fn disconnecting_ends_what_nothing_else_needs() {
    let stage = Stage::new().await;
    let id = stage.pair("xero", "p-1", "x-1").await;
    let done = stage.connect.disconnect(id).await.unwrap();
    assert_eq!(done.left_to_do, Vec::<String>::new());
    assert!(stage.world.journal("pleo").contains(&"DELETE /v1/installations/me".to_owned()));
    assert!(stage.world.journal("xero").contains(&"POST /connect/revocation".to_owned()));
    assert_eq!(stage.connect.token(id, End::Platform).await.unwrap_err(), Unusable::Disconnected);
    assert_eq!(stage.event_types().await.last(), Some(&EventType::Disconnected));
    // Both companies are free again.
    stage.pair("xero", "p-1", "x-1").await;
    // And it is said twice without harm.
    stage.connect.disconnect(id).await.unwrap();
}

#[tokio::test]
async fn disconnecting_completes_though_a_provider_is_away() {
    let stage = Stage::new().await;
    let id = stage.pair("xero", "p-1", "x-1").await;
    stage.world.at("xero", |xero| xero.down = true);
    let done = stage.connect.disconnect(id).await.unwrap();
    assert_eq!(done.left_to_do.len(), 1);
    assert!(done.left_to_do[0].contains("Xero"), "{:?}", done.left_to_do);
    assert_eq!(stage.connection(id).await.state(), StateKind::Disconnected);
}

#[tokio::test]
async fn a_backend_can_be_asked_to_confirm() {
    let stage = Stage::new().await;
    let (person, next) = stage.start(LinkRequest { confirm: true, ..Stage::request("xero") }).await;
    person.back_from("pleo", next, &["p-1"]).await;
    let next = person.go_on().await;
    person.back_from("xero", next, &["x-1"]).await;
    stage.connect.confirm(person.id, &person.browser).await.unwrap();
    let Flow::Done { connection, finished } = person.walk().await.session.flow else { panic!("not done") };
    assert_eq!(finished, Finished::AwaitingConfirmation);
    assert_eq!(stage.connect.token(connection, End::Platform).await.unwrap_err(), Unusable::NotActive);
    assert!(stage.events().await.is_empty());
    let found = stage.connect.confirm_pair(connection).await.unwrap();
    assert_eq!(found.connection.state(), StateKind::Active);
    assert_eq!(stage.event_types().await, [EventType::Activated]);
    stage.connect.token(connection, End::Platform).await.unwrap();
}

#[tokio::test]
async fn what_broke_while_a_pair_waited_is_told_once_it_is_confirmed() {
    let stage = Stage::new().await;
    let (person, next) = stage.start(LinkRequest { confirm: true, ..Stage::request("xero") }).await;
    person.back_from("pleo", next, &["p-1"]).await;
    let next = person.go_on().await;
    person.back_from("xero", next, &["x-1"]).await;
    stage.connect.confirm(person.id, &person.browser).await.unwrap();
    let Flow::Done { connection, .. } = person.walk().await.session.flow else { panic!("not done") };
    stage.world.withdraw("xero");
    stage.clock.advance(Duration::from_mins(40));
    let grant = stage.connection(connection).await.accounting.grant;
    stage.authority.lend(grant).await.unwrap_err();
    stage.connect.tell_news().await.unwrap();
    assert!(stage.events().await.is_empty(), "a pair that waits is no news");
    let found = stage.connect.confirm_pair(connection).await.unwrap();
    assert_eq!(found.connection.state(), StateKind::Attention);
    // What lists and counts go by is the same as what is shown.
    assert_eq!(found.connection.told, StateKind::Attention);
    assert_eq!(stage.event_types().await, [EventType::Activated, EventType::AttentionRequired]);
}

#[tokio::test]
async fn one_sign_in_heals_every_connection_that_it_reaches() {
    let stage = Stage::new().await;
    let first = stage.pair("xero", "p-1", "x-1").await;
    let second = stage.pair("xero", "p-2", "x-2").await;
    stage.world.withdraw("xero");
    stage.clock.advance(Duration::from_mins(20));
    for id in [first, second] {
        stage.connect.token(id, End::Accounting).await.unwrap_err();
        assert_eq!(stage.connection(id).await.state(), StateKind::Attention);
    }
    let made = stage.connect.reauthorise(first, None, Method::OAuth, None, None).await.unwrap();
    let (person, next) = stage.open(&made.link.text).await;
    person.back_from("xero", next, &["x-1", "x-2"]).await;
    let (one, other) = (stage.connection(first).await, stage.connection(second).await);
    assert_eq!(one.accounting.grant, other.accounting.grant, "both draw on one grant");
    assert_eq!((one.state(), other.state()), (StateKind::Active, StateKind::Active));
    let told = stage.events().await;
    let last = told.iter().rev().find(|event| event.event.connection == second).unwrap();
    assert_eq!(last.event.kind, EventType::Recovered);
    // What is shared is not ended with one of them.
    stage.connect.disconnect(first).await.unwrap();
    assert!(!stage.world.journal("xero").contains(&"POST /connect/revocation".to_owned()));
    stage.connect.token(second, End::Accounting).await.unwrap();
}
