use http::{HeaderValue, Request, header};

use crate::house::{FORM, House};
use crate::text;

const DOORS: [(&str, &str); 46] = [
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
    ("GET", "/settings/account"),
    ("POST", "/settings/account/sign-out-everywhere"),
    ("GET", "/developer"),
    ("GET", "/developer/register"),
    ("POST", "/developer/register"),
    ("GET", "/developer/clients/{OWN}"),
    ("GET", "/developer/clients/{OWN}/edit"),
    ("POST", "/developer/clients/{OWN}/edit"),
    ("POST", "/developer/clients/{OWN}/rotate"),
    ("POST", "/developer/clients/{OWN}/remove"),
    ("GET", "/developer/clients/{OWN}/postman-environment.json"),
    ("GET", "/developer/clients/"),
    ("GET", "/admin"),
    ("GET", "/admin/clients"),
    ("GET", "/admin/clients/{OWN}"),
    ("POST", "/admin/clients/{OWN}/approve"),
    ("POST", "/admin/clients/{OWN}/decline"),
    ("POST", "/admin/clients/{OWN}/suspend"),
    ("POST", "/admin/clients/books/remove"),
    ("POST", "/admin/clients/books/directory"),
    ("POST", "/admin/clients/books/logo"),
    ("GET", "/admin/registration-tokens"),
    ("POST", "/admin/registration-tokens"),
    ("POST", "/admin/registration-tokens/revoke"),
    ("GET", "/admin/users"),
    ("GET", "/admin/users/{USER}"),
    ("POST", "/admin/users/{USER}/disable"),
    ("POST", "/admin/users/{USER}/enable"),
    ("POST", "/admin/users/{USER}/sign-out"),
    ("POST", "/admin/users/{USER}/roles"),
    ("POST", "/admin/users/{USER}/roles/remove"),
    ("GET", "/admin/companies"),
    ("GET", "/admin/companies/0198d5c2-0000-7000-8000-000000000011"),
    ("POST", "/admin/companies/0198d5c2-0000-7000-8000-000000000011/suspend"),
    ("POST", "/admin/companies/0198d5c2-0000-7000-8000-000000000011/roles"),
    ("GET", "/admin/audit"),
];

/// People's pages of the whole server. The first byte chooses one, the first line is the `Cookie` header, the rest is the form or the
/// query. Never a failure of the server; redirects lead to pages here or to where a client registered; whoever has not both the cookie
/// and the value of its forms changes nothing; whoever does not administer the platform neither sees nor changes what is for those who do.
pub fn pages(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    let Some((line, body)) = text(rest).and_then(|rest| rest.split_once('\n')) else { return };
    let (method, path) = DOORS[usize::from(*choice) % DOORS.len()];
    House::visit(|house| {
        let Ok(cookie) = HeaderValue::from_str(&house.known.fill(line)) else { return };
        let filled = house.known.fill(body);
        let is_anna = line.contains("{COOKIE}");
        let is_for_administrators = path.starts_with("/admin");
        let may_act = is_anna && body.contains("{CSRF}")
            || !is_for_administrators && line.contains("{EMIL}") && body.contains("{EMILS}");
        let path = &house.known.fill(path);
        let (uri, body) = match method {
            "GET" if path.ends_with('/') => (format!("{path}{filled}"), String::new()),
            "GET" => (format!("{path}?{filled}"), String::new()),
            _ => (path.clone(), filled),
        };
        let request = Request::builder().method(method).uri(uri).header(header::COOKIE, cookie);
        let Ok(request) = request.header(header::CONTENT_TYPE, FORM).body(body) else { return };
        let seen = house.send(request);
        let status = seen.status.as_u16();
        assert!(matches!(status, 200 | 303 | 400..500), "{method} {path} answers {status}");
        let lets_in = !seen.header(header::LOCATION).is_some_and(|location| location.starts_with("/login"));
        assert!(
            is_anna || !is_for_administrators || (400..500).contains(&status) || !lets_in,
            "{method} {path} answers {status} to somebody who is no administrator"
        );
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
