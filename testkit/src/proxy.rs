use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What a [`Proxy`] does with bytes and connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Passes them on.
    Open,
    /// Accepts connections and holds back every byte, as a network does that drops packets.
    Stalled,
    /// Closes all connections, and new ones at once.
    Cut,
}

/// A TCP proxy on a port of 127.0.0.1 that fails on demand. It ends when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    flow: watch::Sender<Flow>,
    ended: CancellationToken,
}

impl Proxy {
    /// A proxy in front of `upstream`, open.
    pub async fn start(upstream: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (flow, state) = watch::channel(Flow::Open);
        let ended = CancellationToken::new();
        let tasks = TaskTracker::new();
        let accepting = accept(listener, upstream, state, ended.clone(), tasks.clone());
        tasks.spawn(ended.clone().run_until_cancelled_owned(accepting));
        Ok(Self { address, flow, ended })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes what it does, for connections that are open too.
    pub fn set(&self, flow: Flow) {
        self.flow.send_replace(flow);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.ended.cancel();
    }
}

async fn accept(
    listener: TcpListener,
    upstream: SocketAddr,
    flow: watch::Receiver<Flow>,
    ended: CancellationToken,
    tasks: TaskTracker,
) {
    // The listener of a test machine fails only when the process has no descriptors left; then the test fails by itself.
    while let Ok((near, _)) = listener.accept().await {
        if *flow.borrow() == Flow::Cut {
            continue;
        }
        let Ok(far) = TcpStream::connect(upstream).await else { continue };
        let (near_read, near_write) = near.into_split();
        let (far_read, far_write) = far.into_split();
        // Either direction's end is the connection's end.
        let connection = ended.child_token();
        for (from, to) in [(near_read, far_write), (far_read, near_write)] {
            let (connection, flow) = (connection.clone(), flow.clone());
            tasks.spawn(async move {
                connection.run_until_cancelled(pump(from, to, flow)).await;
                connection.cancel();
            });
        }
    }
}

/// Passes bytes on in one direction until the connection ends or is cut.
async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut flow: watch::Receiver<Flow>) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read,
            _ = flow.wait_for(|flow| *flow == Flow::Cut) => return,
        };
        let Ok(length @ 1..) = read else { return };
        match flow.wait_for(|flow| *flow != Flow::Stalled).await.as_deref() {
            Ok(Flow::Open) => {}
            _ => return,
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
