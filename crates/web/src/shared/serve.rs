use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::serve::{Listener, ListenerExt as _};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use ipnet::IpNet;
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use super::dormant::Dormant;
use super::patient_body::PatientBody;
use super::peers::{PeerPlace, Peers};

/// What one server takes upon itself.
#[derive(Debug, Clone, Copy)]
pub struct ServeLimits {
    /// Connections at the same time; further ones wait in the system's queue.
    pub connections: usize,
    /// Of those, so many of one address (or network, for IPv6); further ones are closed. This machine itself and trusted proxies may
    /// have all.
    pub connections_each: usize,
    /// The time for a request's head to arrive, and for a kept-alive connection to stay idle.
    pub head_timeout: Duration,
    /// The time between two pieces of a request's body, and for the whole of one that trickles.
    pub body_timeout: Duration,
    /// The largest request head in bytes; a larger one is answered 431.
    pub head_bytes: usize,
    /// How long running requests may go on after the shutdown began; then their connections are cut.
    pub drain: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connections: 4096,
            connections_each: 256,
            head_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(30),
            head_bytes: 32 * 1024,
            drain: Duration::from_secs(75),
        }
    }
}

/// Serves `router` until `shutdown` is cancelled: then nothing more is accepted, what runs is finished, and the function
/// returns. Connections are tasks of `tracker`.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    trusted_proxies: Vec<IpNet>,
    shutdown: CancellationToken,
    tracker: &TaskTracker,
) -> io::Result<()> {
    // Answers are small and written whole; waiting for more to send only adds delay.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
    });
    serve_on(listener, router, trusted_proxies, shutdown, tracker, ServeLimits::default()).await
}

/// [`serve`] on any listener, such as a simulated network's, with limits of one's own.
pub async fn serve_on<L: Listener<Addr = SocketAddr>>(
    mut listener: L,
    router: Router,
    trusted_proxies: Vec<IpNet>,
    shutdown: CancellationToken,
    tracker: &TaskTracker,
    limits: ServeLimits,
) -> io::Result<()> {
    let slots = Arc::new(Semaphore::new(limits.connections));
    let peers = Peers::new(limits.connections_each, trusted_proxies);
    let cut = CancellationToken::new();
    loop {
        let accepted = async {
            let slot = Arc::clone(&slots).acquire_owned().await.expect("the semaphore is never closed");
            let (stream, peer) = listener.accept().await;
            (slot, stream, peer)
        };
        tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            (slot, stream, peer) = accepted => {
                let Some(of_peer) = peers.admit(peer.ip()) else {
                    metrics::counter!("mainstay_connections_refused_total").increment(1);
                    continue;
                };
                let slot = Slot { _of_server: slot, _of_peer: of_peer };
                let ends = Ends { shutdown: shutdown.clone(), cut: cut.clone() };
                let acts = Acts { tracker: tracker.clone(), slot: Arc::new(slot), cut: cut.clone() };
                tracker.spawn(connection(stream, peer, router.clone(), limits, ends, acts));
            }
        }
    }
    drop(listener);
    let all = u32::try_from(limits.connections).unwrap_or(u32::MAX);
    if tokio::time::timeout(limits.drain, slots.acquire_many(all)).await.is_err() {
        cut.cancel();
    }
    Ok(())
}

/// What a connection takes up.
struct Slot {
    _of_server: OwnedSemaphorePermit,
    _of_peer: PeerPlace,
}

/// Requests that may change something go on to their end, also when their client hangs up: an act of several writes is not left half
/// done. Until then each holds the slot of its connection, so that hanging up does not make room for more.
#[derive(Clone)]
struct Acts {
    tracker: TaskTracker,
    slot: Arc<Slot>,
    /// As in [`Ends`].
    cut: CancellationToken,
}

impl Acts {
    async fn finish<T: Send + 'static>(self, act: impl Future<Output = T> + Send + 'static) -> T {
        let Self { tracker, slot, cut } = self;
        let running = tracker.spawn(async move {
            let answer = tokio::select! {
                biased;
                answer = act => Some(answer),
                () = Dormant::new(cut.cancelled()) => None,
            };
            drop(slot);
            answer
        });
        match running.await {
            Ok(Some(answer)) => answer,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The connection is cut too, or the runtime goes.
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }
}

/// How a connection comes to its end from this side.
struct Ends {
    /// What runs is finished, and nothing new begun.
    shutdown: CancellationToken,
    /// After that: enough has been waited.
    cut: CancellationToken,
}

async fn connection<I>(
    stream: I,
    peer: SocketAddr,
    router: Router,
    limits: ServeLimits,
    ends: Ends,
    acts: Acts,
) where
    I: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |request: http::Request<Incoming>| {
        let mut request: Request = request.map(|body| {
            if body.is_end_stream() {
                return Body::empty();
            }
            Body::new(PatientBody::new(body, limits.body_timeout))
        });
        request.extensions_mut().insert(ConnectInfo(peer));
        let acts = (!request.method().is_safe()).then(|| acts.clone());
        let answer = router.clone().oneshot(request);
        async move {
            match acts {
                Some(acts) => acts.finish(answer).await,
                None => answer.await,
            }
        }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        // hyper insists on 8 KiB at least.
        .max_buf_size(limits.head_bytes.max(8 * 1024));
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let outcome = tokio::select! {
        biased;
        outcome = connection.as_mut() => outcome,
        // All connections share the token and its lock, so it is not asked each time that this one has something to do.
        () = Dormant::new(ends.shutdown.cancelled()) => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                biased;
                outcome = connection => outcome,
                () = ends.cut.cancelled() => {
                    tracing::warn!("a connection was cut: its request outlived the shutdown");
                    return;
                }
            }
        }
    };
    if let Err(error) = outcome {
        // Clients hang up all the time; that is no event for anybody to look at.
        tracing::debug!(%error, "a connection ended early");
    }
}
