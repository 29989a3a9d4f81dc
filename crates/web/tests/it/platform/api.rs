use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::app::{App, EXPENSE, FOREIGN_EXPENSE, LOVE_BV, LOVE_GMBH, OTHER, UNREADY_EXPENSE};

/// Where a challenge says that tokens come from.
const DOCUMENT: &str = "resource_metadata=\"https://platform.example/.well-known/oauth-protected-resource\"";
const ALL: &str = "companies:read users:read export-jobs:read export-jobs:write export-items:read";

#[tokio::test]
async fn without_a_credential_there_is_a_challenge_and_no_more() {
    let app = App::new().await;
    for path in [
        "/v1/introspect",
        "/v1/installations/me",
        "/v1/companies",
        "/v2/employees",
        "/v3/export-jobs",
        "/v3/export-items?job_id=x",
    ] {
        let answer = app.send(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.refusal(), (401, "UNAUTHORIZED".to_owned()), "{path}");
        assert_eq!(answer.headers["www-authenticate"], format!("Bearer realm=\"pleo\", {DOCUMENT}"));
    }
    let answer = app.call("GET", "/v1/introspect", "mst_at_nonsense", None).await;
    let challenge = format!("Bearer realm=\"pleo\", error=\"invalid_token\", {DOCUMENT}");
    assert_eq!(answer.headers["www-authenticate"], challenge);
}

#[tokio::test]
async fn each_call_needs_its_scope() {
    let app = App::new().await;
    let tokens = app.connect("anna@example.com", LOVE_BV, "test:test").await;
    let job = "0198d5c2-0000-7000-8000-0000000000aa";
    let new_job = json!({ "companyId": LOVE_BV, "accountingEntryIds": [EXPENSE] });
    let event = json!({ "jobId": job, "event": "started" });
    let calls: [(&str, String, Option<Value>, &str); 10] = [
        ("GET", "/v1/companies".into(), None, "companies:read"),
        ("GET", format!("/v1/companies/{LOVE_BV}"), None, "companies:read"),
        ("GET", "/v2/employees".into(), None, "users:read"),
        ("GET", "/v3/export-jobs".into(), None, "export-jobs:read"),
        ("GET", format!("/v3/export-jobs/{job}"), None, "export-jobs:read"),
        ("GET", format!("/v3/export-jobs/{job}/items"), None, "export-jobs:read"),
        ("POST", "/v3/export-jobs".into(), Some(new_job), "export-jobs:write"),
        ("PUT", format!("/v3/export-jobs/{job}/items"), Some(json!([])), "export-jobs:write"),
        ("POST", "/v3/export-job-events".into(), Some(event), "export-jobs:write"),
        ("GET", format!("/v3/export-items?job_id={job}"), None, "export-items:read"),
    ];
    for (method, path, body, scope) in calls {
        let answer = app.call(method, &path, &tokens.access, body).await;
        assert_eq!(answer.refusal(), (403, "ACCESS_DENIED".to_owned()), "{method} {path}");
        let challenge = answer.headers["www-authenticate"].to_str().unwrap();
        assert!(challenge.contains("insufficient_scope") && challenge.contains(scope), "{challenge}");
    }
}

#[tokio::test]
async fn a_credential_reaches_its_company_and_no_other() {
    let app = App::new().await;
    let tokens = app.connect("anna@example.com", LOVE_BV, ALL).await;
    let get = async |path: String| app.call("GET", &path, &tokens.access, None).await.status.as_u16();
    assert_eq!(get(format!("/v1/companies/{LOVE_BV}")).await, 200);
    for foreign in [OTHER, LOVE_GMBH] {
        assert_eq!(get(format!("/v1/companies/{foreign}")).await, 403);
        assert_eq!(get(format!("/v2/employees?companyId={foreign}")).await, 403);
        assert_eq!(get(format!("/v3/export-jobs?company_id={foreign}")).await, 403);
        assert_eq!(get(format!("/v1/installations/me?company_id={foreign}")).await, 403);
    }
    assert_eq!(get("/v1/companies/0198d5c2-0000-7000-8000-00000000ffff".into()).await, 404);
    assert_eq!(get("/v1/companies/nonsense".into()).await, 404);
    assert_eq!(get("/v2/employees?companyId=nonsense".into()).await, 400);
    let companies = app.call("GET", "/v1/companies", &tokens.access, None).await.json();
    assert_eq!(companies["data"].as_array().unwrap().len(), 1);
    assert_eq!(companies["data"][0]["name"], "Love Crème BV");
    let foreign = json!({ "companyId": OTHER, "accountingEntryIds": [FOREIGN_EXPENSE] });
    assert_eq!(
        app.call("POST", "/v3/export-jobs", &tokens.access, Some(foreign)).await.status,
        StatusCode::FORBIDDEN
    );
    let smuggled = json!({ "companyId": LOVE_BV, "accountingEntryIds": [FOREIGN_EXPENSE] });
    assert_eq!(
        app.call("POST", "/v3/export-jobs", &tokens.access, Some(smuggled)).await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn employees_are_paged_by_cursor() {
    let app = App::new().await;
    let tokens = app.connect("anna@example.com", LOVE_BV, ALL).await;
    let mut seen = Vec::new();
    let mut path = "/v2/employees?limit=2".to_owned();
    loop {
        let page = app.call("GET", &path, &tokens.access, None).await.json();
        assert_eq!(page["pagination"]["total"], 3);
        let rows = page["data"].as_array().unwrap();
        seen.extend(rows.iter().map(|row| row["email"].as_str().unwrap().to_owned()));
        if page["pagination"]["hasNextPage"] == false {
            assert_eq!(page["pagination"]["hasPreviousPage"], true);
            let before = page["pagination"]["startCursor"].as_str().unwrap();
            let back = app
                .call("GET", &format!("/v2/employees?limit=2&before={before}"), &tokens.access, None)
                .await
                .json();
            assert_eq!(back["data"].as_array().unwrap().len(), 2);
            assert_eq!(
                (
                    back["pagination"]["hasNextPage"].as_bool(),
                    back["pagination"]["hasPreviousPage"].as_bool()
                ),
                (Some(true), Some(false))
            );
            break;
        }
        path = format!("/v2/employees?limit=2&after={}", page["pagination"]["endCursor"].as_str().unwrap());
    }
    seen.sort();
    assert_eq!(seen, ["anna@example.com", "ben@example.com", "emil@example.com"]);
    let one = app.call("GET", "/v2/employees?email=EMIL%40example.com", &tokens.access, None).await.json();
    assert_eq!(one["data"][0]["firstName"], "Emil");
}

/// Facts 12.1, from the first job to its end and beyond.
#[tokio::test]
async fn an_export_keeps_to_its_rules() {
    let app = App::new().await;
    let tokens = app.connect("anna@example.com", LOVE_BV, ALL).await;
    let call = async |method: &str, path: &str, body: Option<Value>| {
        app.call(method, path, &tokens.access, body).await
    };
    let job_of = |entry: &str| json!({ "companyId": LOVE_BV, "accountingEntryIds": [entry] });
    let unready = call("POST", "/v3/export-jobs", Some(job_of(UNREADY_EXPENSE))).await;
    assert_eq!(unready.refusal(), (400, "MISSING_CONTRA_ACCOUNTS".to_owned()));

    let created = call("POST", "/v3/export-jobs", Some(job_of(EXPENSE))).await;
    assert_eq!(created.status, StatusCode::CREATED);
    let job = created.json()["data"]["id"].as_str().unwrap().to_owned();
    let second = call("POST", "/v3/export-jobs", Some(job_of(EXPENSE))).await;
    assert_eq!(second.refusal(), (409, "EXPORT_ALREADY_IN_PROGRESS".to_owned()));

    let event = |event: &str| Some(json!({ "jobId": job, "event": event }));
    let early = call("POST", "/v3/export-job-events", event("completed")).await;
    assert_eq!(early.refusal(), (422, "INVALID_EXPORT_JOB_STATUS_CHANGE".to_owned()));
    assert_eq!(call("POST", "/v3/export-job-events", event("started")).await.status, StatusCode::ACCEPTED);

    let items = call("GET", &format!("/v3/export-items?job_id={job}"), None).await.json();
    assert_eq!(items["data"][0]["amount"], json!({ "minors": 1250, "currency": "EUR" }));
    let path = format!("/v3/export-jobs/{job}/items");
    let update =
        |entry: &str| json!({ "accountingEntryId": entry, "status": "successful", "externalId": "INV-1" });
    let changed = call("PUT", &path, Some(json!([update(EXPENSE), update(FOREIGN_EXPENSE)]))).await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_eq!(changed.json()["data"][0]["externalId"], "INV-1");
    assert_eq!(changed.json()["errors"][0]["type"], "ACCOUNTING_ENTRY_DOES_NOT_EXIST");
    let many: Vec<Value> = (0..101).map(|_| update(EXPENSE)).collect();
    assert_eq!(
        call("PUT", &path, Some(json!(many))).await.refusal(),
        (413, "EXPORT_JOB_ITEMS_UPDATE_LIMIT".to_owned())
    );

    assert_eq!(call("POST", "/v3/export-job-events", event("completed")).await.status, StatusCode::ACCEPTED);
    let late = call("PUT", &path, Some(json!([update(EXPENSE)]))).await;
    assert_eq!(late.refusal(), (422, "EXPORT_JOB_STATUS_UNPROCESSABLE".to_owned()));
    let done = call("GET", "/v3/export-jobs?statuses=completed,failed", None).await.json();
    assert_eq!(done["data"][0]["status"], "completed");
    assert_eq!(done["pagination"]["total"], 1);
    let unknown = call("GET", "/v3/export-jobs/0198d5c2-0000-7000-8000-00000000ffff", None).await;
    assert_eq!(unknown.refusal(), (404, "EXPORT_NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn a_job_left_alone_for_an_hour_makes_room() {
    let app = App::new().await;
    let tokens = app.connect("anna@example.com", LOVE_BV, ALL).await;
    let new = || Some(json!({ "companyId": LOVE_BV, "accountingEntryIds": [EXPENSE] }));
    let created = app.call("POST", "/v3/export-jobs", &tokens.access, new()).await.json();
    let job = created["data"]["id"].as_str().unwrap().to_owned();
    app.clock.advance(Duration::from_hours(1));
    let tokens = app.refresh(&tokens.refresh).await.tokens();
    let failed = app.call("GET", "/v3/export-jobs?statuses=failed", &tokens.access, None).await.json();
    assert_eq!(failed["data"][0]["failureReasonType"], "job_expired");
    let event = json!({ "jobId": job, "event": "started" });
    assert_eq!(
        app.call("POST", "/v3/export-job-events", &tokens.access, Some(event)).await.status.as_u16(),
        422
    );
    assert_eq!(app.call("POST", "/v3/export-jobs", &tokens.access, new()).await.status, StatusCode::CREATED);
    let shown = app.call("GET", &format!("/v3/export-jobs/{job}"), &tokens.access, None).await.json();
    assert_eq!(
        (shown["data"]["status"].as_str(), shown["data"]["failureReasonType"].as_str()),
        (Some("failed"), Some("job_expired"))
    );
}

#[tokio::test]
async fn bad_bodies_are_refused_in_pleos_shape() {
    let app = App::new().await;
    let tokens = app.connect("anna@example.com", LOVE_BV, ALL).await;
    for body in [
        json!({}),
        json!([]),
        json!({ "companyId": "x", "accountingEntryIds": [] }),
        json!({ "companyId": LOVE_BV, "accountingEntryIds": [] }),
    ] {
        let answer = app.call("POST", "/v3/export-jobs", &tokens.access, Some(body.clone())).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert!(answer.json()["message"].is_string());
    }
    assert_eq!(app.call("PATCH", "/v1/companies", &tokens.access, None).await.refusal().0, 405);
    assert_eq!(app.call("GET", "/v1/nothing", &tokens.access, None).await.refusal().0, 404);
    let put = app.call("PUT", "/v1/installations/me", &tokens.access, Some(json!({ "metadata": {} }))).await;
    assert_eq!(put.status, StatusCode::BAD_REQUEST, "status is required");
    let put = json!({ "status": "ERROR", "errorCode": "AUTH_ERROR", "metadata": { "z": 1, "a": [null] } });
    let put = app.call("PUT", "/v1/installations/me", &tokens.access, Some(put)).await.json();
    assert_eq!(
        (put["data"]["errorCode"].as_str(), &put["data"]["metadata"]),
        (Some("AUTH_ERROR"), &json!({ "z": 1, "a": [null] }))
    );
}

/// The members of each body in the order in which the code happens to name them, in a list: nobody documented that, nobody may
/// come to rely on it, and none of it is done.
#[tokio::test]
async fn a_list_is_not_taken_for_an_object() {
    let app = App::new().await;
    let tokens = app.connect("anna@example.com", LOVE_BV, ALL).await;
    let call = async |method: &str, path: &str, body: Option<Value>| {
        app.call(method, path, &tokens.access, body).await
    };
    let refused = async |method: &str, path: &str, body: Value| {
        let answer = call(method, path, Some(body.clone())).await;
        assert_eq!(answer.refusal(), (400, "JSON_MAPPING_EXCEPTION".to_owned()), "{method} {path} {body}");
    };
    refused("POST", "/v3/export-jobs", json!([LOVE_BV, [EXPENSE], null, true, {}])).await;
    let options = json!({ "companyId": LOVE_BV, "accountingEntryIds": [EXPENSE], "options": [true] });
    refused("POST", "/v3/export-jobs", options).await;
    let jobs = call("GET", "/v3/export-jobs", None).await.json();
    assert_eq!(jobs["pagination"]["total"], 0, "{jobs}");

    let new = json!({ "companyId": LOVE_BV, "accountingEntryIds": [EXPENSE] });
    let created = call("POST", "/v3/export-jobs", Some(new)).await.json();
    let job = created["data"]["id"].as_str().unwrap();
    refused("POST", "/v3/export-job-events", json!([job, "started", null, null])).await;
    let items = format!("/v3/export-jobs/{job}/items");
    refused("PUT", &items, json!([[EXPENSE, "successful", null, null, null, null, null]])).await;
    let shown = call("GET", &format!("/v3/export-jobs/{job}"), None).await.json();
    assert_eq!(shown["data"]["status"], created["data"]["status"]);
    let item = call("GET", &items, None).await.json();
    assert_ne!(item["data"][0]["status"], "successful", "{item}");

    let before = call("GET", "/v1/installations/me", None).await.json();
    refused("POST", "/v1/installations/me", json!([{ "a": 1 }, "ERROR"])).await;
    refused("PUT", "/v1/installations/me", json!(["ERROR", { "a": 1 }, "AUTH_ERROR"])).await;
    assert_eq!(call("GET", "/v1/installations/me", None).await.json(), before);
}

/// PostgreSQL holds no NUL in a text: one that comes in JSON is a 400 and not a failure of the database.
#[tokio::test]
async fn a_nul_in_a_body_is_refused() {
    let app = App::new().await;
    let tokens = app.connect("anna@example.com", LOVE_BV, ALL).await;
    let new = json!({ "companyId": LOVE_BV, "accountingEntryIds": [EXPENSE] });
    let created = app.call("POST", "/v3/export-jobs", &tokens.access, Some(new)).await.json();
    let job = created["data"]["id"].as_str().unwrap();
    let path = format!("/v3/export-jobs/{job}/items");
    for member in ["externalId", "externalUrl", "failureReason", "failureReasonType"] {
        let entry = json!([{ "accountingEntryId": EXPENSE, "status": "failed", member: "a\u{0}b" }]);
        let answer = app.call("PUT", &path, &tokens.access, Some(entry)).await;
        assert_eq!(answer.refusal(), (400, "VALIDATION_FAILED".to_owned()), "{member}");
    }
    for member in ["failureReason", "failureReasonType"] {
        let event = json!({ "jobId": job, "event": "failed", member: "a\u{0}b" });
        let answer = app.call("POST", "/v3/export-job-events", &tokens.access, Some(event)).await;
        assert_eq!(answer.refusal(), (400, "VALIDATION_FAILED".to_owned()), "{member}");
    }
}
