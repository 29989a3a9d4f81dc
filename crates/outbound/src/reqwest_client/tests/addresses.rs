//! Who may be called, and what is said when nobody can be reached.

use super::*;

async fn refusal(client: &ReqwestClient, url: &str) -> SendError {
    let error = client.send(get(url), &soon()).await.unwrap_err();
    assert!(error.certainly_not_sent(), "{url}: {error:?}");
    error
}

#[tokio::test]
async fn addresses_that_are_not_public_are_refused_however_they_are_written() {
    let server = Server::start(|mut peer| async move { peer.until_closed().await }).await;
    let port = server.address.port();
    let client = client_that_allows(&[]);
    for scheme in ["http", "https"] {
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
            "0177.0.0.1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "localhost",
            "LOCALHOST",
        ] {
            let error = refusal(&client, &format!("{scheme}://{host}:{port}/?token=hush")).await;
            assert!(matches!(error, SendError::NotSent(NotSent::AddressRefused { .. })), "{host}: {error:?}");
            assert!(
                error.to_string().contains("outbound_allow") && !error.to_string().contains("hush"),
                "{error}"
            );
        }
        for host in ["169.254.169.254", "10.0.0.1", "100.100.100.200", "[fd00:ec2::254]", "0.0.0.0"] {
            let error = refusal(&client, &format!("{scheme}://{host}/latest")).await;
            assert!(matches!(error, SendError::NotSent(NotSent::AddressRefused { .. })), "{host}: {error:?}");
        }
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_name_is_judged_by_its_addresses() {
    let server = Server::start(|mut peer| async move {
        peer.request().await;
        peer.answer("by name").await;
    })
    .await;
    let url = format!("http://localhost:{}/", server.address.port());
    let answer = client().send(get(&url), &soon()).await.unwrap();
    assert_eq!(text(answer).await, "by name");
}

#[test]
fn of_several_addresses_only_the_permitted_are_kept() {
    let resolver =
        |listed_only| GuardedResolver { guard: Guard::new(vec!["10.0.0.0/8".parse().unwrap()]), listed_only };
    let found = |texts: &[&str]| {
        texts.iter().map(|text| SocketAddr::new(text.parse().unwrap(), 0)).collect::<Vec<_>>()
    };
    let mixed = found(&["127.0.0.1", "10.0.0.5", "9.9.9.9"]);
    assert_eq!(resolver(false).choose(&mixed).unwrap(), found(&["10.0.0.5", "9.9.9.9"]));
    assert_eq!(resolver(true).choose(&mixed).unwrap(), found(&["10.0.0.5"]));
    let refused = resolver(false).choose(&found(&["127.0.0.1", "::1"]));
    assert!(matches!(refused, Err(ResolveRefusal::Address(address)) if address.to_string() == "127.0.0.1"));
    assert!(matches!(resolver(true).choose(&found(&["9.9.9.9"])), Err(ResolveRefusal::HttpsRequired)));
    assert!(matches!(resolver(false).choose(&[]), Err(ResolveRefusal::Failed(_))));
}

#[tokio::test]
async fn plain_http_is_for_listed_addresses_alone() {
    let error = refusal(&client(), "http://8.8.8.8/").await;
    assert_eq!(error, NotSent::HttpsRequired { host: "8.8.8.8".to_owned() }.into());
}

#[tokio::test]
async fn what_cannot_be_reached_was_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    let client = client();
    for options in [soon(), soon().on_fresh_connection()] {
        let error = client.send(post(&format!("http://{closed}/?q=hush"), "x"), &options).await.unwrap_err();
        assert!(matches!(&error, SendError::NotSent(NotSent::Connect { .. })), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
    }
    let error = refusal(&client, "https://no-such-host.invalid/?q=hush").await;
    assert!(
        matches!(&error, SendError::NotSent(NotSent::Resolve { host, .. }) if host == "no-such-host.invalid"),
        "{error:?}"
    );
}

#[test]
fn the_system_has_certificates_here() {
    client().check_https().unwrap();
}

#[tokio::test]
async fn without_agreement_on_tls_nothing_was_sent() {
    let server = Server::start(|mut peer| async move {
        let mut first = [0; 1];
        peer.stream.read_exact(&mut first).await.unwrap();
        peer.write("HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    let error = refusal(&client(), &format!("https://{}/", server.address)).await;
    assert!(matches!(error, SendError::NotSent(NotSent::Connect { .. })), "{error:?}");
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_a_connect_timeout() {
    let server = Server::start(|mut peer| async move { peer.until_closed().await }).await;
    let guard = Guard::new(vec!["127.0.0.0/8".parse().unwrap()]);
    let limit = Duration::from_millis(200);
    let client =
        ReqwestClient::new(Settings { guard, connect_timeout: limit, ..Settings::default() }).unwrap();
    let error = refusal(&client, &format!("https://{}/", server.address)).await;
    assert_eq!(error, NotSent::ConnectTimeout { host: "127.0.0.1".to_owned(), limit }.into());
}

#[tokio::test]
async fn urls_that_would_be_changed_or_mean_something_else_are_refused() {
    let server = Server::start(|mut peer| async move { peer.until_closed().await }).await;
    let client = client();
    for path in ["/a/../b", "/a/./b", "/a/%2e%2e/b", "/a/%2E%2e/b", "/a/.%2e", "/.."] {
        let error = refusal(&client, &server.url(path)).await;
        assert!(matches!(error, SendError::BadRequest(_)), "{path}: {error:?}");
    }
    for url in [
        format!("http://user:hush@{}/", server.address),
        format!("ftp://{}/", server.address),
        "/relative".to_owned(),
    ] {
        let error = refusal(&client, &url).await;
        assert!(matches!(error, SendError::BadRequest(_)), "{url}: {error:?}");
        assert!(!error.to_string().contains("hush"));
    }
    assert_eq!(server.connections(), 0);
}
