use http::{HeaderValue, Request, StatusCode, header};
use url::Url;

use crate::house::{FORM, House, ORIGIN, Seen};
use crate::text;

const PATHS: [&str; 3] = ["/oauth/token", "/oauth/token/introspect", "/oauth/revoke"];

/// The OAuth endpoints of the whole server. The first byte chooses one, the first line is the `Authorization` header, the rest is the
/// form, or for the authorization endpoint the query. Never a failure of the server; each refusal in the shape of RFC 6749 section
/// 5.2; tokens come of a code or a refresh token alone, and a refusal harms none.
pub fn oauth_endpoints(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    let Some((line, body)) = text(rest).and_then(|rest| rest.split_once('\n')) else { return };
    House::visit(|house| match PATHS.get(usize::from(*choice) % 4) {
        Some(path) => post(house, path, &house.known.fill(line), house.known.fill(body)),
        None => authorize(house, &house.known.fill(body)),
    });
}

fn post(house: &House, path: &str, authorization: &str, body: String) {
    let mut request = Request::post(path).header(header::CONTENT_TYPE, FORM);
    if !authorization.is_empty() {
        let Ok(value) = HeaderValue::from_str(authorization) else { return };
        request = request.header(header::AUTHORIZATION, value);
    }
    let names_one = body.contains(&house.known.refresh) || body.contains(&house.known.code);
    let seen = house.send(request.body(body).expect("a request"));
    assert_eq!(seen.header(header::CACHE_CONTROL), Some("no-store"), "{path}");
    let json = seen.json();
    match seen.status {
        StatusCode::OK => {
            let gives_tokens = json.get("access_token").is_some() || json.get("refresh_token").is_some();
            assert!(gives_tokens == (path == "/oauth/token"), "{path}: {json}");
            assert!(!gives_tokens || names_one, "tokens for nothing");
        }
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::PAYLOAD_TOO_LARGE => {
            assert!(json["error"].is_string() && json.get("access_token").is_none(), "{path}: {json}");
            let description = json["error_description"].as_str().unwrap_or_else(|| panic!("{path}: {json}"));
            let allowed = |c| matches!(c, ' ' | '!' | '#'..='[' | ']'..='~');
            assert!(description.chars().all(allowed), "{path}: {description}");
            assert!(
                seen.status != StatusCode::UNAUTHORIZED
                    || seen.headers.contains_key(header::WWW_AUTHENTICATE)
            );
            if names_one {
                let alive = house.is_active(&house.known.refresh) && house.is_active(&house.known.access);
                assert!(alive, "a refused request ended an authorisation: {json}");
            }
        }
        other => panic!("{path} answers {other}: {json}"),
    }
}

fn authorize(house: &House, query: &str) {
    let Ok(request) = Request::get(format!("/oauth/authorize?{query}")).body(String::new()) else { return };
    let Seen { status, headers, body } = house.send(request);
    match status {
        StatusCode::OK | StatusCode::BAD_REQUEST => assert!(!body.is_empty()),
        StatusCode::SEE_OTHER => {
            let location = headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
            let location = Url::parse(location.expect("a redirect leads somewhere")).expect("to a URL");
            let registered = location.as_str().starts_with("https://books.example/callback?");
            let loopback = location.host_str() == Some("127.0.0.1") && location.path() == "/cb";
            assert!(registered || loopback, "a redirect to {location}");
            let one =
                |name: &str| location.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value);
            assert!(one("error").is_some() && one("code").is_none() && one("iss").as_deref() == Some(ORIGIN));
        }
        other => panic!("the authorization endpoint answers {other}"),
    }
    assert!(house.is_as_it_was(), "looking at a page has written something");
}
