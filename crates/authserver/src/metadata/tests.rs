use super::*;

#[test]
fn the_document_says_what_is_offered_and_nothing_else() {
    let mut settings = Settings::new("https://pleo.example/auth");
    settings.scopes = "users:read accounts:read".parse().unwrap();
    let document = serde_json::to_value(server_metadata(&settings, None)).unwrap();
    assert_eq!(document["issuer"], "https://pleo.example/auth");
    assert_eq!(document["token_endpoint"], "https://pleo.example/auth/oauth/token");
    assert_eq!(document["response_types_supported"], serde_json::json!(["code"]));
    assert_eq!(document["grant_types_supported"], serde_json::json!(["authorization_code", "refresh_token"]));
    assert_eq!(document["code_challenge_methods_supported"], serde_json::json!(["S256"]));
    assert_eq!(document["authorization_response_iss_parameter_supported"], true);
    assert_eq!(
        document["introspection_endpoint_auth_methods_supported"],
        serde_json::json!(["client_secret_basic", "client_secret_post"])
    );
    assert!(document.get("registration_endpoint").is_none());
}
