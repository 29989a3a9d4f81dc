//! Registration and management by programs.

use audit::Actor;
use authserver::{
    ClientMetadata, ClientState, Decided, InitialAccessToken, ManagedClient, NewInitialAccessToken, PkceRule,
    RegistrationRefusal, managed_client_response, registration_refusal_response, removed_client_response,
};
use base::Secret;
use oauth::ErrorCode;
use serde_json::{Value, json};

use crate::world::{REDIRECT, World, origin};

fn body() -> Value {
    json!({ "client_name": "Example Books", "redirect_uris": [REDIRECT], "scope": "users:read" })
}

async fn initial(world: &World, new: NewInitialAccessToken) -> (InitialAccessToken, String) {
    let (token, text) =
        world.server.create_initial_access_token(new, Actor::CommandLine, &origin()).await.unwrap();
    (token, format!("Bearer {}", text.expose()))
}

fn many(pre_approved: bool) -> NewInitialAccessToken {
    NewInitialAccessToken { uses: 100, pre_approved, ..NewInitialAccessToken::default() }
}

async fn register(world: &World, header: &str, body: &Value) -> Result<ManagedClient, RegistrationRefusal> {
    world.server.register_with_token(Some(header), body.to_string().as_bytes(), &origin()).await
}

fn code<T: std::fmt::Debug>(result: Result<T, RegistrationRefusal>) -> ErrorCode {
    match result.unwrap_err() {
        RegistrationRefusal::Refused(refused) => refused.code,
        other => panic!("{other:?}"),
    }
}

fn is_unauthenticated<T>(result: &Result<T, RegistrationRefusal>) -> bool {
    matches!(result, Err(RegistrationRefusal::Unauthenticated { .. }))
}

fn bearer(token: &Secret<String>) -> String {
    format!("Bearer {}", token.expose())
}

async fn replace(
    world: &World,
    client: &ManagedClient,
    token: &Secret<String>,
    change: impl FnOnce(&mut Value),
) -> Result<ManagedClient, RegistrationRefusal> {
    let mut body = body();
    body["client_id"] = json!(client.client.id().as_str());
    change(&mut body);
    let header = bearer(token);
    let id = client.client.id().as_str();
    world.server.replace_managed_client(id, Some(&header), body.to_string().as_bytes(), &origin()).await
}

#[tokio::test]
async fn a_token_registers_as_many_clients_as_it_may_and_refusals_cost_none() {
    let world = World::new().await;
    let (token, header) = initial(&world, NewInitialAccessToken::default()).await;
    assert!(header.starts_with("Bearer mst_iat_"));
    let bad = json!({ "client_name": "Pleo", "redirect_uris": [REDIRECT] });
    assert_eq!(code(register(&world, &header, &bad).await), ErrorCode::InvalidClientMetadata);
    let registered = register(&world, &header, &body()).await.unwrap();
    assert_eq!(registered.client.state, ClientState::AwaitingReview);
    assert!(is_unauthenticated(&register(&world, &header, &body()).await), "its one use is used");
    let records = world.audit("client.registered").await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].data["initial_access_token"], token.id.to_string());
    let listed = world.server.initial_access_tokens().await.unwrap();
    assert_eq!((listed.len(), listed[0].uses_left), (1, 0));
    assert!(!format!("{listed:?}{records:?}").contains(header.trim_start_matches("Bearer ")));
}

#[tokio::test]
async fn of_many_that_use_the_last_use_at_once_one_is_served() {
    let world = World::new().await;
    let (_, header) = initial(&world, NewInitialAccessToken::default()).await;
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (server, header) = (world.server.clone(), header.clone());
        tries.spawn(async move {
            server.register_with_token(Some(&header), body().to_string().as_bytes(), &origin()).await.is_ok()
        });
    }
    let served = tries.join_all().await.into_iter().filter(|served| *served).count();
    assert_eq!(served, 1);
    assert_eq!(world.server.clients(None, 20).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_token_ends_with_its_days_and_when_it_is_withdrawn() {
    let world = World::new().await;
    let (_, header) = initial(&world, NewInitialAccessToken { days: 1, ..many(false) }).await;
    register(&world, &header, &body()).await.unwrap();
    world.advance(24 * 3600);
    assert!(is_unauthenticated(&register(&world, &header, &body()).await));
    let (token, header) = initial(&world, many(false)).await;
    assert!(world.server.revoke_initial_access_token(token.id, Actor::CommandLine, &origin()).await.unwrap());
    assert!(
        !world.server.revoke_initial_access_token(token.id, Actor::CommandLine, &origin()).await.unwrap()
    );
    assert!(is_unauthenticated(&register(&world, &header, &body()).await));
    assert_eq!(world.audit("initial_access_token.revoked").await.len(), 1);
}

#[tokio::test]
async fn a_token_has_limits() {
    let world = World::new().await;
    let usual = NewInitialAccessToken::default;
    for new in [
        NewInitialAccessToken { uses: 0, ..usual() },
        NewInitialAccessToken { uses: 1001, ..usual() },
        NewInitialAccessToken { days: 0, ..usual() },
        NewInitialAccessToken { days: 366, ..usual() },
        NewInitialAccessToken { note: "x".repeat(101), ..usual() },
        NewInitialAccessToken { note: "a\nb".to_owned(), ..usual() },
    ] {
        world.server.create_initial_access_token(new, Actor::CommandLine, &origin()).await.unwrap_err();
    }
}

#[tokio::test]
async fn other_tokens_are_no_initial_access_tokens_and_many_wrong_ones_are_too_many() {
    let world = World::new().await;
    let (_, header) = initial(&world, many(false)).await;
    let registered = register(&world, &header, &body()).await.unwrap();
    let tokens = world.connect().await;
    let mut damaged = header.clone();
    damaged.pop();
    damaged.push(if header.ends_with('A') { 'B' } else { 'A' });
    for wrong in [
        bearer(&registered.registration_access_token),
        bearer(&tokens.access_token),
        damaged,
        "Bearer mst_iat_".to_owned(),
        "Basic abc".to_owned(),
        header.replace("Bearer ", ""),
    ] {
        assert!(is_unauthenticated(&register(&world, &wrong, &body()).await), "{wrong}");
    }
    let none = world.server.register_with_token(None, b"{}", &origin()).await;
    assert!(matches!(none, Err(RegistrationRefusal::Unauthenticated { presented: false })));
    for _ in 0..30 {
        let _refused = register(&world, "Bearer x", &body()).await;
    }
    assert!(matches!(register(&world, &header, &body()).await, Err(RegistrationRefusal::TooMany(_))));
    world.advance(61);
    register(&world, &header, &body()).await.unwrap();
}

#[tokio::test]
async fn wrong_tokens_from_all_addresses_of_one_network_are_counted_together() {
    let world = World::new().await;
    let refused_from = async |address: &str| {
        let from = audit::Origin { source: Some(address.to_owned()), request_id: None };
        world.server.register_with_token(Some("Bearer x"), b"{}", &from).await
    };
    for number in 0..30 {
        let refused = refused_from(&format!("2001:db8:1:2::{number:x}")).await;
        assert!(matches!(refused, Err(RegistrationRefusal::Unauthenticated { .. })), "{number}");
    }
    assert!(matches!(refused_from("2001:db8:1:2::ff").await, Err(RegistrationRefusal::TooMany(_))));
    assert!(matches!(
        refused_from("2001:db8:1:3::1").await,
        Err(RegistrationRefusal::Unauthenticated { .. })
    ));
}

#[tokio::test]
async fn pre_approved_clients_work_at_once_and_their_changes_wait_for_a_review() {
    let world = World::new().await;
    let (_, header) = initial(&world, many(true)).await;
    let registered = register(&world, &header, &body()).await.unwrap();
    assert_eq!(registered.client.state, ClientState::Approved);
    let token = &registered.registration_access_token;
    let changed =
        replace(&world, &registered, token, |body| body["client_name"] = json!("Other")).await.unwrap();
    assert_eq!(
        (changed.client.state, changed.client.spec.name.as_str()),
        (ClientState::ChangeAwaitingReview, "Other")
    );
}

#[tokio::test]
async fn the_token_before_works_until_the_new_one_is_used() {
    let world = World::new().await;
    let (_, header) = initial(&world, many(true)).await;
    let registered = register(&world, &header, &body()).await.unwrap();
    let id = registered.client.id().as_str();
    let read = async |token: &Secret<String>| {
        world
            .server
            .managed_client(id, Some(&bearer(token)), &origin())
            .await
            .map(|managed| managed.client.spec.name)
    };
    let first = registered.registration_access_token.clone();
    let second = replace(&world, &registered, &first, |_| {}).await.unwrap().registration_access_token;
    // The answer was lost: the same change again.
    let third = replace(&world, &registered, &first, |_| {}).await.unwrap().registration_access_token;
    assert!(is_unauthenticated(&read(&second).await), "nobody has seen it");
    read(&first).await.unwrap();
    read(&third).await.unwrap();
    assert!(is_unauthenticated(&read(&first).await));
    read(&third).await.unwrap();
}

#[tokio::test]
async fn a_change_says_everything_and_chooses_no_secret() {
    let world = World::new().await;
    let (_, header) = initial(&world, many(true)).await;
    let mut all = body();
    all["contacts"] = json!(["dev@a.example"]);
    all["client_uri"] = json!("https://app.example");
    let registered = register(&world, &header, &all).await.unwrap();
    let token = &registered.registration_access_token;
    let secret = registered.client_secret.as_ref().unwrap().expose().clone();
    for (member, value) in [
        ("client_id", json!("other")),
        ("client_id", json!(null)),
        ("client_secret", json!("chosen")),
        ("registration_access_token", json!("x")),
        ("client_id_issued_at", json!(1)),
        ("token_endpoint_auth_method", json!("none")),
    ] {
        let refused = replace(&world, &registered, token, |body| body[member] = value.clone()).await;
        assert_eq!(code(refused), ErrorCode::InvalidClientMetadata, "{member}");
    }
    let redirect = replace(&world, &registered, token, |body| body["redirect_uris"] = json!([])).await;
    assert_eq!(code(redirect), ErrorCode::InvalidRedirectUri);
    let changed =
        replace(&world, &registered, token, |body| body["client_secret"] = json!(secret)).await.unwrap();
    assert!(changed.client_secret.is_none(), "it is shown once");
    let shown = &changed.client.spec.presentation;
    assert!(shown.contacts.is_empty() && shown.client_uri.is_none(), "what is left out is gone");
}

/// An exemption is the operator's to give, and a program that says all it can say of its client takes it away from nobody.
#[tokio::test]
async fn an_exemption_from_pkce_outlives_a_change_by_the_client() {
    let world = World::new().await;
    let (_, header) = initial(&world, many(true)).await;
    let registered = register(&world, &header, &body()).await.unwrap();
    let (id, token) = (registered.client.id(), &registered.registration_access_token);
    let changed =
        replace(&world, &registered, token, |body| body["require_pkce"] = json!(false)).await.unwrap();
    assert_eq!(changed.client.spec.pkce, PkceRule::Required, "nobody exempts themselves");

    let exempt = ClientMetadata { pkce: PkceRule::Optional, ..ClientMetadata::of(&registered.client.spec) };
    world.server.edit_client(id, &exempt, Actor::CommandLine, &origin()).await.unwrap();
    let token = &changed.registration_access_token;
    let changed =
        replace(&world, &registered, token, |body| body["client_name"] = json!("Other")).await.unwrap();
    assert_eq!((changed.client.spec.pkce, changed.client.spec.name.as_str()), (PkceRule::Optional, "Other"));
    let kept = world.server.client(id).await.unwrap().unwrap();
    assert_eq!(kept.spec.pkce, PkceRule::Optional);
}

#[tokio::test]
async fn a_token_manages_its_own_client_and_no_other() {
    let world = World::new().await;
    let (_, header) = initial(&world, many(true)).await;
    let one = register(&world, &header, &body()).await.unwrap();
    let two = register(&world, &header, &body()).await.unwrap();
    let foreign = replace(&world, &one, &two.registration_access_token, |_| {}).await;
    assert!(is_unauthenticated(&foreign));
    let header = bearer(&two.registration_access_token);
    let id = one.client.id().as_str();
    assert!(is_unauthenticated(&world.server.managed_client(id, Some(&header), &origin()).await));
    assert!(is_unauthenticated(&world.server.remove_managed_client(id, Some(&header), &origin()).await));
    assert!(is_unauthenticated(&world.server.managed_client("nobody", Some(&header), &origin()).await));
    let found = world.server.registered_client(one.client.id()).await.unwrap().unwrap();
    assert_eq!((found.client, found.registration), (one.client, one.registration), "nothing has changed");
}

#[tokio::test]
async fn a_removed_client_is_gone_for_its_own_token_too() {
    let world = World::new().await;
    let (_, header) = initial(&world, many(true)).await;
    let one = register(&world, &header, &body()).await.unwrap();
    let (id, header) = (one.client.id().as_str(), bearer(&one.registration_access_token));
    world.server.remove_managed_client(id, Some(&header), &origin()).await.unwrap();
    assert!(is_unauthenticated(&world.server.managed_client(id, Some(&header), &origin()).await));
    assert!(is_unauthenticated(&world.server.remove_managed_client(id, Some(&header), &origin()).await));
    assert!(is_unauthenticated(&replace(&world, &one, &one.registration_access_token, |_| {}).await));
}

#[tokio::test]
async fn the_token_that_was_used_works_again_until_the_answer_to_it_was_seen() {
    let world = World::new().await;
    let (_, header) = initial(&world, many(true)).await;
    let client = register(&world, &header, &body()).await.unwrap();
    let second = replace(&world, &client, &client.registration_access_token, |_| {}).await.unwrap();
    // The answer with the third is lost.
    replace(&world, &client, &second.registration_access_token, |_| {}).await.unwrap();
    assert!(is_unauthenticated(&replace(&world, &client, &client.registration_access_token, |_| {}).await));
    assert!(replace(&world, &client, &second.registration_access_token, |_| {}).await.is_ok());
}

#[tokio::test]
async fn a_management_token_of_before_a_restored_backup_is_not_taken_for_the_one_made_after_it() {
    let world = World::new().await;
    let (_, header) = initial(&world, many(true)).await;
    let client = register(&world, &header, &body()).await.unwrap();
    let backup = world.database.snapshot().unwrap();
    let lost = replace(&world, &client, &client.registration_access_token, |_| {}).await.unwrap();
    world.database.restore(&backup).unwrap();
    let second = replace(&world, &client, &client.registration_access_token, |_| {}).await.unwrap();
    assert!(is_unauthenticated(&replace(&world, &client, &lost.registration_access_token, |_| {}).await));
    assert!(replace(&world, &client, &second.registration_access_token, |_| {}).await.is_ok());
}

#[tokio::test]
async fn a_subject_type_of_openid_connect_says_nothing_here_and_one_of_ours_does() {
    let world = World::new().await;
    let (_, header) = initial(&world, many(true)).await;
    for (word, expected) in [("public", None), ("pairwise", None), ("company", Some("company"))] {
        let mut body = body();
        body["subject_type"] = json!(word);
        let registered = register(&world, &header, &body).await.unwrap();
        assert_eq!(registered.client.spec.subject_type.as_deref(), expected, "{word}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_under_the_names_of_the_api() {
    let world = World::new().await;
    let (_, header) = initial(&world, many(true)).await;
    for (member, value) in [("client_name", json!("Pleo")), ("scope", json!("users:write"))] {
        let mut body = body();
        body[member] = value;
        let Err(RegistrationRefusal::Refused(refused)) = register(&world, &header, &body).await else {
            panic!("{member} is wrong")
        };
        assert!(refused.description.starts_with(&format!("{member}: ")), "{refused:?}");
    }
}

fn told(response: &http::Response<Vec<u8>>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

#[tokio::test]
async fn an_answer_tells_the_makers_of_a_client_what_it_is_and_why_it_was_declined() {
    let world = World::new().await;
    let (_, header) = initial(&world, many(false)).await;
    let mut client = register(&world, &header, &body()).await.unwrap();
    let response = managed_client_response(&client, http::StatusCode::CREATED, "https://as.example");
    assert_eq!(response.status(), http::StatusCode::CREATED);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let first = told(&response);
    let id = client.client.id().as_str();
    assert_eq!(first["client_id"], id);
    assert_eq!(first["registration_client_uri"], format!("https://as.example/oauth/register/{id}"));
    assert_eq!(first["client_secret_expires_at"], 0);
    assert_eq!((&first["require_pkce"], &first["client_status"]), (&json!(true), &json!("awaiting_review")));
    assert_eq!(first.get("client_status_reason"), None);
    let decision = Decided::Declined { reason: "the logo is of somebody else".to_owned() };
    let declined =
        world.server.decide(client.client.id(), decision, None, Actor::CommandLine, &origin()).await.unwrap();
    (client.client, client.registration) = (declined.client, declined.registration);
    client.client.spec.pkce = PkceRule::Optional;
    let second = told(&managed_client_response(&client, http::StatusCode::OK, "https://as.example"));
    assert_eq!(second["client_status_reason"], "the logo is of somebody else");
    assert_eq!(second["require_pkce"], false);
    client.client.state = ClientState::AwaitingReview;
    let third = told(&managed_client_response(&client, http::StatusCode::OK, "https://as.example"));
    assert_eq!(third.get("client_status_reason"), None, "an earlier decision is over");
}

#[test]
fn a_removed_client_is_answered_with_nothing_and_a_wrong_token_with_a_challenge() {
    let removed = removed_client_response();
    assert_eq!(removed.status(), http::StatusCode::NO_CONTENT);
    assert_eq!(removed.headers()["cache-control"], "no-store");
    let refused = registration_refusal_response(&RegistrationRefusal::Unauthenticated { presented: true });
    assert_eq!(refused.status(), http::StatusCode::UNAUTHORIZED);
    assert_eq!(told(&refused)["error"], "invalid_token");
    assert!(refused.headers()["www-authenticate"].to_str().unwrap().contains("invalid_token"));
}
