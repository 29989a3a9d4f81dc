//! What goes wrong on the way, and that nothing is lost by it.

use std::time::Duration;

use connect::{CallbackError, Flow, LinkError, LinkRequest, Next, WalkError};

use crate::stage::{Stage, address};

#[tokio::test]
async fn looking_consumes_nothing_and_starting_binds_the_browser() {
    let stage = Stage::new().await;
    let link = stage.connect.create_link(Stage::request("xero")).await.unwrap();
    for _ in 0..3 {
        assert_eq!(stage.connect.look(link.text.expose()).await.unwrap().session.flow, Flow::Offered);
    }
    let browser = stage.connect.new_browser();
    assert!(matches!(stage.connect.start(link.text.expose(), &browser).await.unwrap(), Next::Provider(_)));
    // A doubled click goes to the page of the same walk.
    assert!(matches!(stage.connect.start(link.text.expose(), &browser).await.unwrap(), Next::Page(_)));
    let other = stage.connect.new_browser();
    assert_eq!(stage.connect.start(link.text.expose(), &other).await.unwrap_err(), WalkError::OtherBrowser);
    let id = stage.connect.look(link.text.expose()).await.unwrap().session.id;
    assert_eq!(stage.connect.walk(id, &other).await.unwrap_err(), WalkError::OtherBrowser);
}

#[tokio::test]
async fn a_link_that_is_old_or_damaged_is_refused() {
    let stage = Stage::new().await;
    let link = stage.connect.create_link(Stage::request("xero")).await.unwrap();
    let mut damaged = link.text.expose().clone();
    damaged.replace_range(20..21, if &damaged[20..21] == "A" { "B" } else { "A" });
    for text in [damaged.as_str(), "mst_ln_", "x", ""] {
        assert_eq!(stage.connect.look(text).await.unwrap_err(), WalkError::NoLink, "{text:?}");
    }
    stage.clock.advance(Duration::from_mins(61));
    assert_eq!(stage.connect.look(link.text.expose()).await.unwrap_err(), WalkError::Expired);
}

#[tokio::test]
async fn an_answer_is_taken_once_from_its_own_browser_and_provider() {
    let stage = Stage::new().await;
    let (person, next) = stage.start(Stage::request("xero")).await;
    let query = stage.world.allow("pleo", &address(next), &["p-1"]);
    let before = stage.world.journal("pleo").len();
    let other = stage.connect.new_browser();
    let refused = stage.connect.callback("pleo", &query, Some(&other)).await.unwrap_err();
    assert_eq!(refused, CallbackError::OtherBrowser);
    assert_eq!(stage.connect.callback("pleo", &query, None).await.unwrap_err(), CallbackError::OtherBrowser);
    assert_eq!(person.back("xero", &query).await.unwrap_err(), CallbackError::NotOurs);
    assert_eq!(person.back("pleo", "code=x&state=forged").await.unwrap_err(), CallbackError::NotOurs);
    assert_eq!(person.back("pleo", "code=x").await.unwrap_err(), CallbackError::NotOurs);
    assert_eq!(
        person.back("pleo", &format!("{query}&state=two")).await.unwrap_err(),
        CallbackError::Unreadable
    );
    assert_eq!(
        person.back("pleo", &format!("{query}&code=two")).await.unwrap_err(),
        CallbackError::Unreadable
    );
    let elsewhere = query.replace("pleo.example", "evil.example");
    assert_eq!(person.back("pleo", &elsewhere).await.unwrap_err(), CallbackError::OtherIssuer(person.id));
    assert_eq!(stage.world.journal("pleo").len(), before, "no token request was made for any of them");
    // And the right one still counts, once.
    person.back("pleo", &query).await.unwrap();
    assert_eq!(person.back("pleo", &query).await.unwrap_err(), CallbackError::AlreadyUsed(person.id));
}

#[tokio::test]
async fn a_sign_in_given_up_for_a_newer_one_no_longer_counts() {
    let stage = Stage::new().await;
    let (person, first) = stage.start(Stage::request("xero")).await;
    let first = stage.world.allow("pleo", &address(first), &["p-1"]);
    let second = person.go_on().await;
    let second = stage.world.allow("pleo", &address(second), &["p-1"]);
    assert_eq!(person.back("pleo", &first).await.unwrap_err(), CallbackError::AlreadyUsed(person.id));
    person.back("pleo", &second).await.unwrap();
}

#[tokio::test]
async fn a_sign_in_that_comes_to_nothing_can_be_tried_again() {
    let stage = Stage::new().await;
    let (person, next) = stage.start(Stage::request("xero")).await;
    let state = address(next).query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    person.back("pleo", &format!("error=access_denied&state={state}")).await.unwrap();
    assert_eq!(person.notice().await.as_deref(), Some("access_denied"));

    let next = person.go_on().await;
    let state = address(next).query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    person.back("pleo", &format!("state={state}")).await.unwrap();
    assert_eq!(person.notice().await.as_deref(), Some("no_code"));

    let next = person.go_on().await;
    let state = address(next).query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    person.back("pleo", &format!("code=invented&state={state}")).await.unwrap();
    assert_eq!(person.notice().await.as_deref(), Some("code_refused"));

    let next = person.go_on().await;
    person.back_from("pleo", next, &["p-1"]).await;
    assert_eq!(person.notice().await, None);
}

#[tokio::test]
async fn a_company_belongs_to_one_connection() {
    let stage = Stage::new().await;
    stage.pair("xero", "p-1", "x-1").await;
    // The Pleo company.
    let (person, next) = stage.start(Stage::request("fortnox")).await;
    person.back_from("pleo", next, &["p-1"]).await;
    assert_eq!(person.notice().await.as_deref(), Some("company_taken"));
    // The accounting company, in a list.
    let (person, next) = stage.start(Stage::request("xero")).await;
    person.back_from("pleo", next, &["p-2"]).await;
    let next = person.go_on().await;
    person.back_from("xero", next, &["x-1", "x-2"]).await;
    assert_eq!(person.walk().await.taken, ["x-1"]);
    stage.connect.choose(person.id, &person.browser, "x-1").await.unwrap();
    assert_eq!(person.notice().await.as_deref(), Some("company_taken"));
    stage.connect.choose(person.id, &person.browser, "invented").await.unwrap();
    assert_eq!(person.notice().await.as_deref(), Some("no_such_company"));
    stage.connect.choose(person.id, &person.browser, "x-2").await.unwrap();
    stage.connect.confirm(person.id, &person.browser).await.unwrap();
    assert!(matches!(person.walk().await.session.flow, Flow::Done { .. }));
}

#[tokio::test]
async fn of_two_who_confirm_at_once_one_gets_the_company() {
    let stage = Stage::new().await;
    let mut people = Vec::new();
    for platform in ["p-1", "p-2"] {
        let (person, next) = stage.start(Stage::request("xero")).await;
        person.back_from("pleo", next, &[platform]).await;
        let next = person.go_on().await;
        person.back_from("xero", next, &["x-1"]).await;
        people.push(person);
    }
    for person in &people {
        stage.connect.confirm(person.id, &person.browser).await.unwrap();
    }
    assert!(matches!(people[0].walk().await.session.flow, Flow::Done { .. }));
    assert_eq!(people[1].notice().await.as_deref(), Some("company_taken"));
    assert!(
        people[1].walk().await.session.company(connect::End::Platform).is_some(),
        "Pleo's sign-in is kept"
    );
}

#[tokio::test]
async fn an_outage_while_connecting_keeps_the_sign_in() {
    let stage = Stage::new().await;
    let (person, next) = stage.start(Stage::request("xero")).await;
    person.back_from("pleo", next, &["p-1"]).await;
    let next = person.go_on().await;
    person.back_from("xero", next, &["x-1"]).await;
    stage.world.at("xero", |xero| xero.down = true);
    stage.connect.confirm(person.id, &person.browser).await.unwrap();
    assert_eq!(person.notice().await.as_deref(), Some("provider_unavailable"));
    stage.world.at("xero", |xero| xero.down = false);
    stage.connect.confirm(person.id, &person.browser).await.unwrap();
    assert!(matches!(person.walk().await.session.flow, Flow::Done { .. }));
}

#[tokio::test]
async fn access_withdrawn_before_confirming_leads_back_to_that_end() {
    let stage = Stage::new().await;
    let (person, next) = stage.start(Stage::request("xero")).await;
    person.back_from("pleo", next, &["p-1"]).await;
    let next = person.go_on().await;
    person.back_from("xero", next, &["x-1"]).await;
    stage.world.withdraw("xero");
    stage.connect.confirm(person.id, &person.browser).await.unwrap();
    assert_eq!(person.notice().await.as_deref(), Some("credential_refused"));
    assert_eq!(person.walk().await.session.flow.end(), Some(connect::End::Accounting));
    let next = person.go_on().await;
    person.back_from("xero", next, &["x-1"]).await;
    stage.connect.confirm(person.id, &person.browser).await.unwrap();
    assert!(matches!(person.walk().await.session.flow, Flow::Done { .. }));
}

#[tokio::test]
async fn a_walk_that_is_cancelled_or_left_leaves_nothing() {
    let stage = Stage::new().await;
    let (person, next) = stage.start(Stage::request("xero")).await;
    person.back_from("pleo", next, &["p-1"]).await;
    let grant = person.walk().await.session.loose_grants()[0];
    stage.connect.cancel(person.id, &person.browser).await.unwrap();
    assert_eq!(person.walk().await.session.flow, Flow::Cancelled);
    assert!(stage.authority.store().grant(grant).await.unwrap().unwrap().credential.is_none());

    let (person, next) = stage.start(Stage::request("xero")).await;
    person.back_from("pleo", next, &["p-1"]).await;
    let grant = person.walk().await.session.loose_grants()[0];
    stage.clock.advance(Duration::from_hours(2));
    assert_eq!(stage.connect.sweep_walks().await.unwrap(), 1);
    assert_eq!(stage.connect.sweep_walks().await.unwrap(), 0);
    assert!(stage.authority.store().grant(grant).await.unwrap().unwrap().credential.is_none());
}

#[tokio::test]
async fn a_walk_that_is_over_is_kept_for_thirty_days_and_then_deleted() {
    let stage = Stage::new().await;
    let connection = stage.pair("xero", "p-1", "x-1").await;
    let (left, _) = stage.start(Stage::request("xero")).await;
    let thirty_days = Duration::from_hours(30 * 24);
    // Links last for an hour.
    stage.clock.advance(Duration::from_hours(1) + thirty_days);
    assert_eq!(stage.connect.delete_finished_walks().await.unwrap(), 0, "to the moment");
    stage.clock.advance(Duration::from_millis(1));
    assert_eq!(stage.connect.delete_finished_walks().await.unwrap(), 1, "not the one that is still open");
    assert_eq!(stage.connect.sweep_walks().await.unwrap(), 1);
    assert_eq!(stage.connect.delete_finished_walks().await.unwrap(), 1);
    assert!(stage.session(left.id).await.is_none());
    assert!(stage.connect.connection(connection).await.unwrap().is_some(), "what was made on it stays");
}

type IsIt = fn(&LinkError) -> bool;

#[tokio::test]
async fn what_a_link_asks_for_is_checked() {
    let stage = Stage::new().await;
    let with = |change: fn(&mut LinkRequest)| {
        let mut request = Stage::request("xero");
        change(&mut request);
        request
    };
    let cases: [(LinkRequest, IsIt); 7] = [
        (with(|r| r.accounting = Some("pleo".to_owned())), |e| matches!(e, LinkError::NoProvider(_))),
        (with(|r| r.accounting = None), |e| matches!(e, LinkError::AccountingMissing)),
        (with(|r| r.accounting = Some("sage".to_owned())), |e| matches!(e, LinkError::NoClient(_))),
        (with(|r| r.return_to = Some("https://evil.example/".to_owned())), |e| {
            matches!(e, LinkError::ReturnTo)
        }),
        (with(|r| r.return_to = Some("https://x@app.example/".to_owned())), |e| {
            matches!(e, LinkError::ReturnTo)
        }),
        (with(|r| r.country = Some("NLD".to_owned())), |e| matches!(e, LinkError::Country)),
        (with(|r| r.reference = Some("a\nb".to_owned())), |e| matches!(e, LinkError::Reference)),
    ];
    for (request, is_it) in cases {
        let error = stage.connect.create_link(request).await.unwrap_err();
        assert!(is_it(&error), "{error:?}");
    }
}

/// What a page shows is what was checked: on a page of ours a browser would take `https:app.example` for a path of ours.
#[tokio::test]
async fn the_address_to_return_to_is_kept_as_it_was_checked() {
    let stage = Stage::new().await;
    for sent in [
        "https://app.example/done?a=b",
        "https:app.example/done?a=b",
        " https:\\\\app.example\\done?a=b",
        "ht\ttps://app.ex\nample/done?a=b",
    ] {
        let request = LinkRequest { return_to: Some(sent.to_owned()), ..Stage::request("xero") };
        let link = stage.connect.create_link(request).await.unwrap();
        let walk = stage.connect.look(link.text.expose()).await.unwrap();
        assert_eq!(walk.session.return_to.as_deref(), Some("https://app.example/done?a=b"), "{sent:?}");
    }
}

#[tokio::test]
async fn a_form_is_of_its_browser_and_walk() {
    let stage = Stage::new().await;
    let (person, _) = stage.start(Stage::request("xero")).await;
    let value = stage.connect.form_value(&person.browser, person.id);
    stage.connect.check_form(&person.browser, person.id, &value).unwrap();
    let other = stage.connect.new_browser();
    assert_eq!(stage.connect.check_form(&other, person.id, &value).unwrap_err(), WalkError::StaleForm);
    assert_eq!(stage.connect.check_form(&person.browser, person.id, "").unwrap_err(), WalkError::StaleForm);
}
