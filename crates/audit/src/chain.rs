use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base::{Clock, StoreError};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::{Auditor, Block, Head, HeadMemory, SealOutcome, Store};

mod verification;

pub use verification::{Problem, Verification, VerificationError};

/// How often what has gathered is sealed.
const SEAL_EVERY: Duration = Duration::from_millis(500);
/// The most records of a block.
const MOST_RECORDS: u32 = 500;

/// The chain of one side's audit log: seals what has gathered, remembers the end outside the database, and verifies.
///
/// Any number of processes may seal at the same time: a block is written only if there is none of its number yet.
pub struct Chain {
    store: Arc<dyn Store>,
    auditor: Auditor,
    memory: Arc<dyn HeadMemory>,
    clock: Arc<dyn Clock>,
    remembered: Mutex<Remembered>,
    /// Waiting records that did not verify when it was looked last, so that it is told once.
    refused: AtomicU64,
}

/// What is known of the memory.
#[derive(Debug, Clone, Copy)]
enum Remembered {
    NotAsked,
    /// The chain holds it.
    Fits(Option<Head>),
    /// The chain does not hold it: cut off, or restored. It stays as it is until the operator accepts.
    DoesNotFit,
}

/// What a round of sealing did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sealing {
    /// Records that were sealed.
    pub sealed: u64,
    /// Records that do not verify, and so are not sealed.
    pub refused: u64,
}

impl Chain {
    /// The chain of the records in `store`.
    pub fn new(
        store: Arc<dyn Store>,
        auditor: Auditor,
        memory: Arc<dyn HeadMemory>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let remembered = Mutex::new(Remembered::NotAsked);
        Self { store, auditor, memory, clock, remembered, refused: AtomicU64::new(0) }
    }

    /// Seals twice a second what has gathered, until `stopping`, and then once more.
    pub async fn run(&self, stopping: CancellationToken) {
        let mut works = true;
        loop {
            let goes_on = stopping.run_until_cancelled(tokio::time::sleep(SEAL_EVERY)).await.is_some();
            match self.seal_waiting().await {
                Ok(_) => works = true,
                // The next round tells of it again if it stays; the records are there and wait.
                Err(error) => {
                    if std::mem::replace(&mut works, false) {
                        tracing::warn!(event = "audit.not_sealed", %error, "it is tried again twice a second");
                    }
                }
            }
            if !goes_on {
                return;
            }
        }
    }

    /// Seals what has gathered.
    pub async fn seal_waiting(&self) -> Result<Sealing, StoreError> {
        let mut done = Sealing::default();
        let mut previous = self.store.audit_block(None).await?;
        self.compare(previous.as_ref()).await?;
        let mut after = None;
        loop {
            let waiting = self.store.unsealed_audit(after, MOST_RECORDS).await?;
            let Some(last) = waiting.last().map(|record| record.id) else { break };
            let found = waiting.len();
            let good: Vec<_> =
                waiting.into_iter().filter(|record| self.auditor.verify(record).is_ok()).collect();
            done.refused += (found - good.len()) as u64;
            if !good.is_empty() {
                let block = self.auditor.seal(previous.as_ref(), &good);
                let ids = good.iter().map(|record| record.id).collect();
                if self.store.seal_audit(&block, ids).await? == SealOutcome::Moved {
                    // Another process seals; what it leaves is there in the next round.
                    break;
                }
                done.sealed += u64::from(block.count);
                previous = Some(block);
            }
            after = Some(last);
            if found < MOST_RECORDS as usize {
                break;
            }
        }
        if self.refused.swap(done.refused, Ordering::Relaxed) < done.refused {
            tracing::error!(
                event = "audit.forged",
                records = done.refused,
                "records in the audit log were not made by this side; they are not sealed, and `mainstay audit verify` names them"
            );
        }
        metrics::counter!("mainstay_audit_records_sealed_total").increment(done.sealed);
        if let Some(block) = previous {
            self.remember(block.head()).await;
        }
        Ok(done)
    }

    /// The operator says that the database is the right one although its log is not the one that is remembered: from now on its end
    /// is remembered.
    pub async fn accept(&self) -> Result<(), VerificationError> {
        self.seal_waiting().await?;
        let head = self.store.audit_block(None).await?.map(|block| block.head());
        // Where there is no block at all, the memory must say so, too.
        let noted = head.unwrap_or(Head { block: 0, position: 0, mac: crate::auditor::NO_BLOCK });
        let mut remembered = self.remembered.lock().await;
        self.memory.note(noted).await?;
        *remembered = Remembered::Fits(Some(noted));
        Ok(())
    }

    /// Holds the chain against what is remembered of it.
    async fn compare(&self, last: Option<&Block>) -> Result<(), StoreError> {
        let mut remembered = self.remembered.lock().await;
        let head = match *remembered {
            Remembered::NotAsked => match self.memory.recall().await {
                Ok(head) => head,
                Err(error) => {
                    tracing::warn!(event = "audit.memory", %error, "the end of the audit log is not remembered outside the database");
                    return Ok(());
                }
            },
            Remembered::Fits(head) => head,
            Remembered::DoesNotFit => return Ok(()),
        };
        let fits = match head {
            None => true,
            Some(head) if head.block == 0 => true,
            Some(head) if last.is_some_and(|block| block.number == head.block) => {
                last.is_some_and(|block| block.mac == head.mac)
            }
            Some(head) => {
                self.store.audit_block(Some(head.block)).await?.is_some_and(|block| block.mac == head.mac)
            }
        };
        *remembered = match head {
            Some(head) if !fits => {
                tracing::error!(
                    event = "audit.cut_off",
                    remembered_block = head.block,
                    last_block = last.map_or(0, |block| block.number),
                    "the audit log does not hold the end that this instance remembers: it was cut off or changed, or the database \
                     was restored from a backup"
                );
                metrics::counter!("mainstay_audit_cut_off_total").increment(1);
                Remembered::DoesNotFit
            }
            head => Remembered::Fits(head),
        };
        Ok(())
    }

    async fn remember(&self, head: Head) {
        let mut remembered = self.remembered.lock().await;
        let Remembered::Fits(before) = *remembered else { return };
        if before.is_some_and(|before| before.block >= head.block) {
            return;
        }
        match self.memory.note(head).await {
            Ok(()) => *remembered = Remembered::Fits(Some(head)),
            Err(error) => {
                tracing::warn!(event = "audit.not_noted", %error, "the end of the audit log could not be noted outside the database");
            }
        }
    }
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chain").field("memory", &self.memory).finish_non_exhaustive()
    }
}
