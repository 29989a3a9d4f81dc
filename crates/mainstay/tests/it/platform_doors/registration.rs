//! Registration by programs (RFC 7591) and management of what they registered (RFC 7592) with good tokens, and bad in all else.

use serde_json::{Value, json};

use super::site::{Answer, Site, Then};
use super::{Shape, check, near};

const REGISTER: &str = "/oauth/register";
const JSON: (&str, &str) = ("content-type", "application/json");

fn good() -> Value {
    json!({ "client_name": "Swept", "redirect_uris": ["https://swept.example/cb"], "scope": "users:read" })
}

/// A place to send JSON to, with what a good body of it has beside the metadata.
struct Door {
    method: &'static str,
    path: String,
    bearer: String,
    client_id: Option<String>,
}

impl Door {
    fn send(&self, site: &Site, body: &[u8]) -> Answer {
        site.send(self.method, &self.path, &[("authorization", &self.bearer), JSON], body)
    }

    /// A good body with one member as it should not be.
    fn with(&self, member: &str, value: Value) -> String {
        let mut body = good();
        if let Some(id) = &self.client_id {
            body["client_id"] = json!(id);
        }
        body[member] = value;
        body.to_string()
    }

    /// Bodies that are refused for what they say.
    fn told_wrong(&self) -> Vec<String> {
        let texts =
            ["client_name", "scope", "client_uri", "logo_uri", "tos_uri", "policy_uri", "subject_type"];
        let lists = ["redirect_uris", "contacts", "grant_types", "response_types"];
        let mut bodies = Vec::new();
        for text in texts {
            bodies.extend(
                [json!(1), json!({}), json!(["x"]), json!("a\u{0}b")].map(|bad| self.with(text, bad)),
            );
        }
        for list in lists {
            bodies.extend(
                [json!("x"), json!({}), json!([1]), json!(["a\u{0}b"])].map(|bad| self.with(list, bad)),
            );
        }
        for uri in [
            "javascript:alert(1)",
            "https://swept.example/cb#x",
            "https://*.example/cb",
            "/cb",
            "https://swept.example/cb\r\nSet-Cookie: a=b",
            "",
        ] {
            bodies.push(self.with("redirect_uris", json!([uri])));
        }
        bodies.push(self.with("redirect_uris", json!([])));
        bodies.push(self.with("redirect_uris", json!(vec!["https://swept.example/cb"; 21])));
        bodies.push(self.with("client_name", json!("a\r\nSet-Cookie: a=b")));
        bodies.push(self.with("client_name", json!("x".repeat(81))));
        bodies.push(self.with("client_name", json!("Pleo")));
        bodies.push(self.with("client_uri", json!("javascript:alert(1)")));
        bodies.push(self.with("scope", json!("users:read everything")));
        bodies.push(self.with("contacts", json!(["a@b.example\r\nBcc: c@d.example"])));
        bodies.push(self.with("token_endpoint_auth_method", json!("private_key_jwt")));
        bodies.push(self.with("grant_types", json!(["password"])));
        bodies.push(self.with("response_types", json!(["token"])));
        if self.client_id.is_some() {
            bodies.push(self.with("client_id", json!("books")));
            bodies.push(self.with("client_id", Value::Null));
            bodies.push(self.with("client_secret", json!("chosen by itself")));
            bodies.push(self.with("registration_access_token", json!("x")));
        }
        bodies
    }

    /// Bodies that cannot be read.
    fn unreadable(&self) -> Vec<Vec<u8>> {
        let whole = self.with("contacts", json!([]));
        let mut bodies: Vec<Vec<u8>> =
            ["", "{", "[", "null", "1", "\"x\"", "[]", "{}}", "\u{feff}{}", "[{}]"]
                .map(|text| text.as_bytes().to_vec())
                .into();
        bodies.push(whole.as_bytes()[..whole.len() - 1].to_vec());
        bodies.push(format!("[{whole}]").into_bytes());
        bodies.push(b"[[\"https://swept.example/cb\"],null,null,null,\"Swept\"]".to_vec());
        bodies.push(format!("{{\"client_name\":\"Other\",{}", &whole[1..]).into_bytes());
        bodies.push([b"{\"client_name\":\"\xff\",".as_slice(), &whole.as_bytes()[1..]].concat());
        bodies.push([b"{\"x\":\"\xed\xa0\x80\",".as_slice(), &whole.as_bytes()[1..]].concat());
        bodies.push(format!("{{\"x\":{}", "[".repeat(60_000)).into_bytes());
        bodies.push(format!("{{\"x\":\"{}\",{}", "a".repeat(1 << 20), &whole[1..]).into_bytes());
        bodies
    }
}

/// Each with its good token: whatever is wrong is a 4xx in the shape of OAuth, uses the token up by nothing, and changes nothing.
pub(crate) fn broken_registrations_are_refused() {
    let site = Site::start();
    let initial = format!("Bearer {}", site.initial_access_token(2, &[]));
    let register =
        Door { method: "POST", path: REGISTER.to_owned(), bearer: initial.clone(), client_id: None };
    let made = register.send(&site, good().to_string().as_bytes());
    assert_eq!(made.status, 201, "{}", made.body);
    let made = made.json();
    let id = made["client_id"].as_str().unwrap();
    let path = format!("{REGISTER}/{id}");
    let own = format!("Bearer {}", made["registration_access_token"].as_str().unwrap());
    let manage =
        Door { method: "PUT", path: path.clone(), bearer: own.clone(), client_id: Some(id.to_owned()) };
    let show = |bearer: &str| site.send("GET", &path, &[("authorization", bearer)], b"");
    let (shown, rows) = (show(&own).json(), site.rows());

    for door in [&register, &manage] {
        let refused = |answer: &Answer, status: u16, what: &str| {
            let what = format!("{} {what}", door.method);
            assert_eq!(answer.status, status, "{what}: {}", answer.body);
            check(Shape::OAuth, answer, &what);
            assert!(answer.header("set-cookie").is_none(), "{what}: {}", answer.head);
        };
        for body in door.told_wrong() {
            refused(&door.send(&site, body.as_bytes()), 400, &body);
        }
        for body in door.unreadable() {
            let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
            let status = if body.len() > 64 * 1024 { 413 } else { 400 };
            refused(&door.send(&site, &body), status, &shown);
        }
        let body = door.with("contacts", json!([]));
        let body = body.as_bytes();
        for kind in ["application/x-www-form-urlencoded", "text/plain", "application/jsonp", ""] {
            let lines = [("authorization", door.bearer.as_str()), ("content-type", kind)];
            refused(&site.send(door.method, &door.path, &lines, body), 400, kind);
        }
        let good_line = ("authorization", door.bearer.as_str());
        let twice = [good_line, good_line, JSON];
        refused(&site.send(door.method, &door.path, &twice, body), 400, "two Authorization lines");
        let token = door.bearer.trim_start_matches("Bearer ");
        let in_query = format!("{}?access_token={token}", door.path);
        refused(&site.send(door.method, &in_query, &[JSON], body), 401, "the token in the address");
        let others = near(token).into_iter().map(|near| format!("Bearer {near}"));
        let others = others.chain(["Bearer", "Bearer ", "Basic eDp5", "\u{fc}"].map(ToOwned::to_owned));
        for line in others.chain([format!("Basic {token}"), token.to_owned()]) {
            let answer = site.send(door.method, &door.path, &[("authorization", &line), JSON], body);
            refused(&answer, 401, &line);
            assert!(answer.header("www-authenticate").is_some(), "{line}: {}", answer.head);
        }
        let short = [good_line, JSON, ("content-length", "9999")];
        let answer = site.raw(&site.request(door.method, &door.path, &short, body), Then::HangUp);
        assert!(answer.status < 500, "a body that breaks off: {}", answer.head);
    }
    // Neither token opens the other door, and a client's tokens open neither.
    for (method, path, bearer) in [
        ("POST", REGISTER, &own),
        ("PUT", path.as_str(), &initial),
        ("GET", path.as_str(), &initial),
        ("DELETE", path.as_str(), &initial),
        ("GET", "/oauth/register/books", &own),
        ("DELETE", "/oauth/register/books", &own),
        ("POST", REGISTER, &format!("Bearer {}", site.access)),
        ("DELETE", path.as_str(), &format!("Bearer {}", site.access)),
    ] {
        let answer =
            site.send(method, path, &[("authorization", bearer), JSON], good().to_string().as_bytes());
        assert_eq!(answer.status, 401, "{method} {path}");
        check(Shape::OAuth, &answer, path);
    }

    assert_eq!(site.rows(), rows);
    assert_eq!(show(&own).json(), shown, "the client, or the token for it, is another");
    let again = register.send(&site, good().to_string().as_bytes());
    assert_eq!(again.status, 201, "a refusal has used up the token: {}", again.body);
    site.close();
}
