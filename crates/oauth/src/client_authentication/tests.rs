use proptest::prelude::*;

use super::*;

fn extract(header: Option<&str>, body: &str) -> Result<PresentedClient, Refused> {
    PresentedClient::extract(header, &Parameters::parse(body).unwrap())
}

fn code(result: Result<PresentedClient, Refused>) -> ErrorCode {
    result.unwrap_err().code
}

fn basic(text: &str) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

#[test]
fn basic_is_form_decoded_and_its_scheme_is_read_in_any_case() {
    for header in [basic("cl%3Aient:s%2Bec+ret"), basic("cl%3Aient:s%2Bec+ret").replace("Basic", "bAsIc")] {
        let client = extract(Some(&header), "").unwrap();
        assert_eq!(client.client_id, "cl:ient");
        let Credential::Basic(secret) = client.credential else { panic!("not Basic") };
        assert_eq!(secret.expose(), "s+ec ret");
    }
}

#[test]
fn the_same_id_in_the_body_is_no_second_method_but_a_secret_is() {
    assert!(extract(Some(&basic("c:s")), "client_id=c").is_ok());
    assert_eq!(code(extract(Some(&basic("c:s")), "client_id=d")), ErrorCode::InvalidRequest);
    assert_eq!(code(extract(Some(&basic("c:s")), "client_id=c&client_secret=s")), ErrorCode::InvalidRequest);
    assert_eq!(code(extract(None, "client_id=c&client_id=c")), ErrorCode::InvalidRequest);
}

#[test]
fn body_credentials_and_none() {
    assert_eq!(
        extract(None, "client_id=c&client_secret=s").unwrap().credential.method(),
        ClientAuthMethod::ClientSecretPost
    );
    assert_eq!(extract(None, "client_id=c").unwrap().credential.method(), ClientAuthMethod::None);
    assert_eq!(
        extract(None, "client_id=c&client_secret=").unwrap().credential.method(),
        ClientAuthMethod::None
    );
    assert_eq!(extract(Some(&basic("c:")), "").unwrap().credential.method(), ClientAuthMethod::None);
}

#[test]
fn no_client_or_an_unreadable_header_is_invalid_client() {
    assert_eq!(code(extract(None, "grant_type=x")), ErrorCode::InvalidClient);
    for header in
        ["Basic", "Basic !!!", "Bearer abc", "Digest x=y", &basic("nocolon"), &basic(":s"), &basic("%FF:s")]
    {
        assert_eq!(code(extract(Some(header), "client_id=c")), ErrorCode::InvalidClient, "{header}");
    }
}

proptest! {
    #[test]
    fn what_a_client_writes_a_server_reads(id in "[^\\x00\n]{1,30}", secret in "[^\\x00\n]{1,30}") {
        let header = basic_header(&id, &Secret::new(secret.clone()));
        let client = extract(Some(header.expose()), "").unwrap();
        prop_assert_eq!(client.client_id, id);
        let Credential::Basic(read) = client.credential else { panic!("not Basic") };
        prop_assert_eq!(read.expose(), &secret);
    }
}
