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
    tracker.spawn(async move {
        serve_on(listener, router, Vec::new(), stop, &connections, limits).await.expect("it serves");
    });
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

/// Lets a test see when a handler ends, and whether it came to its end.
struct Ending(Option<tokio::sync::oneshot::Sender<bool>>);

impl Ending {
    fn reached(mut self) {
        self.0.take().expect("it ends once").send(true).expect("the test waits for it");
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(ended) = self.0.take() {
            ended.send(false).expect("the test waits for it");
        }
    }
}

/// What becomes of a handler whose client hangs up: whether it came to its end.
async fn hang_up(method: &str, limits: ServeLimits, end: impl AsyncFnOnce(&Running, &Notify)) -> bool {
    let (started, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (ended, has_ended) = tokio::sync::oneshot::channel();
    let ending = Arc::new(std::sync::Mutex::new(Some(Ending(Some(ended)))));
    let (begun, wait) = (Arc::clone(&started), Arc::clone(&go_on));
    let act = axum::routing::any(move || async move {
        let ending = ending.lock().expect("nobody panics").take().expect("one request");
        begun.notify_one();
        wait.notified().await;
        ending.reached();
    });
    let running = start(Router::new().route("/act", act), limits).await;
    let mut stream = TcpStream::connect(running.address).await.expect("a connection");
    let request = format!("{method} /act HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("the request is sent");
    started.notified().await;
    drop(stream);
    end(&running, &go_on).await;
    has_ended.await.expect("it ends")
}

#[tokio::test]
async fn what_may_change_something_goes_on_when_its_client_hangs_up() {
    let one = ServeLimits { connections: 1, ..ServeLimits::default() };
    let go_on = async |running: &Running, go_on: &Notify| {
        // Whoever comes next has no place until it has ended.
        let mut next = TcpStream::connect(running.address).await.expect("a connection");
        next.write_all(b"GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("the request is sent");
        let waiting = tokio::time::timeout(Duration::from_millis(100), next.read(&mut [0])).await;
        assert!(waiting.is_err(), "hanging up made room");
        go_on.notify_one();
        next.read_exact(&mut [0]).await.expect("now it is answered");
    };
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        assert!(hang_up(method, one, go_on).await, "{method}");
    }
    let nothing = async |_: &Running, _: &Notify| {};
    assert!(!hang_up("GET", ServeLimits::default(), nothing).await, "a question is not answered to nobody");
    let stop = async |running: &Running, _: &Notify| running.shutdown.cancel();
    let hurried = ServeLimits { drain: Duration::from_millis(50), ..ServeLimits::default() };
    assert!(!hang_up("POST", hurried, stop).await, "a stop does not wait for it longer than for others");
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

/// A network in memory on which callers come from addresses of their choice.
struct Network(tokio::sync::mpsc::UnboundedReceiver<(tokio::io::DuplexStream, std::net::SocketAddr)>);

impl axum::serve::Listener for Network {
    type Io = tokio::io::DuplexStream;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.0.recv().await {
            Some(caller) => caller,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        Ok(([192, 0, 2, 80], 80).into())
    }
}

#[tokio::test]
async fn one_stranger_cannot_have_all_connections() {
    let (calls, called) = tokio::sync::mpsc::unbounded_channel();
    let call = |address: &str| {
        let (near, far) = tokio::io::duplex(1024);
        calls.send((far, format!("{address}:1").parse().expect("an address"))).expect("the server listens");
        near
    };
    let (shutdown, tracker) = (CancellationToken::new(), TaskTracker::new());
    let (stop, connections) = (shutdown.clone(), tracker.clone());
    let router = Router::new().route("/", get(|| async { "here" }));
    let limits = ServeLimits { connections_each: 2, ..ServeLimits::default() };
    let trusted = vec!["10.0.0.0/8".parse().expect("a network")];
    tracker.spawn(async move {
        serve_on(Network(called), router, trusted, stop, &connections, limits).await.expect("it serves");
    });
    let ask = async |mut stream: tokio::io::DuplexStream| {
        let mut answer = String::new();
        // A stream that was closed before cannot be written to.
        let _closed = stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        stream.read_to_string(&mut answer).await.expect("it is answered or closed");
        answer
    };
    let first = call("192.0.2.1");
    let second = call("192.0.2.1");
    assert_eq!(ask(call("192.0.2.1")).await, "", "a third one is closed");
    assert!(ask(call("192.0.2.2")).await.ends_with("here"), "somebody else is served");
    let proxied: Vec<_> = (0..5).map(|_| call("10.1.2.3")).collect();
    for stream in proxied {
        assert!(ask(stream).await.ends_with("here"), "a trusted proxy stands for many");
    }
    for open in [first, second] {
        assert!(ask(open).await.ends_with("here"), "those within the limit are served");
    }
    shutdown.cancel();
    tracker.close();
    tracker.wait().await;
}
