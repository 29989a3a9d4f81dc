use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Where randomness comes from: keys, tokens, ids, jitter. Cryptographically strong except in a test.
pub trait Entropy: Send + Sync + fmt::Debug {
    /// Fills `buffer` with random bytes.
    fn fill(&self, buffer: &mut [u8]);
}

/// What is usually wanted of an [`Entropy`].
pub trait EntropyExt: Entropy {
    /// `N` random bytes.
    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A number in `0..bound`; 0 for a bound of 0. Meant for jitter: the tiny bias of the remainder is of no matter there.
    fn below(&self, bound: u64) -> u64 {
        u64::from_le_bytes(self.bytes()).checked_rem(bound).unwrap_or(0)
    }

    /// `N` random bytes as unpadded base64url text, as used in `state`, links and verifiers.
    fn text<const N: usize>(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<N>())
    }
}

impl<T: Entropy + ?Sized> EntropyExt for T {}

/// The operating system's source.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[allow(clippy::disallowed_methods, reason = "the one place that asks the system for randomness")]
    fn fill(&self, buffer: &mut [u8]) {
        // Without randomness nothing here is safe; no caller could do better than stop.
        getrandom::fill(buffer).expect("the operating system gives randomness");
    }
}
