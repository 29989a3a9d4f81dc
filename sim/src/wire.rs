//! How a request and its answer look on a simulated connection: lines in a frame that begins with its length. HTTP itself is not
//! what is simulated here; the names of the fields are.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use turmoil::net::TcpStream;

use crate::journal::RequestId;

/// A request.
#[derive(Debug, Clone, Default)]
pub(crate) struct WireRequest {
    /// Its name, for the journal alone.
    pub(crate) id: RequestId,
    /// The path.
    pub(crate) path: String,
    /// `Authorization`.
    pub(crate) authorization: String,
    /// The form.
    pub(crate) body: String,
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct WireAnswer {
    /// The status.
    pub(crate) status: u16,
    /// `Content-Type`.
    pub(crate) content_type: String,
    /// `Retry-After` in seconds.
    pub(crate) retry_after: Option<u64>,
    /// Which pair it holds; for the journal alone.
    pub(crate) issued: Option<usize>,
    /// Whether it ends before its body does.
    pub(crate) is_cut: bool,
    /// The body.
    pub(crate) body: String,
}

async fn write(stream: &mut TcpStream, text: &str) -> io::Result<()> {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    stream.write_all(&[&length.to_be_bytes(), text.as_bytes()].concat()).await
}

async fn read(stream: &mut TcpStream) -> io::Result<String> {
    let length = stream.read_u32().await?;
    let mut bytes = vec![0; length as usize];
    stream.read_exact(&mut bytes).await?;
    String::from_utf8(bytes).map_err(|_| malformed())
}

fn malformed() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

impl WireRequest {
    /// Writes it.
    pub(crate) async fn write(&self, stream: &mut TcpStream) -> io::Result<()> {
        write(stream, &format!("{}\n{}\n{}\n{}", self.id, self.path, self.authorization, self.body)).await
    }

    /// Reads one.
    pub(crate) async fn read(stream: &mut TcpStream) -> io::Result<Self> {
        let text = read(stream).await?;
        let mut lines = text.splitn(4, '\n');
        let mut line = || lines.next().ok_or_else(malformed);
        Ok(Self {
            id: line()?.parse().map_err(|_| malformed())?,
            path: line()?.to_owned(),
            authorization: line()?.to_owned(),
            body: line()?.to_owned(),
        })
    }
}

impl WireAnswer {
    /// Writes it.
    pub(crate) async fn write(&self, stream: &mut TcpStream) -> io::Result<()> {
        let Self { status, content_type, retry_after, issued, is_cut, body } = self;
        let (retry_after, issued) = (number(*retry_after), number(*issued));
        let text = format!("{status}\n{content_type}\n{retry_after}\n{issued}\n{is_cut}\n{body}");
        write(stream, &text).await
    }

    /// Reads one.
    pub(crate) async fn read(stream: &mut TcpStream) -> io::Result<Self> {
        let text = read(stream).await?;
        let mut lines = text.splitn(6, '\n');
        let mut line = || lines.next().ok_or_else(malformed);
        Ok(Self {
            status: line()?.parse().map_err(|_| malformed())?,
            content_type: line()?.to_owned(),
            retry_after: line()?.parse().ok(),
            issued: line()?.parse().ok(),
            is_cut: line()? == "true",
            body: line()?.to_owned(),
        })
    }
}

fn number<N: ToString>(number: Option<N>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}
