use base::testing::SeededEntropy;
use serde_json::json;

use super::*;

fn redaction() -> Redaction {
    Redaction::new(seal::testing::keys(&SeededEntropy::new(3)))
}

#[test]
fn secrets_become_fingerprints_and_the_rest_stays() {
    let redaction = redaction();
    let shown = redaction.pairs([
        ("grant_type", "refresh_token"),
        ("refresh_token", "s3cret"),
        ("client_secret", "hush"),
        ("code", "c0de"),
        ("token_type_hint", "refresh_token"),
        ("scope", "a"),
        ("scope", "b"),
    ]);
    assert_eq!(shown["grant_type"], "refresh_token");
    assert_eq!(shown["token_type_hint"], "refresh_token");
    assert_eq!(shown["refresh_token"], redaction.fingerprint("s3cret"));
    assert_eq!(shown["scope"], json!(["a", "b"]));
    let text = Value::Object(shown).to_string();
    for secret in ["s3cret", "hush", "c0de"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn json_is_covered_at_any_depth() {
    let redaction = redaction();
    let shown = redaction.json(
        &json!({"data": [{"secretKey": "whsec_x", "code": "4711"}], "access_token": "abc", "expires_in": 9}),
    );
    assert_eq!(shown["data"][0]["secretKey"], redaction.fingerprint("whsec_x"));
    assert_eq!(shown["data"][0]["code"], "4711");
    assert_eq!(shown["access_token"], redaction.fingerprint("abc"));
    assert_eq!(shown["expires_in"], 9);
}
