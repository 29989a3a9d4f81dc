//! Section G of the security cases: introspection.

use oauth::ErrorCode::{InvalidClient, InvalidRequest};
use oauth::introspection::Introspection;

use crate::world::{CLIENT, SUBJECT, World, answered, confidential, origin, public, refresh_of};

#[tokio::test]
async fn the_owner_hears_all_of_an_active_token() {
    let world = World::new().await;
    let tokens = world.connect().await;
    let Introspection::Active(access) = world.introspect_as(CLIENT, &tokens.access_token).await else {
        panic!()
    };
    assert_eq!((access.client_id.as_str(), access.scope.to_string().as_str()), (CLIENT, "users:read"));
    assert_eq!(access.sub, "11111111-1111-4111-8111-111111111111");
    assert_eq!(access.own, Some(("urn:pleo:params:oauth:subject_urn", SUBJECT.to_owned())));
    assert_eq!((access.exp - access.iat, access.iss), (900, "https://as.example"));
    assert_eq!(access.aud, ["https://as.example"]);
    let Introspection::Active(refresh) = world.introspect_as(CLIENT, refresh_of(&tokens)).await else {
        panic!()
    };
    assert_eq!((refresh.token_type, refresh.exp - refresh.iat), ("refresh_token", 60 * 24 * 3600));
}

#[tokio::test]
async fn nobody_else_does_and_garbage_is_inactive() {
    let world = World::new().await;
    world.seed(confidential("client-2")).await;
    let tokens = world.connect().await;
    assert_eq!(world.introspect_as("client-2", &tokens.access_token).await, Introspection::Inactive);
    assert_eq!(world.introspect_as("client-2", refresh_of(&tokens)).await, Introspection::Inactive);
    for garbage in ["x", "mst_at_x", "mst_ac_x"] {
        let token = base::Secret::new(garbage.to_owned());
        assert_eq!(world.introspect_as(CLIENT, &token).await, Introspection::Inactive, "{garbage}");
    }
}

#[tokio::test]
async fn it_asks_for_authentication_and_a_token() {
    let world = World::with(public("native")).await;
    world.seed(confidential(CLIENT)).await;
    let tokens = world.connect_as("native").await;
    let token = tokens.access_token.expose();
    for (body, code) in [
        (format!("token={token}"), InvalidClient),
        (format!("token={token}&client_id=native"), InvalidClient),
        (format!("token={token}&client_id={CLIENT}&client_secret=wrong"), InvalidClient),
        (
            format!("client_id={CLIENT}&client_secret={}", crate::world::SECRET.replace(' ', "+")),
            InvalidRequest,
        ),
    ] {
        assert_eq!(
            answered(world.server.introspect(None, body.as_bytes(), &origin()).await).unwrap_err(),
            code,
            "{body}"
        );
    }
}

#[tokio::test]
async fn it_consumes_nothing_and_follows_the_state_at_once() {
    let world = World::new().await;
    let tokens = world.connect().await;
    for _ in 0..3 {
        assert!(world.is_active(refresh_of(&tokens)).await);
    }
    world.advance(900);
    assert!(!world.is_active(&tokens.access_token).await);
    assert!(world.is_active(refresh_of(&tokens)).await, "it works after the access token has expired");
    let next = world.refresh(refresh_of(&tokens)).await.unwrap();
    assert!(!world.is_active(refresh_of(&tokens)).await);
    assert!(world.is_active(refresh_of(&next)).await);
}
