use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use outbound::{Body, Guard, HttpClient as _, ReqwestClient, SendOptions};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// `mainstay demo` on free ports and temporary data, until it is dropped.
#[derive(Debug)]
pub struct Demo {
    process: Child,
    http: ReqwestClient,
    /// What the demo says of itself: every URL, sign-in, client and token that it made.
    pub cast: Value,
}

/// The binary that `cargo test` has built beside this test.
fn binary() -> Result<PathBuf> {
    let own = std::env::current_exe().context("find this program")?;
    let target = own.parent().and_then(std::path::Path::parent).context("find the target directory")?;
    let binary = target.join("mainstay");
    if !binary.is_file() {
        bail!(
            "{} is not there: build it with `cargo build`, or run the whole `cargo test`",
            binary.display()
        );
    }
    Ok(binary)
}

impl Demo {
    /// Starts it and waits until it is ready.
    pub async fn start() -> Result<Self> {
        let mut process = Command::new(binary()?)
            .args(["demo", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("start `mainstay demo`")?;
        let stdout = process.stdout.take().context("read from `mainstay demo`")?;
        let mut lines = BufReader::new(stdout).lines();
        let ready = tokio::time::timeout(Duration::from_mins(1), async {
            let first = lines.next_line().await?.context("`mainstay demo` ended at once")?;
            if !first.starts_with("ready http") {
                bail!("the first line is {first:?}");
            }
            lines.next_line().await?.context("`mainstay demo` said nothing of what it made")
        });
        let cast = ready.await.context("`mainstay demo` did not get ready")??;
        let guard = Guard::new(vec!["127.0.0.0/8".parse()?]);
        let settings = outbound::Settings { guard, ..outbound::Settings::default() };
        let http = ReqwestClient::new(settings)?;
        Ok(Self { process, http, cast: serde_json::from_str(&cast).context("read what the demo made")? })
    }

    /// A text of the cast, by its JSON pointer.
    pub fn text(&self, pointer: &str) -> Result<&str> {
        self.cast
            .pointer(pointer)
            .and_then(Value::as_str)
            .with_context(|| format!("the demo names no {pointer} in {}", self.cast))
    }

    /// Calls an API with a bearer token; gives status and JSON.
    pub async fn call(
        &self,
        method: &str,
        url: &str,
        token: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value)> {
        let request = http::Request::builder()
            .method(method)
            .uri(url)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(body.map_or_else(Body::empty, |body| Body::from(Bytes::from(body.to_string()))))?;
        let answer = self.http.send(request, &SendOptions::within(Duration::from_secs(30))).await?;
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect_up_to(1 << 20).await?;
        Ok((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }

    /// Ends it in good order.
    pub async fn stop(mut self) -> Result<()> {
        self.process.kill().await.context("stop `mainstay demo`")
    }
}
