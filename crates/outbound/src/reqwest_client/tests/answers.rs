//! What comes back, and what is said when nothing does.

use super::*;

#[tokio::test]
async fn a_request_goes_out_as_it_was_given() {
    let server = Server::start(|mut peer| async move {
        peer.request().await;
        peer.answer("hello").await;
    })
    .await;
    let mut request = post(&server.url("/a%2Fb/c;d?x=%20y&z"), "body");
    request.headers_mut().insert("authorization", HeaderValue::from_static("Bearer t"));
    request.headers_mut().insert(HOST, HeaderValue::from_static("elsewhere.example"));
    let answer = client().send(request, &soon()).await.unwrap();
    assert_eq!((answer.status(), text(answer).await.as_str()), (StatusCode::OK, "hello"));
    let seen = server.requests().remove(0);
    let lower = seen.to_lowercase();
    assert!(seen.starts_with("POST /a%2Fb/c;d?x=%20y&z HTTP/1.1\r\n"), "{seen}");
    assert!(
        lower.contains(&format!("\r\nhost: {}\r\n", server.address)) && !lower.contains("elsewhere"),
        "{seen}"
    );
    assert!(
        lower.contains("\r\nauthorization: bearer t\r\n") && lower.contains("\r\ncontent-length: 4\r\n"),
        "{seen}"
    );
    assert!(lower.contains("\r\nuser-agent: mainstay/") && !lower.contains("accept-encoding"), "{seen}");
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let server = Server::start(|mut peer| async move {
        peer.request().await;
        peer.write(
            "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\nset-cookie: a=b\r\ncontent-length: 0\r\n\r\n",
        )
        .await;
        peer.request().await;
        peer.answer("").await;
    })
    .await;
    let client = client();
    let answer = client.send(get(&server.url("/")), &soon()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::FOUND);
    assert_eq!(answer.headers()["location"], "/elsewhere");
    text(answer).await;
    client.send(get(&server.url("/second")), &soon()).await.unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert!(
        requests[1].starts_with("GET /second ") && !requests[1].to_lowercase().contains("cookie"),
        "{requests:?}"
    );
}

#[tokio::test]
async fn a_compressed_body_stays_as_it_is() {
    let server = Server::start(|mut peer| async move {
        peer.request().await;
        peer.write("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 6\r\n\r\nas it is").await;
    })
    .await;
    let answer = client().send(get(&server.url("/")), &soon()).await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    assert_eq!(text(answer).await, "as it ");
}

#[tokio::test]
async fn megabytes_stream_both_ways() {
    let server = Server::start(|mut peer| async move {
        let request = peer.request().await.unwrap();
        let body = "y".repeat(request.len());
        peer.answer(&body).await;
    })
    .await;
    let pieces: Vec<_> = (0..64)
        .map(|_| Ok::<_, BodyError>(http_body::Frame::data(Bytes::from(vec![b'x'; 1 << 16]))))
        .collect();
    let body = Body::wrap(StreamBody::new(futures_util::stream::iter(pieces)));
    let answer = client().send(post(&server.url("/"), body), &soon()).await.unwrap();
    assert!(text(answer).await.len() >= 4 << 20);
    let seen = &server.requests()[0];
    assert!(seen.to_lowercase().contains("transfer-encoding: chunked"));
    assert_eq!(seen.bytes().filter(|byte| *byte == b'x').count(), 4 << 20);
}

#[tokio::test]
async fn a_connection_closed_before_the_request_was_read_is_unknown_and_not_tried_again() {
    let server = Server::start(|peer| async move { drop(peer) }).await;
    for options in [soon(), soon().on_fresh_connection()] {
        let before = server.connections();
        let error = client().send(post(&server.url("/token?code=hush"), "x"), &options).await.unwrap_err();
        assert!(matches!(error, SendError::Unknown(Unknown::Cut { .. })), "{error:?}");
        assert!(!error.certainly_not_sent());
        assert_eq!(server.connections(), before + 1);
    }
}

#[tokio::test]
async fn a_connection_closed_after_the_request_was_read_is_unknown_and_not_tried_again() {
    let server = Server::start(|mut peer| async move { drop(peer.request().await) }).await;
    let error =
        client().send(post(&server.url("/token?code=hush"), "secret=hush"), &soon()).await.unwrap_err();
    assert!(matches!(error, SendError::Unknown(Unknown::Cut { .. })), "{error:?}");
    assert_eq!((server.connections(), server.requests().len()), (1, 1));
    assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
}

#[tokio::test]
async fn a_request_on_a_kept_connection_that_closes_is_not_sent_a_second_time() {
    let server = Server::start(|mut peer| async move {
        peer.request().await;
        peer.answer("first").await;
        // The second request on the same connection is read and left without an answer.
        if peer.request().await.is_some() && peer.number > 0 {
            peer.answer("a second connection must not be asked").await;
        }
    })
    .await;
    let client = client();
    text(client.send(get(&server.url("/1")), &soon()).await.unwrap()).await;
    let error = client.send(post(&server.url("/2"), "x"), &soon()).await.unwrap_err();
    assert!(matches!(error, SendError::Unknown(Unknown::Cut { .. })), "{error:?}");
    assert_eq!((server.connections(), server.requests().len()), (1, 2));
}

#[tokio::test]
async fn a_fresh_connection_is_neither_taken_from_nor_left_to_others() {
    let server = Server::start(|mut peer| async move {
        while peer.request().await.is_some() {
            peer.answer("ok").await;
        }
    })
    .await;
    let client = client();
    for (options, connections) in [
        (soon(), 1),
        (soon(), 1),
        (soon().on_fresh_connection(), 2),
        (soon().on_fresh_connection(), 3),
        (soon(), 3),
    ] {
        text(client.send(get(&server.url("/")), &options).await.unwrap()).await;
        assert_eq!(server.connections(), connections);
    }
}

#[tokio::test]
async fn no_answer_within_the_deadline_is_unknown() {
    let server = Server::start(|mut peer| async move {
        peer.request().await;
        peer.until_closed().await;
    })
    .await;
    let options = SendOptions::within(Duration::from_millis(200));
    let error = client().send(post(&server.url("/"), "x"), &options).await.unwrap_err();
    assert!(matches!(error, SendError::Unknown(Unknown::Deadline { .. })), "{error:?}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_body_that_stops_short_is_an_error_of_the_body() {
    let server = Server::start(|mut peer| async move {
        peer.request().await;
        peer.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").await;
    })
    .await;
    let answer = client().send(get(&server.url("/?q=hush")), &soon()).await.unwrap();
    let error = answer.into_body().collect_up_to(1000).await.unwrap_err();
    assert!(matches!(error, BodyError::Cut(_)), "{error:?}");
    assert!(!format!("{error:?}").contains("hush"), "{error:?}");
}

#[tokio::test]
async fn a_body_that_stands_still_ends_by_the_deadline_or_by_idleness() {
    let server = Server::start(|mut peer| async move {
        peer.request().await;
        peer.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").await;
        peer.until_closed().await;
    })
    .await;
    let brief = Duration::from_millis(200);
    for options in [SendOptions::within(brief), SendOptions::streaming(Duration::from_mins(1), brief)] {
        let answer = client().send(get(&server.url("/")), &options).await.unwrap();
        assert_eq!(answer.into_body().collect_up_to(1000).await, Err(BodyError::Time), "{options:?}");
    }
}

#[tokio::test]
async fn a_flowing_body_may_take_longer_than_the_deadline() {
    let server = Server::start(|mut peer| async move {
        peer.request().await;
        peer.write("HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n").await;
        for _ in 0..8 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            peer.write("x").await;
        }
    })
    .await;
    let options = SendOptions::streaming(Duration::from_millis(300), Duration::from_secs(5));
    let answer = client().send(get(&server.url("/")), &options).await.unwrap();
    assert_eq!(text(answer).await, "xxxxxxxx");
}

#[tokio::test]
async fn an_answer_that_is_no_http_is_unknown() {
    let server = Server::start(|mut peer| async move {
        peer.request().await;
        peer.write("SSH-2.0-nothing\r\n\r\n").await;
    })
    .await;
    let error = client().send(get(&server.url("/")), &soon()).await.unwrap_err();
    assert!(matches!(error, SendError::Unknown(Unknown::Cut { .. })), "{error:?}");
}
