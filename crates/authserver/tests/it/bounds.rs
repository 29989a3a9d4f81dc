//! Where exactly the rules for clients and the tokens that register them draw their lines.

use std::time::Duration;

use audit::Actor;
use authserver::{
    ClientMetadata, ClientRules, ClientState, Decided, NewInitialAccessToken, PkceRule, Presentation,
};
use base::Clock as _;

use crate::world::{CLIENT, World, confidential, origin};

fn good() -> ClientMetadata {
    ClientMetadata {
        name: "Example Books".to_owned(),
        redirect_uris: vec!["https://books.example/cb".to_owned()],
        scopes: vec!["users:read".to_owned()],
        pkce: PkceRule::Required,
        ..ClientMetadata::default()
    }
}

fn showing(presentation: Presentation) -> ClientMetadata {
    ClientMetadata { presentation, ..good() }
}

fn page(address: String) -> ClientMetadata {
    showing(Presentation { client_uri: Some(address), ..Presentation::default() })
}

fn contacts(contacts: &[&str]) -> ClientMetadata {
    let contacts = contacts.iter().map(|contact| (*contact).to_owned()).collect();
    showing(Presentation { contacts, ..Presentation::default() })
}

/// The fields that are refused.
fn refused(metadata: &ClientMetadata) -> Vec<&'static str> {
    let rules = ClientRules { shown_to_people: true, ..ClientRules::default() };
    match rules.check(metadata) {
        Ok(()) => Vec::new(),
        Err(problems) => problems.iter().map(|problem| problem.field).collect(),
    }
}

#[test]
fn twenty_redirect_uris_pass_and_one_more_does_not() {
    let with = |count: usize| ClientMetadata {
        redirect_uris: (0..count).map(|n| format!("https://books.example/cb{n}")).collect(),
        ..good()
    };
    assert_eq!(refused(&with(20)), [""; 0]);
    assert_eq!(refused(&with(21)), ["redirect_uris"]);
}

#[test]
fn ten_contacts_pass_and_one_more_does_not() {
    assert_eq!(refused(&contacts(&["dev@my-books.example"; 10])), [""; 0]);
    assert_eq!(refused(&contacts(&["dev@my-books.example"; 11])), ["contacts"]);
}

#[test]
fn a_domain_has_letters_digits_and_hyphens_within() {
    for wrong in
        ["dev@my_books.example", "dev@-books.example", "dev@books-.example", "dev@books", "@books.example"]
    {
        assert_eq!(refused(&contacts(&[wrong])), ["contacts"], "{wrong}");
    }
}

#[test]
fn an_address_of_two_thousand_characters_passes_and_a_longer_one_does_not() {
    let of = |length: usize| {
        let start = "https://books.example/";
        page(format!("{start}{}", "a".repeat(length - start.len())))
    };
    assert_eq!(refused(&of(2000)), [""; 0]);
    assert_eq!(refused(&of(2001)), ["client_uri"]);
}

#[test]
fn an_address_with_a_user_name_or_a_password_is_refused() {
    for address in
        ["https://me@books.example/", "https://:secret@books.example/", "https://me:secret@books.example/"]
    {
        assert_eq!(refused(&page(address.to_owned())), ["client_uri"], "{address}");
    }
}

#[test]
fn who_waits_for_review_is_who_was_never_decided_or_has_changed() {
    let waiting = [ClientState::AwaitingReview, ClientState::ChangeAwaitingReview];
    let decided =
        [ClientState::Declined, ClientState::Approved, ClientState::Suspended, ClientState::Removed];
    assert!(waiting.iter().all(|state| state.awaits_review()));
    assert!(!decided.iter().any(|state| state.awaits_review()));
}

#[tokio::test]
async fn an_initial_access_token_works_for_its_days_and_its_uses_and_until_it_is_withdrawn() {
    let world = World::new().await;
    let new =
        NewInitialAccessToken { note: "x".repeat(100), uses: 1, days: 2, ..NewInitialAccessToken::default() };
    let (token, _) =
        world.server.create_initial_access_token(new.clone(), Actor::CommandLine, &origin()).await.unwrap();
    let expires_at = world.clock.now() + Duration::from_hours(48);
    assert_eq!(token.expires_at, expires_at);
    let last = expires_at - Duration::from_millis(1);
    assert!(token.is_live(last) && !token.is_live(expires_at));
    let mut used_up = token.clone();
    used_up.uses_left = 0;
    assert!(!used_up.is_live(last));
    let mut withdrawn = token;
    withdrawn.revoked_at = Some(world.clock.now());
    assert!(!withdrawn.is_live(last));
    let too_long = NewInitialAccessToken { note: "x".repeat(101), ..new };
    assert!(world.server.create_initial_access_token(too_long, Actor::CommandLine, &origin()).await.is_err());
}

#[tokio::test]
async fn a_reason_of_a_thousand_characters_passes_and_a_longer_one_does_not() {
    let world = World::with(confidential(CLIENT)).await;
    let decline = async |length: usize| {
        let decision = Decided::Declined { reason: "x".repeat(length) };
        let id = CLIENT.into();
        world.server.decide(&id, decision, None, Actor::CommandLine, &origin()).await
    };
    assert!(decline(1001).await.is_err());
    let declined = decline(1000).await.unwrap();
    assert_eq!(declined.client.state, ClientState::Declined);
    let seen = Some(declined.registration.revision);
    let id = CLIENT.into();
    let approved = world.server.decide(&id, Decided::Approved, seen, Actor::CommandLine, &origin()).await;
    assert_eq!(approved.unwrap().client.state, ClientState::Approved, "the revision told is the present one");
}

#[tokio::test]
async fn a_page_on_a_foreign_site_is_a_hint_and_one_on_the_same_site_is_none() {
    let world = World::new().await;
    let mut client = world.server.registered_client(&CLIENT.into()).await.unwrap().unwrap().client;
    client.spec.presentation.contacts = vec!["dev@example.com".to_owned()];
    let mut hints = |redirect: &str, home: &str| {
        client.spec.redirect_uris = vec![redirect.parse().unwrap()];
        client.spec.presentation.client_uri = Some(home.to_owned());
        world.server.review_hints(&client)
    };
    for (redirect, home) in [
        ("https://app.example.com/cb", "https://app.example.com/"),
        ("https://app.example.com/cb", "https://www.example.com/"),
        ("https://app.example.com/cb", "https://example.com/"),
        ("https://app.internal/cb", "https://internal/"),
        ("https://internal/cb", "https://app.internal/"),
    ] {
        assert_eq!(hints(redirect, home), [""; 0], "{redirect} {home}");
    }
    let told = hints("https://app.example.com/cb", "https://app.example.org/");
    assert!(told.len() == 1 && told[0].contains("app.example.org"), "{told:?}");
}

#[tokio::test]
async fn a_setting_is_kept_with_the_client_and_needs_no_review() {
    let world = World::new().await;
    let id = CLIENT.into();
    let set = async |value: &str| {
        world.server.set_attribute(&id, "region", value, Actor::CommandLine, &origin()).await.unwrap()
    };
    assert_eq!(set("north").await.client.spec.attributes["region"], "north");
    let told = set("south").await;
    let kept = world.server.registered_client(&id).await.unwrap().unwrap();
    assert_eq!((&told.client, told.registration.revision), (&kept.client, kept.registration.revision));
    assert_eq!(kept.client.state, ClientState::Approved);
    assert_eq!(world.audit("client.attribute_set").await.len(), 2, "once each");
}
