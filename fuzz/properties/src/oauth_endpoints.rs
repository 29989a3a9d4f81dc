use std::collections::BTreeSet;

use http::{HeaderValue, Request, StatusCode, header};
use oauth::RegistrationRequest;
use serde_json::Value;
use url::Url;

use crate::house::{FORM, House, ORIGIN, Seen};
use crate::text;

/// Where forms are sent to.
const PATHS: [&str; 3] = ["/oauth/token", "/oauth/token/introspect", "/oauth/revoke"];
/// Where clients are registered and managed.
const REGISTRATIONS: [(&str, &str); 4] = [
    ("POST", "/oauth/register"),
    ("GET", "/oauth/register/{MANAGED}"),
    ("PUT", "/oauth/register/{MANAGED}"),
    ("DELETE", "/oauth/register/{MANAGED}"),
];

/// The OAuth endpoints of the whole server. The first byte chooses one, the first line is the `Authorization` header, the rest is the
/// form, the JSON of a registration, or for the authorization endpoint the query. Never a failure of the server; each refusal in the
/// shape of RFC 6749 section 5.2; tokens come of a code or a refresh token alone, a client is registered and managed with the token for
/// that alone and gets no more than it asked for, and a refusal harms none.
pub fn oauth_endpoints(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    let Some((line, body)) = text(rest).and_then(|rest| rest.split_once('\n')) else { return };
    let choice = usize::from(*choice) % (PATHS.len() + 1 + REGISTRATIONS.len());
    House::visit(|house| match (PATHS.get(choice), choice.checked_sub(PATHS.len() + 1)) {
        (Some(path), _) => post(house, path, &house.known.fill(line), house.known.fill(body)),
        (None, None) => authorize(house, &house.known.fill(body)),
        (None, Some(at)) => register(house, REGISTRATIONS[at], line, house.known.fill(body)),
    });
}

fn register(house: &House, (method, path): (&str, &str), authorization: &str, body: String) {
    let line = house.known.fill(authorization);
    let token = if method == "POST" { &house.known.initial } else { &house.known.management };
    let may_act = line.contains(token);
    let asked = RegistrationRequest::parse(body.as_bytes());
    let mut request = Request::builder().method(method).uri(house.known.fill(path));
    request = request.header(header::CONTENT_TYPE, "application/json");
    if !line.is_empty() {
        let Ok(value) = HeaderValue::from_str(&line) else { return };
        request = request.header(header::AUTHORIZATION, value);
    }
    let seen = house.send(request.body(body).expect("a request"));
    assert_eq!(seen.header(header::CACHE_CONTROL), Some("no-store"), "{method} {path}");
    match seen.status {
        StatusCode::NO_CONTENT => {
            assert!(may_act && method == "DELETE" && seen.body.is_empty(), "{method} {path} answers nothing");
        }
        StatusCode::OK | StatusCode::CREATED => {
            let told = seen.json();
            assert!(may_act && method != "DELETE", "{method} {path} without its token: {told}");
            assert_eq!(seen.status == StatusCode::CREATED, method == "POST");
            if method != "GET" {
                granted(&told, &asked.expect("what is registered was read"));
            }
        }
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::PAYLOAD_TOO_LARGE => {
            let told = seen.json();
            assert!(told["error"].is_string() && told.get("client_id").is_none(), "{method} {path}: {told}");
            assert!(
                seen.status != StatusCode::UNAUTHORIZED
                    || seen.headers.contains_key(header::WWW_AUTHENTICATE)
            );
            assert!(house.is_as_it_was(), "{method} {path} was refused and has written something: {told}");
        }
        other => panic!("{method} {path} answers {other}"),
    }
    assert!(house.is_active(&house.known.access), "what is said about one client ended what another has");
}

/// What is told of a client is what was asked for it.
fn granted(told: &Value, asked: &RegistrationRequest) {
    let words = |text: &str| text.split_ascii_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
    let scope = words(told["scope"].as_str().unwrap_or_default());
    if let Some(asked) = &asked.scope {
        assert!(scope.is_subset(&words(asked)), "asked for {asked} and was given {}", told["scope"]);
    }
    let uris: Vec<&str> =
        told["redirect_uris"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    assert_eq!(uris, asked.redirect_uris, "{told}");
    let public = asked.auth_method.0.as_str() == "none";
    assert!(!public || told.get("client_secret").is_none(), "a public client was given a secret");
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
