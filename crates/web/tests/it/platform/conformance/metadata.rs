use http::StatusCode;
use serde_json::json;

use super::super::app::{App, ORIGIN, Wanted};
use super::cases;
use super::world::{BOOKS, NATIVE, app, bare, code, error, get, post, refused};

cases! {
    the_issuer_is_the_public_url: [A 1] "The metadata are JSON, and their `issuer` is the public URL byte for byte";
    a_path_of_the_issuer_comes_behind_the_well_known_name: [A 2] "With a path in the issuer the document is at the name before the path and nowhere else; every endpoint has the path";
    only_what_is_offered_is_listed: [A 4, A 5, A 6, Facts 31] "Code and refresh token are the only grants, `code` the only response type, S256 the only challenge method, and `iss` is announced";
    listed_methods_of_authentication_are_those_accepted: [A 7] "Each endpoint accepts the methods of authentication that the metadata list for it, and no other";
    https_answers_ask_for_https: [A 9] "Answers under an https URL carry HSTS";
    the_resource_apis_say_whose_tokens_they_take: [A 10, H 118] "The protected-resource metadata name the public URL as the resource, the issuer and the scopes, and the challenge of a call without or with a bad token leads to them";
    what_is_not_documented_is_not_there: [Facts 33] "There is no OpenID configuration, no key set and no userinfo; the metadata of RFC 8414 are an addition";
}

const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";

#[tokio::test]
async fn the_issuer_is_the_public_url() {
    let app = app().await;
    let answer = get(&app, WELL_KNOWN).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.json()["issuer"], ORIGIN);
    assert_eq!(answer.json()["token_endpoint"], format!("{ORIGIN}/oauth/token"));
    assert_eq!(bare(&app, "POST", WELL_KNOWN, None).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_path_of_the_issuer_comes_behind_the_well_known_name() {
    let origin = "https://platform.example/eu/pleo";
    let app = App::with(Wanted { origin, seed: "", rate_limits: true }).await;
    let metadata = get(&app, &format!("{WELL_KNOWN}/eu/pleo")).await.json();
    assert_eq!(metadata["issuer"], origin);
    for (member, path) in [
        ("authorization_endpoint", "/oauth/authorize"),
        ("token_endpoint", "/oauth/token"),
        ("introspection_endpoint", "/oauth/token/introspect"),
        ("revocation_endpoint", "/oauth/revoke"),
    ] {
        assert_eq!(metadata[member], format!("{origin}{path}"));
        let answer = get(&app, &format!("/eu/pleo{path}")).await;
        assert_ne!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    for wrong in [
        WELL_KNOWN.to_owned(),
        format!("{WELL_KNOWN}/"),
        format!("{WELL_KNOWN}/eu"),
        format!("/eu/pleo{WELL_KNOWN}"),
    ] {
        assert_eq!(get(&app, &wrong).await.status, StatusCode::NOT_FOUND, "{wrong}");
    }
}

#[tokio::test]
async fn the_resource_apis_say_whose_tokens_they_take() {
    for (origin, place) in [
        (ORIGIN, "/.well-known/oauth-protected-resource"),
        ("https://platform.example/eu/pleo", "/.well-known/oauth-protected-resource/eu/pleo"),
    ] {
        let app = App::with(Wanted { origin, seed: "", rate_limits: true }).await;
        let answer = get(&app, place).await;
        assert_eq!(
            (answer.status, answer.headers["content-type"].to_str().unwrap()),
            (StatusCode::OK, "application/json")
        );
        let document = answer.json();
        assert_eq!(document["resource"], origin);
        assert_eq!(document["authorization_servers"], json!([origin]));
        assert_eq!(document["bearer_methods_supported"], json!(["header"]));
        let server = place.replace("protected-resource", "authorization-server");
        assert_eq!(document["scopes_supported"], get(&app, &server).await.json()["scopes_supported"]);
        let path = origin.strip_prefix("https://platform.example").unwrap();
        for token in [None, Some("Bearer mst_at_nonsense")] {
            let refused = bare(&app, "GET", &format!("{path}/v1/companies"), token).await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
            let challenge = refused.headers["www-authenticate"].to_str().unwrap();
            let named = format!("resource_metadata=\"https://platform.example{place}\"");
            assert!(challenge.starts_with("Bearer ") && challenge.ends_with(&named), "{challenge}");
        }
        for wrong in [format!("{place}/"), format!("{path}/x{place}")] {
            assert_eq!(get(&app, &wrong).await.status, StatusCode::NOT_FOUND, "{wrong}");
        }
    }
}

#[tokio::test]
async fn only_what_is_offered_is_listed() {
    let app = app().await;
    let metadata = get(&app, WELL_KNOWN).await.json();
    for (member, value) in [
        ("response_types_supported", json!(["code"])),
        ("response_modes_supported", json!(["query"])),
        ("grant_types_supported", json!(["authorization_code", "refresh_token"])),
        ("code_challenge_methods_supported", json!(["S256"])),
        ("authorization_response_iss_parameter_supported", json!(true)),
    ] {
        assert_eq!(metadata[member], value, "{member}");
    }
    for absent in [
        "jwks_uri",
        "userinfo_endpoint",
        "device_authorization_endpoint",
        "pushed_authorization_request_endpoint",
    ] {
        assert!(metadata.get(absent).is_none(), "{absent}");
    }
}

#[tokio::test]
async fn listed_methods_of_authentication_are_those_accepted() {
    let app = app().await;
    let metadata = get(&app, WELL_KNOWN).await.json();
    let secret = BOOKS.secret.unwrap();
    for (member, path) in [
        ("token", "/oauth/token"),
        ("introspection", "/oauth/token/introspect"),
        ("revocation", "/oauth/revoke"),
    ] {
        let listed = &metadata[format!("{member}_endpoint_auth_methods_supported")];
        // Nothing that the endpoint could do: what is refused is the client, or what it asks for.
        let asked = [("token", "garbage")];
        let in_body = [asked[0], ("client_id", BOOKS.id), ("client_secret", secret)];
        for (method, answer) in [
            ("client_secret_basic", post(&app, path, BOOKS, &asked).await),
            ("client_secret_post", app.form(path, None, &in_body).await),
            ("none", post(&app, path, NATIVE, &asked).await),
        ] {
            let accepted = answer.status != StatusCode::UNAUTHORIZED;
            let is_listed = listed.as_array().unwrap().iter().any(|one| one == method);
            assert_eq!(accepted, is_listed, "{method} at {path}: {}", answer.body);
        }
        let bearer = app.call("POST", path, "mst_at_x", None).await;
        assert!(bearer.status.is_client_error());
    }
    // A confidential client has to prove itself also where `none` is listed.
    let (code, _) = code(&app, BOOKS, "companies:read").await;
    let fields = [("grant_type", "authorization_code"), ("code", code.as_str()), ("client_id", BOOKS.id)];
    assert_eq!(error(&app.form("/oauth/token", None, &fields).await), refused(401, "invalid_client"));
}

#[tokio::test]
async fn https_answers_ask_for_https() {
    let app = app().await;
    for path in [WELL_KNOWN, "/login", "/v1/companies", "/oauth/token", "/nowhere"] {
        let answer = get(&app, path).await;
        assert!(
            answer.headers["strict-transport-security"].to_str().unwrap().starts_with("max-age="),
            "{path}"
        );
    }
}

#[tokio::test]
async fn what_is_not_documented_is_not_there() {
    let app = app().await;
    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/jwks.json",
        "/oauth/jwks",
        "/oauth/userinfo",
        "/userinfo",
        "/oauth/device_authorization",
        "/oauth/par",
    ] {
        assert_eq!(get(&app, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
