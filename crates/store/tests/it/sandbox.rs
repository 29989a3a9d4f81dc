//! [`sandbox::Store`] and [`sandbox::ClockOffset`] on each database.

use std::collections::BTreeSet;
use std::time::Duration;

use base::Timestamp;
use futures_util::future::join_all;
use identity::{Account, AccountId, Store as _, StoredAccount};
use sandbox::{
    Agreement, Application, ClockOffset as _, Company, ConnectionId, EntryId, NewBooking, Store as _,
};
use serde_json::json;
use store::{Database, Side};

use crate::suite::{Suite, conformance};

pub(crate) fn cases(suite: &mut Suite) {
    conformance!(suite, "sandbox", Side::Sandbox;
        the_clock_adds_up_whoever_moves_it,
        a_company_can_be_told_anew_and_keeps_its_books,
        people_work_in_companies_by_name,
        what_is_reached_keeps_its_id_over_a_second_consent,
        reach_ends_by_connection_by_company_and_altogether,
        entries_are_numbered_without_gaps_under_concurrency,
        agreements_and_applications_are_found_by_their_hashes,
    );
    conformance!(suite, "sandbox_on_other_sides", Side::Connect; the_clock_adds_up_whoever_moves_it);
    conformance!(suite, "sandbox_on_the_platform", Side::Platform; the_clock_adds_up_whoever_moves_it);
}

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn uuid(number: u32) -> String {
    format!("0190a5b8-7c2e-7000-8000-{number:012}")
}

fn connection(number: u32) -> ConnectionId {
    uuid(number).parse().unwrap()
}

fn company(id: &str, name: &str) -> Company {
    Company {
        id: id.to_owned(),
        name: name.to_owned(),
        country: "SE".to_owned(),
        registration_number: Some("556-1".to_owned()),
    }
}

async fn person(database: &Database, number: u32) -> AccountId {
    let id: AccountId = format!("usr_{}", uuid(number)).parse().unwrap();
    let account = Account {
        id,
        email: format!("p{number}@example.com").parse().unwrap(),
        name: "P".to_owned(),
        disabled_at: None,
        created_at: NOW,
    };
    assert_eq!(database.insert_account(&StoredAccount { account, password_hash: None }).await, Ok(true));
    id
}

fn names(companies: &[Company]) -> Vec<&str> {
    companies.iter().map(|company| company.name.as_str()).collect()
}

async fn the_clock_adds_up_whoever_moves_it(database: Database) {
    assert_eq!(database.clock_offset_millis().await, Ok(0));
    let moved = join_all((0..20).map(|_| database.add_clock_offset(1000))).await;
    let sums: BTreeSet<i64> = moved.into_iter().map(Result::unwrap).collect();
    assert_eq!(sums, (1..=20).map(|n| n * 1000).collect());
    assert_eq!(database.clock_offset_millis().await, Ok(20_000));
    assert_eq!(database.add_clock_offset(-30_000).await, Ok(-10_000));
    database.reset_clock_offset().await.unwrap();
    assert_eq!(database.clock_offset_millis().await, Ok(0));
}

async fn a_company_can_be_told_anew_and_keeps_its_books(database: Database) {
    database.put_company(&company("1", "Old")).await.unwrap();
    assert_eq!(database.book(&booking(1, "1")).await, Ok(1));
    let new = Company { registration_number: None, ..company("1", "Ny & \"Å\"") };
    database.put_company(&new).await.unwrap();
    assert_eq!(database.company("1").await, Ok(Some(new)));
    assert_eq!(database.company("2").await, Ok(None));
    assert_eq!(database.book(&booking(2, "1")).await, Ok(2));
}

async fn people_work_in_companies_by_name(database: Database) {
    let (anna, ben) = (person(&database, 1).await, person(&database, 2).await);
    for (id, name) in [("1", "Zeta"), ("2", "Alfa"), ("3", "Mitt")] {
        database.put_company(&company(id, name)).await.unwrap();
    }
    for id in ["1", "2", "2"] {
        database.add_member(anna, id).await.unwrap();
    }
    database.add_member(ben, "3").await.unwrap();
    assert_eq!(names(&database.companies_of(anna).await.unwrap()), ["Alfa", "Zeta"]);
    assert_eq!(names(&database.companies_of(ben).await.unwrap()), ["Mitt"]);
}

async fn what_is_reached_keeps_its_id_over_a_second_consent(database: Database) {
    let anna = person(&database, 1).await;
    database.put_company(&company("1", "Alfa")).await.unwrap();
    database.put_company(&company("2", "Beta")).await.unwrap();
    database.connect("app", anna, vec![(connection(11), "1".to_owned())], NOW).await.unwrap();
    let later = NOW + Duration::from_mins(5);
    let again = vec![(connection(21), "1".to_owned()), (connection(22), "2".to_owned())];
    database.connect("app", anna, again, later).await.unwrap();
    let connected = database.connected("app", anna).await.unwrap();
    let seen: Vec<_> = connected
        .iter()
        .map(|one| (one.id, one.company.id.as_str(), one.created_at, one.updated_at))
        .collect();
    assert_eq!(seen, [(connection(11), "1", NOW, later), (connection(22), "2", later, later)]);
    assert_eq!(database.connected("other", anna).await, Ok(Vec::new()));
}

async fn reach_ends_by_connection_by_company_and_altogether(database: Database) {
    let (anna, ben) = (person(&database, 1).await, person(&database, 2).await);
    database.put_company(&company("1", "Alfa")).await.unwrap();
    database.put_company(&company("2", "Beta")).await.unwrap();
    let both = |first| vec![(connection(first), "1".to_owned()), (connection(first + 1), "2".to_owned())];
    database.connect("app", anna, both(10), NOW).await.unwrap();
    database.connect("app", ben, both(20), NOW).await.unwrap();
    database.connect("other", anna, both(30), NOW).await.unwrap();
    assert_eq!(database.disconnect("app", ben, connection(10)).await, Ok(false), "it is not his");
    assert_eq!(database.disconnect("app", anna, connection(10)).await, Ok(true));
    assert_eq!(database.disconnect("app", anna, connection(10)).await, Ok(false));
    assert_eq!(database.disconnect_all("app", Some("2")).await, Ok(vec![anna, ben]));
    assert_eq!(database.disconnect_all("app", None).await, Ok(vec![ben]));
    assert_eq!(database.disconnect_all("app", None).await, Ok(Vec::new()));
    assert_eq!(database.connected("other", anna).await.unwrap().len(), 2);
}

fn booking(number: u32, company_id: &str) -> NewBooking {
    NewBooking {
        id: uuid(number).parse::<EntryId>().unwrap(),
        company_id: company_id.to_owned(),
        client_id: "app".to_owned(),
        document: json!({"note": "café", "number": number}),
        booked_at: NOW,
    }
}

async fn entries_are_numbered_without_gaps_under_concurrency(database: Database) {
    database.put_company(&company("1", "Alfa")).await.unwrap();
    database.put_company(&company("2", "Beta")).await.unwrap();
    let bookings: Vec<_> = (1..=20).map(|n| booking(n, if n % 2 == 0 { "1" } else { "2" })).collect();
    for number in join_all(bookings.iter().map(|booking| database.book(booking))).await {
        assert!((1..=10).contains(&number.unwrap()));
    }
    for id in ["1", "2"] {
        let booked = database.booked(id, 0, 100).await.unwrap();
        assert_eq!(booked.iter().map(|one| one.number).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
        assert!(booked.iter().all(|one| bookings.contains(&one.booking) && one.booking.company_id == id));
    }
    let page = database.booked("1", 3, 2).await.unwrap();
    assert_eq!(page.iter().map(|one| one.number).collect::<Vec<_>>(), [4, 5]);
    assert!(database.book(&booking(99, "none")).await.is_err());
}

async fn agreements_and_applications_are_found_by_their_hashes(database: Database) {
    let anna = person(&database, 1).await;
    database.put_company(&company("1", "Alfa")).await.unwrap();
    database.put_company(&company("2", "Beta")).await.unwrap();
    let application = Application {
        client_id: "app".to_owned(),
        name: "App".to_owned(),
        secret_hash: [7; 32],
        redirect_uris: vec!["https://a.example/cb?x=\"1\"".to_owned()],
    };
    database.put_application(&application).await.unwrap();
    database.put_application(&application).await.unwrap();
    assert_eq!(database.application("app").await, Ok(Some(application.clone())));
    assert_eq!(database.application_by_secret(&[7; 32]).await, Ok(Some(application)));
    assert_eq!(database.application_by_secret(&[8; 32]).await, Ok(None));
    let agreement = |byte, company_id: &str| Agreement {
        token_hash: [byte; 32],
        client_id: "app".to_owned(),
        company_id: company_id.to_owned(),
        granted_by: anna,
        created_at: NOW,
    };
    for (byte, company_id) in [(1, "1"), (2, "1"), (3, "2")] {
        database.put_agreement(&agreement(byte, company_id)).await.unwrap();
    }
    assert_eq!(database.agreement(&[3; 32]).await, Ok(Some(agreement(3, "2"))));
    assert_eq!(database.end_agreement(&[1; 32]).await, Ok(true));
    assert_eq!(database.end_agreement(&[1; 32]).await, Ok(false));
    assert_eq!(database.end_agreements("app", Some("1")).await, Ok(1));
    assert_eq!(database.end_agreements("app", None).await, Ok(1));
    assert_eq!(database.agreement(&[3; 32]).await, Ok(None));
}
