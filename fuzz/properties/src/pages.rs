use http::{HeaderValue, Request, header};

use crate::house::{FORM, House};
use crate::text;

const DOORS: [(&str, &str); 10] = [
    ("GET", "/login"),
    ("POST", "/login"),
    ("GET", "/settings/apps"),
    ("POST", "/settings/apps"),
    ("POST", "/settings/accounting"),
    ("POST", "/settings/api-keys"),
    ("POST", "/settings/api-keys/revoke"),
    ("POST", "/logout"),
    ("POST", "/oauth/authorize"),
    ("GET", "/oauth/authorize"),
];

/// People's pages of the whole server. The first byte chooses one, the first line is the `Cookie` header, the rest is the form or the
/// query. Never a failure of the server; redirects lead to pages here or to where a client registered; whoever has not both the cookie
/// and the value of its forms changes nothing.
pub fn pages(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    let Some((line, body)) = text(rest).and_then(|rest| rest.split_once('\n')) else { return };
    let (method, path) = DOORS[usize::from(*choice) % DOORS.len()];
    House::visit(|house| {
        let Ok(cookie) = HeaderValue::from_str(&house.known.fill(line)) else { return };
        let filled = house.known.fill(body);
        let may_act = line.contains("{COOKIE}") && body.contains("{CSRF}");
        let (uri, body) = match method {
            "GET" => (format!("{path}?{filled}"), String::new()),
            _ => (path.to_owned(), filled),
        };
        let request = Request::builder().method(method).uri(uri).header(header::COOKIE, cookie);
        let Ok(request) = request.header(header::CONTENT_TYPE, FORM).body(body) else { return };
        let seen = house.send(request);
        let status = seen.status.as_u16();
        assert!(matches!(status, 200 | 303 | 400..500), "{method} {path} answers {status}");
        if let Some(location) = seen.header(header::LOCATION) {
            let ours = location.starts_with('/') && !location.starts_with("//") && !location.contains('\\');
            let client = ["https://books.example/callback?", "http://127.0.0.1"];
            assert!(
                ours || client.iter().any(|place| location.starts_with(place)),
                "a redirect to {location}"
            );
        }
        assert!(may_act && method == "POST" || house.is_as_it_was(), "{method} {path} has written something");
    });
}
