//! A load generator for HTTP/1.1: so many connections, each kept alive, each with one request under way.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use base::{Clock as _, SystemClock};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::task::TaskTracker;

use crate::report;

/// What one connection asks for, again and again.
pub(crate) trait Caller: Send + 'static {
    /// Writes the next request, whole.
    fn ask(&mut self, request: &mut Vec<u8>);
    /// Takes the answer; an error stops the run.
    fn take(&mut self, status: u16, body: &[u8]) -> Result<()>;
}

/// For how long, and how much of the beginning does not count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) warm_up: Duration,
    pub(crate) counted: Duration,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) answers: u64,
    pub(crate) per_second: f64,
    pub(crate) p50_micros: u32,
    pub(crate) p99_micros: u32,
}

/// Lets each caller work on a connection of its own; all of them are given back, with what they know.
pub(crate) async fn drive<C: Caller>(
    address: SocketAddr,
    callers: Vec<C>,
    span: Span,
) -> Result<(Load, Vec<C>)> {
    let clock = Arc::new(SystemClock::new());
    let tracker = TaskTracker::new();
    let tasks: Vec<_> = callers
        .into_iter()
        .map(|caller| tracker.spawn(connection(address, caller, span, Arc::clone(&clock))))
        .collect();
    let (mut latencies, mut callers) = (Vec::new(), Vec::new());
    for task in tasks {
        let (mut micros, caller) = task.await??;
        latencies.append(&mut micros);
        callers.push(caller);
    }
    ensure!(!latencies.is_empty(), "no answer came in the time that counts");
    latencies.sort_unstable();
    let answers = u64::try_from(latencies.len())?;
    let load = Load {
        answers,
        per_second: report::number(answers) / span.counted.as_secs_f64(),
        p50_micros: report::percentile(&latencies, 50),
        p99_micros: report::percentile(&latencies, 99),
    };
    Ok((load, callers))
}

async fn connection<C: Caller>(
    address: SocketAddr,
    mut caller: C,
    span: Span,
    clock: Arc<SystemClock>,
) -> Result<(Vec<u32>, C)> {
    let mut stream = TcpStream::connect(address).await.with_context(|| format!("connect to {address}"))?;
    stream.set_nodelay(true)?;
    let (mut request, mut answer) = (Vec::with_capacity(1024), Answer::default());
    let mut micros = Vec::with_capacity(65536);
    let end = span.warm_up + span.counted;
    loop {
        let asked = clock.monotonic();
        if asked >= end {
            return Ok((micros, caller));
        }
        request.clear();
        caller.ask(&mut request);
        stream.write_all(&request).await?;
        answer.read_from(&mut stream).await?;
        caller.take(answer.status, answer.body())?;
        let answered = clock.monotonic();
        if answered >= span.warm_up && answered < end {
            micros.push(u32::try_from(answered.saturating_sub(asked).as_micros()).unwrap_or(u32::MAX));
        }
    }
}

/// An answer whose length its head tells: what every server measured here sends.
#[derive(Default)]
pub(crate) struct Answer {
    bytes: Vec<u8>,
    head: usize,
    pub(crate) status: u16,
}

impl Answer {
    pub(crate) async fn read_from(&mut self, stream: &mut TcpStream) -> Result<()> {
        self.bytes.clear();
        let mut whole = None;
        while whole.is_none_or(|whole| self.bytes.len() < whole) {
            ensure!(
                stream.read_buf(&mut self.bytes).await? > 0,
                "the server hung up in the middle of an answer"
            );
            if whole.is_none()
                && let Some(end) = self.bytes.windows(4).position(|four| four == b"\r\n\r\n")
            {
                self.head = end + 4;
                whole = Some(self.head + self.understand_head()?);
            }
        }
        ensure!(Some(self.bytes.len()) == whole, "the server sent more than it announced");
        Ok(())
    }

    /// Reads the status; gives the length of the body.
    fn understand_head(&mut self) -> Result<usize> {
        let head = std::str::from_utf8(&self.bytes[..self.head]).context("the head of an answer")?;
        let status = head.get(9..12).and_then(|digits| digits.parse().ok());
        self.status = status.with_context(|| format!("an answer that begins with {head:?}"))?;
        for line in head.lines().skip(1) {
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                return Ok(value.trim().parse()?);
            }
        }
        if self.status == 204 {
            return Ok(0);
        }
        bail!("the server does not announce how long its answer is: {head}")
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.bytes[self.head..]
    }
}
