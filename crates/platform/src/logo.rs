//! Logos of clients: what a picture must be to be served by us, and what is kept of it.
//!
//! A picture comes from wherever its client says, and is shown on the page where people decide. So it is fetched once, by us
//! and not by their browsers; what it is is read from its bytes and not from what its server calls it; and nothing that can
//! hold a script (SVG) is taken. It is never decoded here, so that a picture that is small in bytes and huge in pixels costs
//! nothing: its size is read from its header.

use base::Timestamp;
use imagesize::{ImageType, blob_size, image_type};

/// The largest picture, in bytes.
pub(crate) const MAX_BYTES: usize = 256 * 1024;
/// The smallest and the largest side, in pixels.
const SIDES: std::ops::RangeInclusive<usize> = 32..=2048;

/// The kinds of picture that are taken: raster alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogoKind {
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    Webp,
    /// GIF.
    Gif,
}

impl LogoKind {
    /// All of them.
    const ALL: [Self; 4] = [Self::Png, Self::Jpeg, Self::Webp, Self::Gif];

    /// The type it is served as; also the text of the database.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
        }
    }

    /// Reads [`LogoKind::content_type`] back.
    pub fn from_content_type(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.content_type() == text)
    }
}

/// A picture that keeps the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    /// What it is, by its content.
    pub kind: LogoKind,
    /// Its bytes, as they came.
    pub bytes: Vec<u8>,
}

/// Why bytes are no logo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LogoError {
    /// None of the kinds.
    #[error(
        "it is no PNG, JPEG, WebP or GIF; SVG and others are not taken, since they can hold more than a picture"
    )]
    Kind,
    /// Too long.
    #[error("it is larger than 256 KiB")]
    TooLarge,
    /// Its header is damaged.
    #[error("its size in pixels cannot be read, so it is damaged")]
    Damaged,
    /// Not square.
    #[error("it is not square: it has {width} by {height} pixels")]
    NotSquare {
        /// Pixels.
        width: usize,
        /// Pixels.
        height: usize,
    },
    /// Too small or too big a side.
    #[error("a side has {} to {} pixels, and it has {side}", SIDES.start(), SIDES.end())]
    Side {
        /// Pixels.
        side: usize,
    },
}

/// Takes bytes as a logo if they keep the rules.
pub fn read_logo(bytes: &[u8]) -> Result<Logo, LogoError> {
    if bytes.len() > MAX_BYTES {
        return Err(LogoError::TooLarge);
    }
    let kind = match image_type(bytes) {
        Ok(ImageType::Png) => LogoKind::Png,
        Ok(ImageType::Jpeg) => LogoKind::Jpeg,
        Ok(ImageType::Webp) => LogoKind::Webp,
        Ok(ImageType::Gif) => LogoKind::Gif,
        _ => return Err(LogoError::Kind),
    };
    let size = blob_size(bytes).map_err(|_| LogoError::Damaged)?;
    if size.width != size.height {
        return Err(LogoError::NotSquare { width: size.width, height: size.height });
    }
    if !SIDES.contains(&size.width) {
        return Err(LogoError::Side { side: size.width });
    }
    Ok(Logo { kind, bytes: bytes.to_vec() })
}

/// What is kept of a client's logo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLogo {
    /// The client.
    pub client_id: String,
    /// Where it was fetched.
    pub source: String,
    /// The picture, or why there is none, in a sentence.
    pub outcome: Result<Logo, String>,
    /// When it was fetched, or tried to be.
    pub fetched_at: Timestamp,
}

/// How it stands with a client's logo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogoState {
    /// The client names none.
    None,
    /// It is here, and was fetched then.
    Here(Timestamp),
    /// It could not be taken, for this reason; another attempt comes with approval.
    Missing(String),
}

#[cfg(test)]
mod tests;
