use base::Secret;
use oauth::RedirectUri;
use oauth::authorization_response::{Envelope, success_url};
use url::{Origin, Url};

use crate::two_parts;

/// A redirect URI as registered (first line) and as presented (the rest). What may be registered leads where it says and nowhere else,
/// to a browser too; what is presented is the same text, or for a public client the same loopback address with another port.
pub fn redirect_uri(data: &[u8]) {
    let Some((registered, presented)) = two_parts(data) else { return };
    let Ok(uri) = RedirectUri::register(registered) else { return };
    let url = Url::parse(registered).expect("a redirect URI is a URL");
    assert!(uri.as_str() == registered && uri.to_string() == registered);
    assert!(matches!(url.scheme(), "https" | "http"));
    assert!(url.fragment().is_none() && url.username().is_empty() && url.password().is_none());
    let host = url.host_str().unwrap_or_default();
    assert!(!host.is_empty() && !host.contains('*'));
    assert!(url.scheme() == "https" || ["localhost", "127.0.0.1", "[::1]"].contains(&host), "{host}");
    // What a person reads on the consent page is where the browser goes.
    assert_eq!(origin(&uri.origin()), url.origin());
    assert!(url.path().starts_with('/'));

    assert!(uri.matches(registered, false) && uri.matches(registered, true));
    assert_eq!(uri.matches(presented, false), presented == registered);
    if uri.matches(presented, true) && presented != registered {
        let other = Url::parse(presented).expect("what is taken for a redirect URI is a URL");
        assert!(
            url.scheme() == "http" && ["127.0.0.1", "[::1]"].contains(&host),
            "{registered} took {presented}"
        );
        assert_eq!((url.scheme(), host), (other.scheme(), other.host_str().unwrap_or_default()));
        assert_eq!((url.path(), url.query()), (other.path(), other.query()));
        assert!(other.username().is_empty() && other.password().is_none() && other.fragment().is_none());
        RedirectUri::register(presented).expect("what is taken for a redirect URI keeps the rules");
    }
    let back = uri.as_presented(presented);
    assert!(uri.matches(back.as_str(), true));

    let envelope = Envelope { state: Some(presented), iss: None };
    let location = success_url(&uri, &Secret::new("a code".to_owned()), envelope, &[]);
    assert!(location.expose().starts_with(registered), "what was registered does not stay");
    let location = Url::parse(location.expose()).expect("a redirect is a URL");
    assert_eq!((location.origin(), location.path()), (url.origin(), url.path()));
    let last = location.query_pairs().filter(|(name, _)| name == "state").last();
    assert_eq!(last.expect("the state goes along").1, presented);
}

fn origin(text: &str) -> Origin {
    Url::parse(text).expect("the origin that is shown is a URL").origin()
}
