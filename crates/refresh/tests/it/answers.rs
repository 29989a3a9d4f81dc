//! What a token endpoint can answer, the outcome that each answer must have, and the state it leads to: all through the
//! authority, so that what counts is what is stored.

use std::time::Duration;

use refresh::{AttemptOutcome, Store as _};

use crate::stage::Stage;

/// Status, content type, body, `Retry-After`, outcome of the attempt, state of the grant, whether its credential is still there.
type Row = (u16, &'static str, &'static str, AttemptOutcome, &'static str);

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const HTML: &str = "text/html; charset=utf-8";

#[rustfmt::skip]
fn table() -> Vec<Row> {
    use AttemptOutcome::{Advanced, Misconfigured, NotProcessed, Refused, Unknown};
    vec![
        // Tokens, in the shapes they come in.
        (200, JSON, r#"{"access_token":"A","token_type":"Bearer","expires_in":900,"refresh_token":"R","scope":"a b"}"#, Advanced, "active"),
        (200, "application/json;charset=UTF-8", r#"{"access_token":"A","refresh_token":"R"}"#, Advanced, "active"),
        (200, JSON, r#"{"access_token":"A","expires_in":"900","refresh_token":"R"}"#, Advanced, "active"),
        (200, JSON, r#"{"access_token":"A","expires_in":900.0,"refresh_token":"R"}"#, Advanced, "active"),
        (200, JSON, r#"{"access_token":"A","expires_in":null,"refresh_token":"R"}"#, Advanced, "active"),
        (200, JSON, r#"{"access_token":"A","expires_in":"soon","refresh_token":"R"}"#, Advanced, "active"),
        (200, JSON, r#"{"access_token":"A","expires_in":-5,"refresh_token":"R"}"#, Advanced, "active"),
        (200, JSON, r#"{"access_token":"A","scope":["a","b"],"refresh_token":"R"}"#, Advanced, "active"),
        (200, JSON, r#"{"access_token":"A","scope":"räksmörgås","refresh_token":"R"}"#, Advanced, "active"),
        (200, JSON, r#"{"access_token":"A","token_type":"bearer"}"#, Advanced, "active"),
        (200, JSON, r#"{"access_token":"A","refresh_token":""}"#, Advanced, "active"),
        (200, JSON, r#"{"access_token":"A","refresh_token":null}"#, Advanced, "active"),
        (200, JSON, r#"{"access_token":"A","x_refresh_token_expires_in":8726400,"refresh_token":"R"}"#, Advanced, "active"),
        (200, JSON, r#"{"access_token":"A","refresh_token":"R","error":""}"#, Advanced, "active"),
        (200, JSON, r#"{"access_token":"A","refresh_token":"R","error":null}"#, Advanced, "active"),
        (201, "text/json", r#"{"access_token":"A","refresh_token":"R"}"#, Advanced, "active"),
        (200, "text/plain", r#"{"access_token":"A","refresh_token":"R"}"#, Advanced, "active"),
        (200, "", r#"{"access_token":"A","refresh_token":"R"}"#, Advanced, "active"),
        (200, HTML, r#"{"access_token":"A","refresh_token":"R"}"#, Advanced, "active"),
        (200, JSON, "\u{feff}{\"access_token\":\"A\",\"refresh_token\":\"R\"}", Advanced, "active"),
        (200, JSON, "\n  {\"access_token\":\"A\",\"refresh_token\":\"R\"}\n", Advanced, "active"),
        (200, JSON, r#"{"data":{"access_token":"A","refresh_token":"R"}}"#, Advanced, "active"),
        (200, FORM, "access_token=A&refresh_token=R&expires_in=900", Advanced, "active"),
        (200, JSON, "access_token=A&refresh_token=R", Advanced, "active"),
        (500, JSON, r#"{"access_token":"A","refresh_token":"R"}"#, Advanced, "active"),
        // Refused for good: 400 or 401, with a code that ends grants at this provider.
        (400, JSON, r#"{"error":"invalid_grant"}"#, Refused, "ended"),
        (400, JSON, r#"{"error":"invalid_grant","error_description":"expired"}"#, Refused, "ended"),
        (401, JSON, r#"{"error":"invalid_grant"}"#, Refused, "ended"),
        (400, JSON, r#"{"error":"invalid_token"}"#, Refused, "ended"),
        (401, JSON, r#"{"error":"invalid_refresh_token"}"#, Refused, "ended"),
        (400, HTML, r#"{"error":"invalid_grant"}"#, Refused, "ended"),
        (400, FORM, "error=invalid_grant", Refused, "ended"),
        (400, JSON, r#"{"error":{"code":"invalid_grant","message":"gone"}}"#, Refused, "ended"),
        // Not processed: the client was not let in, or there were too many.
        (400, JSON, r#"{"error":"invalid_client"}"#, NotProcessed, "degraded"),
        (401, JSON, r#"{"error":"invalid_client"}"#, NotProcessed, "degraded"),
        (403, JSON, r#"{"error":"invalid_client"}"#, NotProcessed, "degraded"),
        (429, JSON, r#"{"error":"slow_down"}"#, NotProcessed, "degraded"),
        (429, JSON, r#"{"error":"invalid_grant"}"#, NotProcessed, "degraded"),
        (429, HTML, "<html>Too many requests</html>", NotProcessed, "degraded"),
        (429, "", "", NotProcessed, "degraded"),
        // The operator must look; nothing is destroyed.
        (400, JSON, r#"{"error":"invalid_request"}"#, Misconfigured, "degraded"),
        (400, JSON, r#"{"error":"invalid_scope"}"#, Misconfigured, "degraded"),
        (400, JSON, r#"{"error":"unauthorized_client"}"#, Misconfigured, "degraded"),
        (400, JSON, r#"{"error":"unsupported_grant_type"}"#, Misconfigured, "degraded"),
        (400, JSON, r#"{"error":"server_error","error_description":"invalid_grant"}"#, Misconfigured, "degraded"),
        (400, JSON, r#"{"error":"Invalid_Grant"}"#, Misconfigured, "degraded"),
        (403, JSON, r#"{"error":"invalid_grant"}"#, Misconfigured, "degraded"),
        (404, JSON, r#"{"error":"not_found"}"#, Misconfigured, "degraded"),
        (409, JSON, r#"{"error":"conflict"}"#, Misconfigured, "degraded"),
        (200, JSON, r#"{"error":"invalid_grant"}"#, Misconfigured, "degraded"),
        (200, JSON, r#"{"error":"temporarily_unavailable"}"#, Misconfigured, "degraded"),
        // Nobody knows whether it was processed.
        (200, JSON, "", Unknown, "unknown"),
        (200, JSON, "{}", Unknown, "unknown"),
        (200, JSON, "null", Unknown, "unknown"),
        (200, JSON, "[]", Unknown, "unknown"),
        (200, JSON, r#"{"access_token":"#, Unknown, "unknown"),
        (200, JSON, r#"{"access_token":""}"#, Unknown, "unknown"),
        (200, JSON, r#"{"access_token":7}"#, Unknown, "unknown"),
        (200, JSON, r#"{"refresh_token":"R"}"#, Unknown, "unknown"),
        (200, HTML, "<html>Sign in to the network</html>", Unknown, "unknown"),
        (204, "", "", Unknown, "unknown"),
        (302, HTML, "", Unknown, "unknown"),
        (400, HTML, "<html>400 invalid_grant</html>", Unknown, "unknown"),
        (400, JSON, "", Unknown, "unknown"),
        (400, "text/plain", "invalid_grant", Unknown, "unknown"),
        (401, HTML, "<html>proxy authentication</html>", Unknown, "unknown"),
        (403, HTML, "<html>blocked</html>", Unknown, "unknown"),
        (408, JSON, r#"{"error":"timeout"}"#, Unknown, "unknown"),
        (500, JSON, r#"{"error":"invalid_grant"}"#, Unknown, "unknown"),
        (500, JSON, r#"{"error":"server_error"}"#, Unknown, "unknown"),
        (500, "", "", Unknown, "unknown"),
        (502, HTML, "<html>Bad gateway</html>", Unknown, "unknown"),
        (503, JSON, r#"{"error":"temporarily_unavailable"}"#, Unknown, "unknown"),
        (504, JSON, r#"{"message":"Endpoint request timed out"}"#, Unknown, "unknown"),
        (599, "", "?", Unknown, "unknown"),
    ]
}

#[tokio::test(start_paused = true)]
async fn each_answer_has_its_outcome_and_leads_to_its_state() {
    let table = table();
    assert!(table.len() >= 60);
    for (status, content_type, body, outcome, state) in table {
        let (attempt, row) = refreshed_with(status, content_type, body.as_bytes().to_vec()).await;
        let what = format!("{status} {content_type} {body}");
        assert_eq!((attempt, row.state.as_str()), (outcome, state), "{what}");
        assert_eq!(row.credential.is_some(), state != "ended", "{what}");
        assert_eq!(row.generation, if state == "active" { 2 } else { 1 }, "{what}");
        assert_eq!(row.marker.is_some(), state == "unknown", "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_megabyte_is_no_answer() {
    let body = format!(r#"{{"access_token":"{}"}}"#, "a".repeat(1 << 20)).into_bytes();
    let (attempt, row) = refreshed_with(200, JSON, body).await;
    assert_eq!((attempt, row.state.as_str()), (AttemptOutcome::Unknown, "unknown"));
}

async fn refreshed_with(
    status: u16,
    content_type: &'static str,
    body: Vec<u8>,
) -> (AttemptOutcome, refresh::Grant) {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    stage.provider.answer_next(status, content_type, body);
    stage.clock.advance(Duration::from_mins(16));
    // What the caller gets follows from the state, which is what counts here.
    let _ = authority.lend(grant).await;
    let attempts = stage.database.attempts(grant, 2).await.unwrap();
    assert_eq!(attempts.len(), 1);
    (attempts[0].outcome, stage.row(grant).await)
}
