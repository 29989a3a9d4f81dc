use super::*;

fn outcome(status: u16, content_type: &str, body: &str) -> &'static str {
    let answered = Answered {
        status,
        content_type: (!content_type.is_empty()).then(|| content_type.to_owned()),
        retry_after: None,
        body: Some(body.as_bytes().to_vec()),
    };
    classify(&answered, &|code| matches!(code, "invalid_grant" | "invalid_token")).word()
}

const JSON: &str = "application/json";

#[test]
fn each_answer_has_its_outcome() {
    let table: &[(u16, &str, &str, &str)] = &[
        (
            200,
            JSON,
            r#"{"access_token":"a","token_type":"Bearer","expires_in":900,"refresh_token":"r"}"#,
            "advanced",
        ),
        (201, "text/json", r#"{"access_token":"a"}"#, "advanced"),
        (200, "", "access_token=a&refresh_token=r", "advanced"),
        (200, JSON, "{}", "unknown"),
        (200, JSON, "", "unknown"),
        (200, "text/html", "<html>Sign in to the hotel network</html>", "unknown"),
        (200, JSON, r#"{"error":"invalid_grant"}"#, "misconfigured"),
        (400, JSON, r#"{"error":"invalid_grant"}"#, "refused"),
        (401, JSON, r#"{"error":"invalid_grant","error_description":"Token has been revoked"}"#, "refused"),
        (400, JSON, r#"{"error":"invalid_token"}"#, "refused"),
        (403, JSON, r#"{"error":"invalid_grant"}"#, "misconfigured"),
        (500, JSON, r#"{"error":"invalid_grant"}"#, "unknown"),
        (400, JSON, r#"{"error":"server_error","error_description":"invalid_grant"}"#, "misconfigured"),
        (400, JSON, r#"{"error":"invalid_client"}"#, "client_refused"),
        (401, JSON, r#"{"error":"invalid_client"}"#, "client_refused"),
        (400, JSON, r#"{"error":"invalid_request"}"#, "misconfigured"),
        (400, JSON, r#"{"error":"invalid_scope"}"#, "misconfigured"),
        (400, JSON, r#"{"error":"unsupported_grant_type"}"#, "misconfigured"),
        (400, "text/html", "<html>Bad Request invalid_grant</html>", "unknown"),
        (401, JSON, "", "unknown"),
        (403, "text/html", "<html>blocked</html>", "unknown"),
        (404, "text/plain", "not found", "unknown"),
        (408, JSON, r#"{"error":"timeout"}"#, "unknown"),
        (429, JSON, r#"{"error":"slow_down"}"#, "rate_limited"),
        (429, "text/html", "<html>Too many requests</html>", "rate_limited"),
        (302, "text/html", "", "unknown"),
        (502, "text/html", "<html>Bad gateway</html>", "unknown"),
        (503, "", "", "unknown"),
        (504, JSON, r#"{"message":"Endpoint request timed out"}"#, "unknown"),
    ];
    for (status, content_type, body, expected) in table {
        assert_eq!(outcome(*status, content_type, body), *expected, "{status} {content_type} {body}");
    }
}

#[test]
fn a_cut_body_is_unknown_unless_the_status_alone_is_certain() {
    let cut = |status| Answered { status, content_type: None, retry_after: None, body: None };
    assert_eq!(classify(&cut(200), &|_| true).word(), "unknown");
    assert_eq!(classify(&cut(400), &|_| true).word(), "unknown");
    assert_eq!(classify(&cut(429), &|_| true).word(), "rate_limited");
}

#[test]
fn a_megabyte_is_not_read_as_tokens() {
    let body = format!(r#"{{"access_token":"{}"}}"#, "a".repeat(1 << 20));
    assert_eq!(outcome(200, JSON, &body), "unknown");
}
