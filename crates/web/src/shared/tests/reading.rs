//! What is read of a request: queries, forms, JSON, cookies and addresses.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use serde::Deserialize;

use super::{ask, site, text};
use crate::shared::{Api, ClientAddress, CookieLife, Form, Json, Pages, Path, Query, Site, frame};

const FORM: &str = "application/x-www-form-urlencoded";

#[derive(Deserialize)]
struct Choice {
    company: String,
    limit: Option<u32>,
    #[serde(default)]
    scopes: Vec<String>,
}

impl Choice {
    fn show(&self) -> String {
        format!("{} {:?} {}", self.company, self.limit, self.scopes.join("+"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Name {
    name: String,
}

#[derive(Deserialize)]
struct Family {
    people: Vec<Name>,
    eldest: Option<Name>,
    note: serde_json::Value,
}

fn router() -> Router {
    let router = Router::new()
        .route("/v1/query", get(|Query(choice, ..): Query<Choice, Api>| async move { choice.show() }))
        .route("/v1/form", post(|Form(choice, ..): Form<Choice, Api>| async move { choice.show() }))
        .route("/form", post(|Form(choice, ..): Form<Choice, Pages>| async move { choice.show() }))
        .route("/v1/json", post(|Json(body, ..): Json<Name>| async move { body.name }))
        .route(
            "/v1/family",
            post(|Json(family, ..): Json<Family>| async move {
                let names: Vec<String> =
                    family.people.into_iter().chain(family.eldest).map(|one| one.name).collect();
                format!("{} {}", names.join("+"), family.note)
            }),
        )
        .route("/v1/things/{number}", get(|Path(number, ..): Path<u32>| async move { number.to_string() }));
    frame(router, &Arc::new(site("http://127.0.0.1:8080")))
}

fn form(path: &str) -> http::request::Builder {
    Request::post(path).header(header::CONTENT_TYPE, FORM)
}

#[tokio::test]
async fn parameters_are_read_strictly() {
    let router = router();
    for (query, expected) in [
        ("company=a+b%C3%A9&limit=5&scopes=x&scopes=y", Ok("a b\u{e9} Some(5) x+y")),
        ("company=a&limit=&other=1", Ok("a None ")),
        ("company=a&company=a", Err("`company` occurs more than once.")),
        ("company=a&other=1&other=2", Err("`other` occurs more than once.")),
        ("company=%zz", Err("the encoding of the parameters is broken.")),
        ("company=%ff", Err("the encoding of the parameters is broken.")),
        ("company=a%00", Err("the encoding of the parameters is broken.")),
        ("limit=5", Err("`company` is missing.")),
        ("company=a&limit=hunter2", Err("`limit` is not a number that fits here.")),
    ] {
        for posted in [false, true] {
            let response = if posted {
                ask(&router, form("/v1/form"), query).await
            } else {
                ask(&router, Request::get(format!("/v1/query?{query}")), "").await
            };
            let (status, body) = (response.status(), text(response).await);
            match expected {
                Ok(expected) => assert_eq!((status, body.as_str()), (StatusCode::OK, expected)),
                Err(detail) => {
                    assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
                    assert!(body.contains(detail), "{query}: {body}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_form_of_another_type_or_size_is_refused_in_the_shape_of_its_surface() {
    let router = router();
    let wrong =
        ask(&router, Request::post("/v1/form").header(header::CONTENT_TYPE, "text/plain"), "company=a").await;
    assert_eq!(wrong.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(wrong.headers()[header::CONTENT_TYPE], "application/problem+json");

    let large = ask(&router, form("/form"), format!("company={}", "a".repeat(70_000))).await;
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(text(large).await.contains("<h1>The request is too large</h1>"));
}

#[tokio::test]
async fn json_is_refused_without_repeating_what_was_sent() {
    let router = router();
    let json = || Request::post("/v1/json").header(header::CONTENT_TYPE, "application/json; charset=utf-8");
    assert_eq!(text(ask(&router, json(), r#"{"name":"x"}"#).await).await, "x");
    for (body, status, detail) in [
        (r#"{"name":"#, StatusCode::BAD_REQUEST, "not valid JSON"),
        ("{}", StatusCode::UNPROCESSABLE_ENTITY, "missing field `name`"),
        (r#"{"name":"a","name":"b"}"#, StatusCode::UNPROCESSABLE_ENTITY, "duplicate field `name`"),
        (r#"["a"]"#, StatusCode::UNPROCESSABLE_ENTITY, "a value of the wrong kind"),
        ("[]", StatusCode::UNPROCESSABLE_ENTITY, "a value of the wrong kind"),
        (r#"{"name":1234567}"#, StatusCode::UNPROCESSABLE_ENTITY, "a value of the wrong kind"),
        (r#"{"name":"a","hunter2":1}"#, StatusCode::UNPROCESSABLE_ENTITY, "a member is unknown"),
    ] {
        let response = ask(&router, json(), body).await;
        assert_eq!(response.status(), status, "{body}");
        let answer = text(response).await;
        assert!(
            answer.contains(detail) && !answer.contains("hunter2") && !answer.contains("1234567"),
            "{answer}"
        );
    }
}

/// What serde derives would take the elements of a list for the members of a struct in their order.
#[tokio::test]
async fn a_list_is_no_object_at_any_depth() {
    let router = router();
    let send = |body: &'static str| {
        ask(&router, Request::post("/v1/family").header(header::CONTENT_TYPE, "application/json"), body)
    };
    let good =
        send(r#"{"people":[{"name":"a"}],"eldest":{"name":"b"},"note":[["lists"],{"stay":[1]}]}"#).await;
    assert_eq!(text(good).await, r#"a+b [["lists"],{"stay":[1]}]"#);
    let json = Request::post("/v1/family").header(header::CONTENT_TYPE, "application/json");
    let no_text = ask(&router, json, b"{\"people\":[],\"note\":null,\"other\":\"\xff\"}".as_slice()).await;
    assert_eq!(
        no_text.status(),
        StatusCode::BAD_REQUEST,
        "bytes that are no text, in a member that is passed over"
    );
    for body in [
        r#"[[{"name":"a"}],null,null]"#,
        r#"{"people":[["a"]],"note":null}"#,
        r#"{"people":[],"eldest":["a"],"note":null}"#,
    ] {
        let response = send(body).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert!(text(response).await.contains("a value of the wrong kind"), "{body}");
    }
}

#[tokio::test]
async fn a_path_that_cannot_be_read_names_nothing() {
    let response = ask(&router(), Request::get("/v1/things/abc"), "").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
}

#[test]
fn cookies_carry_the_side_in_their_name_and_the_host_prefix_where_it_is_https() {
    let plain = site("http://127.0.0.1:8080");
    let secure = site("https://connect.example.com/mainstay");
    assert_eq!(
        plain.set_cookie("session", "abc", CookieLife::Session),
        "mst_connect_session=abc; HttpOnly; SameSite=Lax; Path=/"
    );
    assert_eq!(
        secure.set_cookie("session", "abc", CookieLife::For(Duration::from_mins(1))),
        "__Host-mst_connect_session=abc; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60"
    );
    let read = |site: &Site, line: &'static str| {
        let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(line))]);
        site.cookie(&headers, "session").map(|value| value.expose().clone())
    };
    assert_eq!(read(&plain, "a=b; mst_connect_session=abc").as_deref(), Some("abc"));
    assert_eq!(
        read(&secure, "mst_connect_session=abc"),
        None,
        "a cookie without the prefix may come from anybody"
    );
    assert_eq!(
        read(&plain, "mst_connect_session=abc; mst_connect_session=def"),
        None,
        "one of them is not ours"
    );
    assert_eq!(read(&plain, "mst_platform_session=abc"), None);
    assert_eq!(read(&plain, "mst_connect_session="), None);
}

#[tokio::test]
async fn the_log_tells_once_of_a_forwarded_address_that_is_not_believed() {
    let mut site = site("http://127.0.0.1:8080");
    site.trusted_proxies = vec!["10.0.0.0/8".parse().expect("a network")];
    let site = Arc::new(site);
    let router = Router::new()
        .route("/", get(|ClientAddress(address): ClientAddress| async move { address.to_string() }));
    let router = frame(router, &site);
    for (peer, forwarded, told) in [
        ("192.0.2.1:1", None, false),
        ("10.0.0.1:1", Some("203.0.113.9"), false),
        ("192.0.2.1:1", Some("203.0.113.9"), true),
    ] {
        let peer: SocketAddr = peer.parse().expect("an address");
        let layered = router.clone().layer(Extension(ConnectInfo(peer)));
        let mut request = Request::get("/");
        if let Some(forwarded) = forwarded {
            request = request.header("x-forwarded-for", forwarded);
        }
        ask(&layered, request, "").await;
        assert_eq!(site.unbelieved_told.is_completed(), told, "{peer} with {forwarded:?}");
    }
}

#[tokio::test]
async fn forwarded_addresses_are_believed_from_trusted_proxies_alone() {
    let mut site = site("http://127.0.0.1:8080");
    site.trusted_proxies = vec!["10.0.0.0/8".parse().expect("a network")];
    let router = Router::new()
        .route("/", get(|ClientAddress(address): ClientAddress| async move { address.to_string() }));
    let router = frame(router, &Arc::new(site));
    for (peer, forwarded, expected) in [
        ("192.0.2.1:1", "203.0.113.9", "192.0.2.1"),
        ("10.0.0.1:1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1:1", "198.51.100.7, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1:1", "203.0.113.9, nonsense", "10.0.0.1"),
        ("10.0.0.1:1", "[2001:db8::1]", "2001:db8::1"),
        ("[::ffff:10.0.0.1]:1", "203.0.113.9:55", "203.0.113.9"),
    ] {
        let peer: SocketAddr = peer.parse().expect("an address");
        let layered = router.clone().layer(Extension(ConnectInfo(peer)));
        let response = ask(&layered, Request::get("/").header("x-forwarded-for", forwarded), "").await;
        assert_eq!(text(response).await, expected, "{peer} with {forwarded}");
    }
}
