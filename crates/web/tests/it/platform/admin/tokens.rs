use http::StatusCode;

use super::{PETRA, app, signed_in};

const PATH: &str = "/admin/registration-tokens";

#[tokio::test]
async fn a_token_is_shown_once_and_can_be_withdrawn() {
    let app = app().await;
    let mut petra = signed_in(&app, PETRA).await;
    petra.get(PATH).await;
    let fields = [("note", "The build"), ("uses", "3"), ("days", "30"), ("review", "needed")];
    let shown = petra.submit(PATH, &fields).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
    assert_eq!(shown.headers["cache-control"], "no-store");
    let start = shown.body.find("<div class=\"secret copyable\"><code>").unwrap() + 35;
    let token: String = shown.body[start..].chars().take_while(|c| *c != '<').collect();
    assert!(token.len() > 30, "{token}");
    let list = petra.get(PATH).await.body;
    assert!(list.contains("The build") && list.contains("3 more") && list.contains("Live"));
    assert!(!list.contains(&token), "a list shows a token");
    let revoked = petra.submit(&format!("{PATH}/revoke"), &[]).await;
    assert_eq!(revoked.status, StatusCode::SEE_OTHER);
    let list = petra.get(revoked.location()).await.body;
    assert!(list.contains("Withdrawn") && !list.contains("Withdraw this token"));
    let audit = petra.get("/admin/audit").await.body;
    assert!(audit.contains("initial_access_token"), "both are told");
    assert!(!audit.contains(&token));
}

#[tokio::test]
async fn what_is_wrong_with_a_new_token_is_told_beside_its_field() {
    let app = app().await;
    let mut petra = signed_in(&app, PETRA).await;
    for (uses, days, field) in
        [("0", "7", "uses"), ("many", "7", "uses"), ("1", "0", "days"), ("1", "9999", "days")]
    {
        petra.get(PATH).await;
        let fields = [("note", "kept"), ("uses", uses), ("days", days), ("review", "none")];
        let answer = petra.submit(PATH, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{uses} {days}");
        assert!(answer.body.contains(&format!("id=\"wrong-{field}\"")), "{field}: {}", answer.body);
        assert!(answer.body.contains("value=\"kept\""), "what was typed stays");
    }
    petra.get(PATH).await;
    let csrf = petra.form(PATH).remove(0).1;
    let unknown = [("csrf", csrf.as_str()), ("id", "iat_0198d5c2-0000-7000-8000-000000000001")];
    assert_eq!(petra.post(&format!("{PATH}/revoke"), &unknown).await.status, StatusCode::NOT_FOUND);
}
