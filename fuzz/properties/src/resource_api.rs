use http::{Request, header};
use serde_json::Value;

use crate::house::{House, Seen};
use crate::text;

/// A door, and whether what is asked there may change something.
const DOORS: [(&str, &str); 18] = [
    ("GET", "/v1/introspect"),
    ("GET", "/v1/companies"),
    ("GET", "/v1/companies/0198d5c2-0000-7000-8000-000000000011"),
    ("GET", "/v1/companies/"),
    ("GET", "/v2/employees"),
    ("GET", "/v2/employees/"),
    ("GET", "/v3/export-jobs"),
    ("POST", "/v3/export-jobs"),
    ("GET", "/v3/export-jobs/"),
    ("GET", "/v3/export-items"),
    ("PUT", "/v3/export-jobs/{JOB}/items"),
    ("POST", "/v3/export-job-events"),
    ("GET", "/v1/installations/me"),
    ("POST", "/v1/installations/me"),
    ("PUT", "/v1/installations/me"),
    ("DELETE", "/v1/installations/me"),
    ("POST", "/v1/installations/me:activate"),
    ("PUT", "/v1/installations/completions"),
];

/// The resource APIs of the whole server. The first byte chooses a door, the first line is what follows its path, the second the
/// `Authorization` header (the client's token if it is empty), the rest is the body. Never a failure of the server; each refusal is
/// Pleo's `{type, message}`, and nothing was written for it; reading writes nothing. A list is never read as the object whose members it
/// might hold.
pub fn resource_api(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    let Some((more, rest)) = text(rest).and_then(|rest| rest.split_once('\n')) else { return };
    let Some((line, body)) = rest.split_once('\n') else { return };
    let (method, path) = DOORS[usize::from(*choice) % DOORS.len()];
    let is_about_job = [path, more, body].iter().any(|part| part.contains("{JOB}"));
    House::visit_while(is_about_job, |house| {
        let line = house.known.fill(if line.is_empty() { "Bearer {AT}" } else { line });
        let body = house.known.fill(body);
        let request = Request::builder()
            .method(method)
            .uri(house.known.fill(&format!("{path}{more}")))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, line)
            .body(body.clone());
        // What is no URI or no header is refused before there is a request.
        let Ok(request) = request else { return };
        let seen = house.send(request);
        check(house, method, &seen);
        let refused = seen.status.is_client_error();
        assert!(refused || !is_list_for_object(method, path, &body), "{method} {path} takes a list");
    });
}

/// Whether a list stands where a door reads an object. Setting a job's items reads a list of objects.
fn is_list_for_object(method: &str, path: &str, body: &str) -> bool {
    let Ok(value) = serde_json::from_str::<Value>(body) else { return false };
    match (method, path) {
        ("POST", "/v3/export-jobs") => value.is_array() || value["options"].is_array(),
        ("POST", "/v3/export-job-events") | ("POST" | "PUT", "/v1/installations/me") => value.is_array(),
        ("PUT", "/v3/export-jobs/{JOB}/items") => {
            value.as_array().is_some_and(|entries| entries.iter().any(Value::is_array))
        }
        _ => false,
    }
}

fn check(house: &House, method: &str, seen: &Seen) {
    let status = seen.status.as_u16();
    match status {
        200 | 201 if method == "GET" => {
            let json = seen.json();
            if let Some(pagination) = json.get("pagination") {
                assert!(json["data"].is_array() && pagination["total"].is_u64(), "{json}");
            }
        }
        200 | 201 | 202 | 204 => {}
        // Nothing leads from one place to another here.
        400..500 => {
            let json = seen.json();
            assert!(json["type"].is_string() && json["message"].is_string(), "{json}");
            assert!(status != 401 || seen.headers.contains_key(header::WWW_AUTHENTICATE));
        }
        other => panic!("a resource API answers {other}"),
    }
    if method == "GET" || status >= 400 {
        assert!(house.is_as_it_was(), "{method} was answered {status} and has written something");
    }
}
