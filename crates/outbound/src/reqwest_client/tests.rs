use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Method, StatusCode};
use http_body_util::StreamBody;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

use super::*;
use crate::body::BodyError;

mod addresses;
mod answers;

/// A server whose every connection is in a test's own hands.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    /// Heads and bodies of the requests that were read.
    requests: Arc<Mutex<Vec<String>>>,
    tasks: TaskTracker,
}

impl Server {
    async fn start<F, A>(connection: F) -> Self
    where
        F: Fn(Peer) -> A + Send + 'static,
        A: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let tasks = TaskTracker::new();
        let (counted, read, spawner) = (Arc::clone(&connections), Arc::clone(&requests), tasks.clone());
        tasks.spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let number = counted.fetch_add(1, Ordering::SeqCst);
                spawner.spawn(connection(Peer { stream, number, requests: Arc::clone(&read) }));
            }
        });
        Self { address, connections, requests, tasks }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tasks.close();
    }
}

/// One connection at the server.
struct Peer {
    stream: TcpStream,
    number: usize,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    /// Reads a request with its body and notes it; nothing if the other side closed.
    async fn request(&mut self) -> Option<String> {
        let mut bytes = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let lower = head.to_lowercase();
                let length = lower
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
                let complete = if lower.contains("transfer-encoding: chunked") {
                    body.ends_with("0\r\n\r\n")
                } else {
                    body.len() >= length.unwrap_or(0)
                };
                if complete {
                    self.requests.lock().unwrap().push(text.clone());
                    return Some(text);
                }
            }
            let mut buffer = vec![0; 65536];
            match self.stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return None,
                Ok(read) => bytes.extend_from_slice(&buffer[..read]),
            }
        }
    }

    async fn write(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// Answers 200 with this body; the connection stays open.
    async fn answer(&mut self, body: &str) {
        self.write(&format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())).await;
    }

    /// Reads until the other side closes.
    async fn until_closed(&mut self) {
        let mut buffer = [0; 1024];
        while matches!(self.stream.read(&mut buffer).await, Ok(read) if read > 0) {}
    }
}

fn client_that_allows(allow: &[&str]) -> ReqwestClient {
    let guard = Guard::new(allow.iter().map(|network| network.parse().unwrap()).collect());
    ReqwestClient::new(Settings { guard, connect_timeout: Duration::from_secs(2), ..Settings::default() })
        .unwrap()
}

fn client() -> ReqwestClient {
    client_that_allows(&["127.0.0.0/8", "::1/128"])
}

fn get(url: &str) -> Request<Body> {
    Request::builder().uri(url).body(Body::empty()).unwrap()
}

fn post(url: &str, body: impl Into<Body>) -> Request<Body> {
    Request::builder().method(Method::POST).uri(url).body(body.into()).unwrap()
}

fn soon() -> SendOptions {
    SendOptions::within(Duration::from_secs(5))
}

async fn text(answer: Response<Body>) -> String {
    String::from_utf8(answer.into_body().collect_up_to(1 << 24).await.unwrap().to_vec()).unwrap()
}
