use std::time::Duration;

use audit::Origin;

/// Of longer names, the beginnings count; they are chosen by whoever sends them.
const MAX_NAME: usize = 100;

/// Counts failed client authentications for a client and source ([`Origin::counted_as`]), in windows of a minute. It slows down guessing, it is no proof
/// against it; the secrets are too long to be guessed.
#[derive(Debug)]
pub(crate) struct Throttle(Option<base::Throttle<(String, String)>>);

impl Throttle {
    /// So many a minute; without a limit nothing is counted.
    pub(crate) fn new(limit: Option<u32>) -> Self {
        Self(limit.map(|limit| base::Throttle::new(limit, Duration::from_mins(1))))
    }

    /// How long this pair has to wait, if it has to.
    pub(crate) fn pause(&self, client: &str, origin: &Origin, monotonic: Duration) -> Option<Duration> {
        self.0.as_ref()?.pause(|| key(client, origin), monotonic)
    }

    /// Counts a failure.
    pub(crate) fn failed(&self, client: &str, origin: &Origin, monotonic: Duration) {
        if let Some(throttle) = &self.0 {
            throttle.count(key(client, origin), monotonic);
        }
    }
}

fn key(client: &str, origin: &Origin) -> (String, String) {
    let begin = |name: &str| match name.char_indices().nth(MAX_NAME) {
        Some((end, _)) => name[..end].to_owned(),
        None => name.to_owned(),
    };
    (begin(client), begin(&origin.counted_as()))
}

#[cfg(test)]
mod tests;
