//! Passwords of people: Argon2id, kept as a PHC string. Machine-made secrets get a keyed SHA-256 instead
//! (`seal::MacKey::mac`): a slow hash buys nothing there.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base::{Entropy, EntropyExt as _, Secret};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tokio::sync::Semaphore;

/// What one guess costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Cost {
    /// 19 MiB and two passes, as OWASP recommends: about 0.1 s.
    pub const DEFAULT: Self = Self { memory_kib: 19 * 1024, passes: 2 };
    /// For tests alone: as good as nothing.
    pub const LEAST: Self = Self { memory_kib: 8, passes: 1 };
}

impl Default for Cost {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The hash of a password: `$argon2id$v=19$m=…,t=…,p=1$salt$hash`. Not a secret to be lent out all the same, so its Debug
/// shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    cost: Cost,
    salt: [u8; 16],
    hash: [u8; 32],
}

/// A stored text that is no password hash of the kind made here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an Argon2id hash as made here")]
pub struct PasswordHashError;

/// A row that was tampered with must not be able to ask for all memory there is.
const MOST_MEMORY_KIB: u32 = 256 * 1024;
const MOST_PASSES: u32 = 16;

/// Room for more than this comes and goes by mmap with every usual allocator (glibc's threshold for that grows up to
/// 32 MiB and then no further). Below it the 19 MiB of a hash would stay with the process for good.
const MAPPED_BYTES: usize = 33 * 1024 * 1024;

impl PasswordHash {
    /// Hashes. Takes the whole cost: call it through a `Hasher`.
    fn compute(password: &str, cost: Cost, salt: [u8; 16]) -> Self {
        let params = Params::new(cost.memory_kib, cost.passes, 1, Some(32))
            .expect("costs are checked where they come from");
        let count = params.block_count();
        // Only the blocks that are used become resident; the rest of the room is address space.
        let mut blocks: Vec<Block> = Vec::with_capacity(count.max(MAPPED_BYTES / Block::SIZE));
        blocks.resize(count, Block::new());
        let mut hash = [0; 32];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(password.as_bytes(), &salt, &mut hash, &mut blocks[..])
            .expect("lengths are right by their types, and passwords are shorter than 4 GiB");
        Self { cost, salt, hash }
    }

    /// Whether it is the hash of this password. Takes the whole cost.
    fn matches(&self, password: &str) -> bool {
        let other = Self::compute(password, self.cost, self.salt);
        self.hash.iter().zip(other.hash).fold(0, |acc, (a, b)| acc | std::hint::black_box(a ^ b)) == 0
    }

    /// A hash that no password has (as far as anyone knows), to spend the same work on a person who does not exist.
    const fn decoy(cost: Cost) -> Self {
        Self { cost, salt: [0; 16], hash: [0; 32] }
    }

    /// The text as it is stored.
    pub fn to_phc(&self) -> String {
        format!(
            "$argon2id$v=19$m={},t={},p=1${}${}",
            self.cost.memory_kib,
            self.cost.passes,
            STANDARD_NO_PAD.encode(self.salt),
            STANDARD_NO_PAD.encode(self.hash)
        )
    }
}

impl FromStr for PasswordHash {
    type Err = PasswordHashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<_> = text.split('$').collect();
        let ["", "argon2id", "v=19", costs, salt, hash] = *parts else { return Err(PasswordHashError) };
        let costs: Vec<_> = costs.split(',').collect();
        let [memory, passes, "p=1"] = *costs else { return Err(PasswordHashError) };
        let number = |text: &str, name: &str| text.strip_prefix(name).and_then(|n| n.parse::<u32>().ok());
        let cost = Cost {
            memory_kib: number(memory, "m=").ok_or(PasswordHashError)?,
            passes: number(passes, "t=").ok_or(PasswordHashError)?,
        };
        if !(8..=MOST_MEMORY_KIB).contains(&cost.memory_kib) || !(1..=MOST_PASSES).contains(&cost.passes) {
            return Err(PasswordHashError);
        }
        let decode = |text: &str| STANDARD_NO_PAD.decode(text).map_err(|_| PasswordHashError);
        let salt = decode(salt)?.try_into().map_err(|_| PasswordHashError)?;
        let hash = decode(hash)?.try_into().map_err(|_| PasswordHashError)?;
        Ok(Self { cost, salt, hash })
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// More passwords are waiting to be hashed than could be within any patience, or the process is stopping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many sign-ins at once")]
pub(crate) struct Busy;

/// How many passwords are hashed at the same time: memory is this many times 19 MiB at worst.
const AT_ONCE: usize = 2;
/// How many may wait their turn: some seconds of work.
const WAITING: usize = 64;

/// Hashes on blocking threads, few at a time.
#[derive(Debug)]
pub(crate) struct Hasher {
    cost: Cost,
    entropy: Arc<dyn Entropy>,
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Hasher {
    pub(crate) fn new(cost: Cost, entropy: Arc<dyn Entropy>) -> Self {
        let (running, waiting) =
            (Arc::new(Semaphore::new(AT_ONCE)), Arc::new(Semaphore::new(AT_ONCE + WAITING)));
        Self { cost, entropy, running, waiting }
    }

    pub(crate) async fn hash(&self, password: &Secret<String>) -> Result<PasswordHash, Busy> {
        let (password, cost, salt) = (password.clone(), self.cost, self.entropy.bytes());
        self.run(move || PasswordHash::compute(password.expose(), cost, salt)).await
    }

    /// Whether `hash` is of this password; without a hash the same work is done, and the answer is no.
    pub(crate) async fn verify(
        &self,
        password: &Secret<String>,
        hash: Option<PasswordHash>,
    ) -> Result<bool, Busy> {
        let password = password.clone();
        let (exists, hash) = (hash.is_some(), hash.unwrap_or(PasswordHash::decoy(self.cost)));
        self.run(move || hash.matches(password.expose()) & exists).await
    }

    /// Whether this hash was made at another cost than is used now.
    pub(crate) fn is_outdated(&self, hash: &PasswordHash) -> bool {
        hash.cost != self.cost
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let _place = self.waiting.try_acquire().map_err(|_| Busy)?;
        let turn = Arc::clone(&self.running).acquire_owned().await.map_err(|_| Busy)?;
        let task = tokio::task::spawn_blocking(move || {
            // Held by the work itself: a caller that hangs up does not stop it, and must not make room for more.
            let _turn = turn;
            work()
        });
        task.await.map_err(|_| Busy)
    }
}

#[cfg(test)]
mod tests;
