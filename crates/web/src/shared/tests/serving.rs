//! Real connections: limits, and a stop that lets running requests finish.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::shared::{ServeLimits, serve_on};

struct Running {
    address: std::net::SocketAddr,
    shutdown: CancellationToken,
    tracker: TaskTracker,
}

async fn start(router: Router, limits: ServeLimits) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("its address");
    let (shutdown, tracker) = (CancellationToken::new(), TaskTracker::new());
    let (stop, connections) = (shutdown.clone(), tracker.clone());
    tracker.spawn(
        async move { serve_on(listener, router, stop, &connections, limits).await.expect("it serves") },
    );
    Running { address, shutdown, tracker }
}

async fn exchange(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.expect("the request is sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("the answer is read");
    String::from_utf8(answer).expect("text")
}

#[tokio::test]
async fn a_running_request_is_finished_and_nothing_more_is_accepted() {
    let (started, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (begun, wait) = (Arc::clone(&started), Arc::clone(&go_on));
    let slow = get(move || async move {
        begun.notify_one();
        wait.notified().await;
        "finished"
    });
    let running = start(Router::new().route("/slow", slow), ServeLimits::default()).await;
    let mut stream = TcpStream::connect(running.address).await.expect("a connection");
    stream.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("the request is sent");
    started.notified().await;
    running.shutdown.cancel();
    running.tracker.close();
    go_on.notify_one();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("the connection is closed after the answer");
    assert!(answer.ends_with("finished"), "{answer}");
    running.tracker.wait().await;
    assert!(TcpStream::connect(running.address).await.is_err(), "the listener is gone");
}

#[tokio::test]
async fn a_request_that_outlives_the_drain_is_cut() {
    let started = Arc::new(Notify::new());
    let begun = Arc::clone(&started);
    let stuck = get(move || async move {
        begun.notify_one();
        std::future::pending::<&'static str>().await
    });
    let limits = ServeLimits { drain: Duration::from_millis(50), ..ServeLimits::default() };
    let running = start(Router::new().route("/stuck", stuck), limits).await;
    let mut stream = TcpStream::connect(running.address).await.expect("a connection");
    stream.write_all(b"GET /stuck HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("the request is sent");
    started.notified().await;
    running.shutdown.cancel();
    running.tracker.close();
    running.tracker.wait().await;
}

#[tokio::test]
async fn an_oversize_head_a_slow_head_and_a_stalled_body_are_ended() {
    let limits = ServeLimits {
        head_bytes: 8 * 1024,
        head_timeout: Duration::from_millis(100),
        body_timeout: Duration::from_millis(100),
        ..ServeLimits::default()
    };
    let running = start(Router::new().route("/", post(|body: String| async move { body })), limits).await;

    let mut stream = TcpStream::connect(running.address).await.expect("a connection");
    let answer =
        exchange(&mut stream, &format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "a".repeat(9_000)))
            .await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");

    let mut stream = TcpStream::connect(running.address).await.expect("a connection");
    let answer = exchange(&mut stream, "GET / HTTP/1.1\r\nhost:").await;
    assert!(!answer.contains("200"), "the head never came: {answer}");

    let mut stream = TcpStream::connect(running.address).await.expect("a connection");
    let answer = exchange(&mut stream, "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc").await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[tokio::test]
async fn more_connections_than_the_limit_wait_for_their_turn() {
    let limits = ServeLimits { connections: 1, ..ServeLimits::default() };
    let running = start(Router::new().route("/", get(|| async { "here" })), limits).await;
    let first = TcpStream::connect(running.address).await.expect("a connection");
    let mut second = TcpStream::connect(running.address).await.expect("the system's queue takes it");
    second
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .expect("the request is sent");
    let mut byte = [0];
    let early = tokio::time::timeout(Duration::from_millis(100), second.read(&mut byte)).await;
    assert!(early.is_err(), "the only place is taken");
    drop(first);
    let mut answer = String::new();
    second.read_to_string(&mut answer).await.expect("its turn has come");
    assert!(answer.ends_with("here"), "{answer}");
}
