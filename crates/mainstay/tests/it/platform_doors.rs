//! Bad input at every door of the platform side, over HTTP and to the real binary: a 4xx of the right shape, never a 5xx, and nothing
//! written.

pub(crate) mod nul;
pub(crate) mod registration;
mod site;
pub(crate) mod stopping;
pub(crate) mod verified;

use std::fmt::Write as _;

use site::{Answer, CALLBACK, COMPANY, EXPENSE, FORM, Site, Then, authorize_path, basic, encode, hidden};

/// How a door refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// RFC 6749 section 5.2.
    OAuth,
    /// Pleo's `{type, message}`.
    Api,
    /// A page.
    Page,
}

struct Door {
    path: &'static str,
    methods: &'static [&'static str],
    shape: Shape,
}

const fn door(path: &'static str, methods: &'static [&'static str], shape: Shape) -> Door {
    Door { path, methods, shape }
}

const SOME_ID: &str = "5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a5fff";

const DOORS: &[Door] = &[
    door("/.well-known/oauth-authorization-server", &["GET"], Shape::OAuth),
    door("/oauth/token", &["POST"], Shape::OAuth),
    door("/oauth/token/introspect", &["POST"], Shape::OAuth),
    door("/oauth/revoke", &["POST"], Shape::OAuth),
    door("/oauth/authorize", &["GET", "POST"], Shape::Page),
    door("/login", &["GET", "POST"], Shape::Page),
    door("/logout", &["POST"], Shape::Page),
    door("/", &["GET"], Shape::Page),
    door("/settings", &["GET"], Shape::Page),
    door("/settings/apps", &["GET", "POST"], Shape::Page),
    door("/settings/accounting", &["GET", "POST"], Shape::Page),
    door("/settings/api-keys", &["GET", "POST"], Shape::Page),
    door("/settings/api-keys/revoke", &["POST"], Shape::Page),
    door("/.well-known/oauth-protected-resource", &["GET"], Shape::OAuth),
    door("/oauth/register", &["POST"], Shape::OAuth),
    door("/oauth/register/books", &["GET", "PUT", "DELETE"], Shape::OAuth),
    door("/logos/books", &["GET"], Shape::Page),
    door("/settings/account", &["GET"], Shape::Page),
    door("/settings/account/sign-out-everywhere", &["POST"], Shape::Page),
    door("/developer", &["GET"], Shape::Page),
    door("/developer/register", &["GET", "POST"], Shape::Page),
    door("/developer/clients/books", &["GET"], Shape::Page),
    door("/developer/clients/books/edit", &["GET", "POST"], Shape::Page),
    door("/developer/clients/books/rotate", &["POST"], Shape::Page),
    door("/developer/clients/books/logo", &["POST"], Shape::Page),
    door("/developer/clients/books/remove", &["POST"], Shape::Page),
    door("/admin", &["GET"], Shape::Page),
    door("/admin/clients", &["GET"], Shape::Page),
    door("/admin/clients/books", &["GET"], Shape::Page),
    door("/admin/clients/books/approve", &["POST"], Shape::Page),
    door("/admin/clients/books/decline", &["POST"], Shape::Page),
    door("/admin/clients/books/suspend", &["POST"], Shape::Page),
    door("/admin/clients/books/remove", &["POST"], Shape::Page),
    door("/admin/clients/books/directory", &["POST"], Shape::Page),
    door("/admin/clients/books/logo", &["POST"], Shape::Page),
    door("/admin/registration-tokens", &["GET", "POST"], Shape::Page),
    door("/admin/registration-tokens/revoke", &["POST"], Shape::Page),
    door("/admin/users", &["GET"], Shape::Page),
    door("/admin/users/5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a5fff/disable", &["POST"], Shape::Page),
    door("/admin/users/5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a5fff/enable", &["POST"], Shape::Page),
    door("/admin/users/5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a5fff/sign-out", &["POST"], Shape::Page),
    door("/admin/users/5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a5fff/roles", &["POST"], Shape::Page),
    door("/admin/users/5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a5fff/roles/remove", &["POST"], Shape::Page),
    door("/admin/companies", &["GET"], Shape::Page),
    door("/admin/companies/5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a5001/suspend", &["POST"], Shape::Page),
    door("/admin/companies/5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a5001/resume", &["POST"], Shape::Page),
    door("/admin/companies/5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a5001/roles", &["POST"], Shape::Page),
    door("/admin/audit", &["GET"], Shape::Page),
    door("/v1/introspect", &["GET"], Shape::Api),
    door("/v1/installations/me", &["GET", "POST", "PUT", "DELETE"], Shape::Api),
    door("/v1/installations/me:activate", &["POST"], Shape::Api),
    door("/v1/installations/completions", &["PUT"], Shape::Api),
    door("/v1/companies", &["GET"], Shape::Api),
    door("/v1/companies/5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a5001", &["GET"], Shape::Api),
    door("/v2/employees", &["GET"], Shape::Api),
    door("/v2/employees/5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a5fff", &["GET"], Shape::Api),
    door("/v3/export-jobs", &["GET", "POST"], Shape::Api),
    door("/v3/export-jobs/5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a5fff", &["GET"], Shape::Api),
    door("/v3/export-jobs/5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a5fff/items", &["GET", "PUT"], Shape::Api),
    door("/v3/export-job-events", &["POST"], Shape::Api),
    door("/v3/export-items", &["GET"], Shape::Api),
    door("/v1", &[], Shape::Api),
    door("/v1/nowhere", &[], Shape::Api),
    door("/oauth/token/nowhere", &[], Shape::OAuth),
    door("/nowhere", &[], Shape::Page),
];

/// A refusal of a door, in its shape.
fn check(shape: Shape, answer: &Answer, what: &str) {
    assert!((400..500).contains(&answer.status), "{what}: {}\n{}", answer.head, answer.body);
    let kind = answer.header("content-type").unwrap_or_default();
    match shape {
        Shape::OAuth => {
            let json = answer.json();
            assert!(
                kind == "application/json" && answer.header("cache-control") == Some("no-store"),
                "{what}"
            );
            let description = json["error_description"].as_str().unwrap_or_else(|| panic!("{what}: {json}"));
            let allowed = |c| matches!(c, ' ' | '!' | '#'..='[' | ']'..='~');
            assert!(json["error"].is_string() && description.chars().all(allowed), "{what}: {json}");
        }
        Shape::Api => {
            let json = answer.json();
            assert_eq!(kind, "application/json", "{what}");
            assert!(json["type"].is_string() && json["message"].is_string(), "{what}: {json}");
        }
        Shape::Page => assert!(kind.starts_with("text/html"), "{what}: {kind}"),
    }
}

/// Asks badly; nothing may have been written by it.
fn nothing_written(badly: impl FnOnce(&mut Site)) {
    let mut site = Site::start();
    let before = site.rows();
    badly(&mut site);
    assert_eq!(site.rows(), before);
    site.close();
}

pub(crate) fn unknown_methods_and_places_are_refused() {
    nothing_written(unknown_methods_and_places);
}

fn unknown_methods_and_places(site: &mut Site) {
    for door in DOORS {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "BREW", "get"] {
            if door.methods.contains(&method) {
                continue;
            }
            let what = format!("{method} {}", door.path);
            let answer = site.send(method, door.path, &[("content-type", FORM)], b"");
            let wanted = if door.methods.is_empty() { 404 } else { 405 };
            assert_eq!(answer.status, wanted, "{what}: {}", answer.body);
            check(door.shape, &answer, &what);
            if wanted == 405 {
                let allowed = answer.header("allow").unwrap_or_default();
                assert!(door.methods.iter().all(|one| allowed.contains(one)), "{what}: {allowed:?}");
            }
        }
    }
}

/// Queries that no list, page or authorization request takes.
pub(crate) fn broken_and_repeated_parameters_are_refused() {
    nothing_written(broken_and_repeated_parameters);
}

fn broken_and_repeated_parameters(site: &mut Site) {
    let lists = ["/v1/companies", "/v2/employees", "/v3/export-jobs", "/v3/export-items"];
    let broken = ["%", "%f", "%zz", "%ff", "%c3", "%00", "%ed%a0%80"];
    for list in lists {
        for bad in broken {
            for query in [format!("limit={bad}"), format!("{bad}=1"), format!("after={bad}")] {
                let path = format!("{list}?{query}");
                check(Shape::Api, &site.call("GET", &path, b""), &path);
            }
        }
        for query in [
            "limit=1&limit=2",
            "after=AA&after=AA",
            "after=AA&before=AA",
            "offset=1&after=AA",
            "limit=0",
            "limit=101",
            "limit=-1",
            "limit=99999999999999999999",
            "limit=1e1",
            "offset=-1",
            "offset=4294967296",
            "after=%F0%9F%92%A5",
            "after=aa",
            "after=A",
            "sorting_keys=id",
            "sorting_keys=id&sorting_order=UP",
            "sorting_keys=%27%3B--&sorting_order=ASC",
        ] {
            let path = format!("{list}?{query}");
            check(Shape::Api, &site.call("GET", &path, b""), &path);
        }
        let long: String = "x=1&".repeat(300);
        check(Shape::Api, &site.call("GET", &format!("{list}?{long}"), b""), "300 parameters");
    }
    for path in ["/v3/export-jobs?company_id=x&company_id=y", "/v3/export-jobs?statuses=done"] {
        check(Shape::Api, &site.call("GET", path, b""), path);
    }
    for id in ["x", "%00", "%ff", "..%2f..", "5F1E4E0C-61A4-4F0E-9C1E-0D6B8F3A5001", "%20", "'"] {
        for list in ["/v1/companies", "/v2/employees", "/v3/export-jobs"] {
            let path = format!("{list}/{id}");
            check(Shape::Api, &site.call("GET", &path, b""), &path);
        }
    }
    let good = authorize_path();
    for bad in broken {
        // What is unknown may hold anything that can be read at all; what cannot be read is never redirected.
        let answer = site.send("GET", &format!("{good}&x={bad}"), &[], b"");
        assert!(answer.status < 500 && answer.header("location").is_none(), "{bad}: {}", answer.head);
    }
    for name in ["client_id", "redirect_uri"] {
        check(Shape::Page, &site.send("GET", &format!("{good}&{name}=x"), &[], b""), name);
    }
    for name in ["response_type", "scope", "state", "code_challenge", "code_challenge_method"] {
        let path = format!("{good}&{name}=x");
        assert_eq!(site.send("GET", &path, &[], b"").status, 200, "{name}: before signing in");
        let answer = site.send("GET", &path, &[("cookie", &site.cookie())], b"");
        let location = answer.header("location").unwrap_or_else(|| panic!("{name}: {}", answer.head));
        assert!(answer.status == 303 && location.starts_with(&format!("{CALLBACK}?error=invalid_request&")));
    }
    for query in ["next=/&next=/", "next=%ff", "switch=1&switch=1"] {
        check(Shape::Page, &site.send("GET", &format!("/login?{query}"), &[], b""), query);
    }
}

pub(crate) fn broken_forms_of_clients_are_refused() {
    nothing_written(broken_forms_of_clients);
}

fn broken_forms_of_clients(site: &mut Site) {
    let grant = format!("grant_type=refresh_token&refresh_token={}", site.refresh);
    let megabyte = "a".repeat(1 << 20);
    for path in ["/oauth/token", "/oauth/token/introspect", "/oauth/revoke"] {
        let refused = |answer: Answer, what: &str| check(Shape::OAuth, &answer, &format!("{path}: {what}"));
        let token = format!("{grant}&token={}", site.refresh);
        for more in
            ["%ff", "a=%c3", "a=%00", "client_id=books&client_id=books", "client_id=other", "client_secret=x"]
        {
            refused(site.form(path, &format!("{token}&{more}")), more);
        }
        for name in ["grant_type", "refresh_token", "token"] {
            let twice = format!("{token}&{name}=x");
            let reads_it = (path == "/oauth/token") == (name != "token");
            if reads_it {
                refused(site.form(path, &twice), &format!("{name} twice"));
            }
        }
        refused(site.form(path, ""), "nothing");
        refused(site.form(path, &"x=1&".repeat(129)), "129 parameters");
        refused(site.form(path, &format!("{token}&x={megabyte}")), "a megabyte");
        let raw = [token.as_bytes(), b"&x=\xff\xfe"].concat();
        let lines = [("content-type", FORM), ("authorization", &basic())];
        refused(site.send("POST", path, &lines, &raw), "bytes that are no text");
        for kind in [
            "application/json",
            "text/plain",
            "multipart/form-data; boundary=x",
            "",
            "application/x-www-form",
        ] {
            let lines = [("content-type", kind), ("authorization", &basic())];
            refused(site.send("POST", path, &lines, token.as_bytes()), kind);
        }
        refused(site.send("POST", path, &[("authorization", &basic())], token.as_bytes()), "no content type");
        for line in
            ["Basic", "Basic !", "Basic Og==", "Basic Ym9va3M=", "Bearer x", "Digest x", "\u{fc}", "Basic  "]
        {
            let lines = [("content-type", FORM), ("authorization", line)];
            let answer = site.send("POST", path, &lines, token.as_bytes());
            refused(answer, line);
        }
        let twice = [("content-type", FORM), ("authorization", &basic()), ("authorization", &basic())];
        refused(site.send("POST", path, &twice, token.as_bytes()), "two Authorization lines");
        let short = [("content-type", FORM), ("authorization", &basic()), ("content-length", "999")];
        let answer = site.raw(&site.request("POST", path, &short, token.as_bytes()), Then::HangUp);
        assert!(answer.status < 500, "{path}: a body that breaks off: {}", answer.head);
    }
}

pub(crate) fn broken_json_is_refused() {
    nothing_written(broken_json);
}

fn broken_json(site: &mut Site) {
    let doors: [(&str, &str); 5] = [
        ("POST", "/v3/export-jobs"),
        ("POST", "/v3/export-job-events"),
        ("PUT", "/v3/export-jobs/5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a5fff/items"),
        ("POST", "/v1/installations/me"),
        ("PUT", "/v1/installations/me"),
    ];
    let job = |entries: &str| format!("{{\"companyId\":\"{COMPANY}\",\"accountingEntryIds\":{entries}}}");
    let mut bodies: Vec<Vec<u8>> = [
        "{",
        "[",
        "\"",
        "nul",
        "{}}",
        "[[]]",
        "{\"a\":}",
        "\u{0}",
        "{\"companyId\":1}",
        "[1]",
        "[{}]",
        "[null]",
        "-",
        "1e999",
        "{\"status\":\"pending\",\"status\":\"pending\"}",
        "\u{feff}{}",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    bodies.push(b"\xff\xfe{}".to_vec());
    bodies.push(b"{\"companyId\":\"\xed\xa0\x80\"}".to_vec());
    bodies.push("[".repeat(100_000).into_bytes());
    bodies.push(format!("{{\"a\":{}", "[".repeat(100_000)).into_bytes());
    bodies.push([b"\"".as_slice(), &vec![b'a'; 2 << 20], b"\""].concat());
    bodies.push(job("[\"x\"]").into_bytes());
    bodies.push(job(&format!("[\"{EXPENSE}\",1]")).into_bytes());
    bodies.push(format!("{{\"companyId\":\"{COMPANY}\",{}", &job("[]")[1..]).into_bytes());
    bodies.push(format!("{{\"jobId\":\"{SOME_ID}\",\"event\":\"exploded\"}}").into_bytes());
    bodies.push(
        format!("{{\"jobId\":\"{SOME_ID}\",\"event\":\"failed\",\"failureReason\":\"\\u0000\"}}")
            .into_bytes(),
    );
    bodies.push(
        format!(
            "[{{\"accountingEntryId\":\"{EXPENSE}\",\"status\":\"failed\",\"exportedAt\":\"yesterday\"}}]"
        )
        .into_bytes(),
    );
    for (method, path) in doors {
        for body in &bodies {
            let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
            check(Shape::Api, &site.call(method, path, body), &format!("{method} {path} {shown}"));
        }
        let bearer = format!("Bearer {}", site.access);
        for kind in ["text/plain", FORM, ""] {
            let lines = [("authorization", bearer.as_str()), ("content-type", kind)];
            let answer = site.send(method, path, &lines, job("[]").as_bytes());
            check(Shape::Api, &answer, &format!("{method} {path} as {kind:?}"));
        }
    }
}

/// Tokens that are nearly right are none, and harm nothing: least of all are they replays.
pub(crate) fn truncated_and_padded_tokens_are_none() {
    nothing_written(|site| {
        for token in near(&site.access.clone()) {
            let answer =
                site.send("GET", "/v1/introspect", &[("authorization", &format!("Bearer {token}"))], b"");
            assert_eq!(answer.status, 401, "{token:?}: {}", answer.body);
            check(Shape::Api, &answer, &token);
            assert!(answer.header("www-authenticate").is_some_and(|line| line.contains("invalid_token")));
        }
        for near in near(&site.refresh.clone()) {
            let token = encode(&[("token", near.as_str())]);
            let told = site.form("/oauth/token/introspect", &token);
            assert_eq!((told.status, told.json()["active"].as_bool()), (200, Some(false)), "{near:?}");
            assert_eq!(site.form("/oauth/revoke", &token).status, 200, "{near:?}");
            let fields = [("grant_type", "refresh_token"), ("refresh_token", near.as_str())];
            let answer = site.form("/oauth/token", &encode(&fields));
            assert_eq!(
                (answer.status, answer.json()["error"].as_str()),
                (400, Some("invalid_grant")),
                "{near:?}"
            );
        }
    });
    let mut site = Site::start();
    let code = site.code();
    let before = site.rows();
    for near in near(&code) {
        let answer = site.exchange(&near);
        assert_eq!(
            (answer.status, answer.json()["error"].as_str()),
            (400, Some("invalid_grant")),
            "{near:?}"
        );
    }
    assert_eq!(site.rows(), before);
    // The code itself was not used up by any of them.
    let pair = site.exchange(&code).json();
    assert!(pair["refresh_token"].is_string(), "{pair}");
    site.close();
}

/// What is almost this token.
fn near(token: &str) -> Vec<String> {
    let last = token.chars().last().unwrap();
    let other = if last == 'A' { 'B' } else { 'A' };
    let swapped: String = token
        .chars()
        .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
        .collect();
    vec![
        token[..token.len() - 1].to_owned(),
        token[..token.len() / 2].to_owned(),
        token[..8].to_owned(),
        token[1..].to_owned(),
        format!("{token}A"),
        format!("{token}="),
        format!("{token}{token}"),
        format!("{}{other}", &token[..token.len() - 1]),
        format!("{token}\u{0041}{}", "a".repeat(4000)),
        swapped,
        token.replacen("mst_", "mtt_", 1),
        token.replacen('_', "-", 1),
    ]
}

pub(crate) fn lines_cannot_be_broken_into_headers() {
    nothing_written(broken_lines);
}

fn broken_lines(site: &mut Site) {
    let injected = "%0d%0aSet-Cookie:%20a%3Db%0d%0a%0d%0a%3Cp%3E";
    let path = authorize_path().replace("state=st", &format!("state={injected}"));
    let path = path.replace("response_type=code", "response_type=token");
    let answer = site.send("GET", &path, &[("cookie", &site.cookie())], b"");
    assert_eq!(answer.status, 303);
    assert!(answer.header("set-cookie").is_none() && answer.body.is_empty(), "{}", answer.head);
    for uri in [format!("{CALLBACK}{injected}"), format!("{injected}{CALLBACK}")] {
        let path =
            authorize_path().replace(&encode(&[("redirect_uri", CALLBACK)]), &format!("redirect_uri={uri}"));
        check(Shape::Page, &site.send("GET", &path, &[], b""), &uri);
    }
    let answer = site.send("GET", &format!("/login?next=/{injected}"), &[], b"");
    assert!(
        answer.status == 200 && !answer.head.contains("a=b") && !answer.body.contains("Set-Cookie"),
        "{}",
        answer.head
    );
    // What is no HTTP is refused by the server before any door is found.
    let host = "Host: x\r\nConnection: close\r\n";
    let mut requests: Vec<Vec<u8>> = vec![
        format!("GET / HTTP/1.1\r\n{host}Bad Header: x\r\n\r\n").into_bytes(),
        format!("GET / HTTP/1.1\r\n{host}A: b\rc\r\n\r\n").into_bytes(),
        format!("GET /\u{1} HTTP/1.1\r\n{host}\r\n").into_bytes(),
        format!("GET / HTTP/9.9\r\n{host}\r\n").into_bytes(),
        format!("POST /oauth/token HTTP/1.1\r\n{host}Content-Length: -1\r\n\r\n").into_bytes(),
        format!("POST /oauth/token HTTP/1.1\r\n{host}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab")
            .into_bytes(),
        format!("POST /oauth/token HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\nzz\r\n").into_bytes(),
        b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03".to_vec(),
        vec![b'A'; 1 << 20],
    ];
    let mut many = format!("GET /v1/introspect HTTP/1.1\r\n{host}");
    (0..2000).for_each(|number| write!(many, "x-{number}: y\r\n").unwrap());
    requests.push(format!("{many}\r\n").into_bytes());
    requests.push(
        format!("GET /v1/introspect HTTP/1.1\r\n{host}x: {}\r\n\r\n", "y".repeat(1 << 20)).into_bytes(),
    );
    requests.push(format!("GET /v1/introspect?{} HTTP/1.1\r\n{host}\r\n", "y".repeat(1 << 20)).into_bytes());
    for request in requests {
        let answer = site.raw(&request, Then::HangUp);
        let shown = String::from_utf8_lossy(&request[..request.len().min(80)]).into_owned();
        // Closed without a word is a refusal too, where there is nobody to understand one.
        assert!(answer.status == 0 || (400..500).contains(&answer.status), "{shown:?}: {}", answer.head);
    }
}

pub(crate) fn broken_forms_of_people_are_refused() {
    nothing_written(broken_forms_of_people);
}

fn broken_forms_of_people(site: &mut Site) {
    let consent = site.page(&authorize_path());
    let (csrf, request) = (hidden(&consent, "csrf"), hidden(&consent, "request"));
    let csrf = encode(&[("csrf", csrf.as_str())]);
    let cookie = site.cookie();
    let request = encode(&[("request", request.as_str()), ("shown", &hidden(&consent, "shown"))]);
    let company = encode(&[("company", COMPANY)]);
    let forms: Vec<(&str, String)> = vec![
        ("/oauth/authorize", format!("{csrf}&{request}&{company}&decision=allow")),
        ("/settings/apps", format!("{csrf}&client_id=books&{company}")),
        ("/settings/accounting", format!("{csrf}&client_id=books&{company}")),
        ("/settings/api-keys", format!("{csrf}&{company}&name=x&access_level=company&scopes=users%3Aread")),
        ("/settings/api-keys/revoke", format!("{csrf}&key={SOME_ID}&id={SOME_ID}&{company}")),
        ("/logout", csrf.clone()),
        ("/login", format!("{csrf}&email=anna%40example.com&password=wrong")),
    ];
    // All other forms: whatever they ask for, these are refused for what they are.
    let posted = |door: &&Door| door.shape == Shape::Page && door.methods.contains(&"POST");
    let others = DOORS.iter().filter(posted).map(|door| (door.path, csrf.clone()));
    let others: Vec<(&str, String)> =
        others.filter(|(path, _)| !forms.iter().any(|(known, _)| known == path)).collect();
    for (path, form) in forms.iter().chain(&others) {
        let post = |lines: &[(&str, &str)], body: &str, what: &str| {
            let all = [&[("cookie", cookie.as_str())], lines].concat();
            let answer = site.send("POST", path, &all, body.as_bytes());
            check(Shape::Page, &answer, &format!("{path}: {what}"));
        };
        let kind = [("content-type", FORM)];
        post(&kind, &form.replace(&csrf, "csrf=x"), "another session's form");
        post(&kind, &form.replace(&csrf, ""), "no csrf");
        post(&kind, &format!("{form}&{csrf}"), "csrf twice");
        for name in ["company", "client_id", "decision", "request", "shown", "name", "email", "key", "id"] {
            let has = form.split('&').any(|pair| pair.starts_with(&format!("{name}=")));
            if has {
                post(&kind, &format!("{form}&{name}=x"), &format!("{name} twice"));
            }
        }
        post(&kind, &format!("{form}&x=%ff"), "no UTF-8");
        post(&kind, &format!("{form}&x=%0"), "a broken escape");
        post(&kind, &format!("{form}&x=%00"), "a NUL");
        post(&kind, &format!("{form}&x={}", "a".repeat(1 << 20)), "a megabyte");
        post(&[("content-type", "application/json")], "{}", "JSON");
        post(&[("content-type", "text/plain")], form, "plain text");
        post(&[], form, "no content type");
        let foreign =
            [("content-type", FORM), ("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
        post(&foreign, form, "from another site");
        let twice = format!("{cookie}; {cookie}");
        let lines = [("cookie", twice.as_str()), ("content-type", FORM)];
        check(Shape::Page, &site.send("POST", path, &lines, form.as_bytes()), "the cookie twice");
    }
    let key = |more: &str| format!("{csrf}&{company}&name=x&scopes=users%3Aread&{more}");
    let far = [
        "expires_at=9999-12-31",
        "expires_at=-9999-01-01",
        "expires_at=10000-01-01",
        "expires_at=2026-02-30",
    ];
    for more in far.into_iter().chain(["access_level=world", "access_level=company&scopes=%22"]) {
        let lines = [("cookie", cookie.as_str()), ("content-type", FORM)];
        let answer = site.send("POST", "/settings/api-keys", &lines, key(more).as_bytes());
        if more != far[0] {
            check(Shape::Page, &answer, more);
        }
    }
}
