//! API tokens and their roles.

use base::Secret;
use connect::{AccessError, Need, Role};

use crate::stage::Stage;

#[tokio::test]
async fn a_token_opens_until_it_is_revoked() {
    let stage = Stage::new().await;
    let made = stage.connect.create_api_token("the backend", Role::Proxy).await.unwrap();
    assert!(made.text.expose().starts_with("mst_api_"));
    let caller = stage.connect.authenticate(&made.text).await.unwrap();
    assert_eq!((caller.name.as_str(), caller.role), ("the backend", Role::Proxy));
    let mut damaged = made.text.expose().clone();
    damaged.pop();
    for wrong in [damaged, "mst_api_".to_owned(), String::new()] {
        assert_eq!(stage.connect.authenticate(&Secret::new(wrong)).await.unwrap_err(), AccessError::Invalid);
    }
    assert!(stage.connect.revoke_api_token(made.token.id).await.unwrap());
    assert_eq!(stage.connect.authenticate(&made.text).await.unwrap_err(), AccessError::Invalid);
    assert!(!stage.connect.revoke_api_token(made.token.id).await.unwrap());
}

#[test]
fn roles_allow_what_they_say_and_nothing_else() {
    let allowed = |role: Role| {
        [Need::Connections, Need::Proxy, Need::Token, Need::Rejected, Need::Administration]
            .map(|need| role.allows(need))
    };
    assert_eq!(allowed(Role::Connect), [true, false, false, false, false]);
    assert_eq!(allowed(Role::Proxy), [false, true, false, true, false]);
    assert_eq!(allowed(Role::Token), [false, false, true, true, false]);
    assert_eq!(allowed(Role::Admin), [true; 5]);
}
