use std::time::Duration;

use base::StoreError;

use super::*;

fn header<'a>(response: &'a Response<Vec<u8>>, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[test]
fn refusals_have_the_status_and_the_headers_their_code_asks_for() {
    let cases = [
        (Refused::new(ErrorCode::InvalidGrant, "x"), 400, None, None),
        (
            Refused::new(ErrorCode::InvalidClient, "x"),
            401,
            Some("Basic realm=\"oauth\", charset=\"UTF-8\""),
            None,
        ),
        (Refused::too_many("x", Duration::from_secs(17)), 429, None, Some("17")),
        (Refused::new(ErrorCode::TemporarilyUnavailable, "x"), 503, None, Some("1")),
    ];
    for (refused, status, challenge, retry_after) in cases {
        let response = refusal_response(&refused);
        assert_eq!(response.status(), status);
        assert_eq!(header(&response, "www-authenticate"), challenge);
        assert_eq!(header(&response, "retry-after"), retry_after);
        assert_eq!(header(&response, "cache-control"), Some("no-store"));
        assert_eq!(header(&response, "content-type"), Some("application/json"));
    }
}

#[test]
fn a_failing_database_is_503_and_tells_nothing_of_itself() {
    let reply: Reply<()> = Reply::Answered(Err(StoreError::Unavailable("disk sda1".to_owned()).into()));
    let rendered = revocation_response(reply);
    assert_eq!(rendered.response.status(), 503);
    assert!(!String::from_utf8(rendered.response.into_body()).unwrap().contains("sda1"));
}

#[test]
fn faults_take_the_place_of_answers() {
    let cut = revocation_response(Reply::Disturbed { fault: Fault::Truncate, behind: Some(Ok(())) });
    assert_eq!((cut.ending, cut.response.body().as_slice()), (Ending::Truncated, b"{}".as_slice()));
    let closed = revocation_response(Reply::Disturbed { fault: Fault::Close, behind: Some(Ok(())) });
    assert_eq!(closed.ending, Ending::Closed);
    let status = revocation_response(Reply::Disturbed { fault: Fault::Status(502), behind: None });
    assert_eq!((status.ending, status.response.status().as_u16()), (Ending::Whole, 502));
    let page = revocation_response(Reply::Disturbed { fault: Fault::Html(200), behind: None });
    assert_eq!(header(&page.response, "content-type"), Some("text/html; charset=utf-8"));
}
