//! The one thread that writes. It takes closures off a channel, runs what has gathered in one transaction, commits once, and only
//! then answers. Where a closure has to be undone, the batch runs again with each in a savepoint.

mod job;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::StoreError;
use tokio::sync::{mpsc, oneshot, watch};

use super::RowWatcher;
use super::file_lock::FileLock;
use super::transaction::sqlite_of;
use crate::tx::Tx;
use job::{Job, Look, Outcome, WaitingJob};

/// How many closures may wait before callers wait to hand theirs in.
const QUEUE: usize = 4096;
/// The largest batch.
const BATCH: usize = 512;
/// A batch that has worked for so long is committed, whoever still waits.
const BATCH_TIME: Duration = Duration::from_millis(100);
/// How long one closure may work.
const CLOSURE_LIMIT: Duration = Duration::from_secs(5);

/// The handle on the thread. When it is dropped the thread finishes what it was given, closes the file and releases its lock.
#[derive(Debug)]
pub(crate) struct Writer {
    jobs: Mutex<Option<mpsc::Sender<Box<dyn Job>>>>,
    /// Closed by the thread as its last act.
    ended: watch::Receiver<()>,
}

impl Writer {
    pub(crate) fn start(
        name: &str,
        tx: Tx,
        lock: FileLock,
        watcher: Option<Arc<dyn RowWatcher>>,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let (alive, ended) = watch::channel(());
        std::thread::Builder::new().name(format!("{name}-writer")).spawn(move || {
            write_until_closed(tx, receiver, watcher.map(Watch::new));
            // The connection is closed by now; only then may another process have the file.
            drop(lock);
            drop(alive);
        })?;
        Ok(Self { jobs: Mutex::new(Some(sender)), ended })
    }

    pub(crate) async fn run<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    {
        let closed = || StoreError::Unavailable("the database is closed".to_owned());
        let (reply, answer) = oneshot::channel();
        let jobs = self.jobs.lock().map_err(|_| closed())?.clone().ok_or_else(closed)?;
        jobs.send(Box::new(WaitingJob::new(work, reply))).await.map_err(|_| closed())?;
        // The clone of the sender would otherwise keep the thread alive for as long as this caller waits.
        drop(jobs);
        match answer.await.map_err(|_| closed())? {
            Outcome::Done(result) => result,
            // The closure's panic goes on where it belongs: in the caller.
            Outcome::Panicked(payload) => std::panic::resume_unwind(payload),
        }
    }

    /// Lets the thread begin a transaction soon, in which it looks for what others have written; whether it was told.
    pub(crate) fn look(&self) -> bool {
        let Ok(jobs) = self.jobs.lock() else { return false };
        jobs.as_ref().is_some_and(|jobs| jobs.try_send(Box::new(Look)).is_ok())
    }

    pub(crate) async fn close(&self) {
        if let Ok(mut jobs) = self.jobs.lock() {
            jobs.take();
        }
        let mut ended = self.ended.clone();
        // An error is what is waited for: the thread has dropped its end.
        while ended.changed().await.is_ok() {}
    }
}

/// Who hears of changes, and what is known of those that others make.
struct Watch {
    watcher: Arc<dyn RowWatcher>,
    version: Option<i64>,
}

impl Watch {
    fn new(watcher: Arc<dyn RowWatcher>) -> Self {
        Self { watcher, version: None }
    }

    /// To be called in a transaction, before anything is changed in it.
    fn look(&mut self, tx: &mut Tx, begun: Duration) -> Result<(), StoreError> {
        let version = sqlite_of(tx).data_version()?;
        if self.version.replace(version) != Some(version) {
            self.watcher.changed_by_others();
        }
        self.watcher.looked(begun);
        Ok(())
    }
}

fn write_until_closed(mut tx: Tx, mut jobs: mpsc::Receiver<Box<dyn Job>>, mut watch: Option<Watch>) {
    while let Some(first) = jobs.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH
            && let Ok(job) = jobs.try_recv()
        {
            batch.push(job);
        }
        // A caller that went away before its closure ran wants nothing any more.
        batch.retain(|job| !job.is_abandoned());
        while !batch.is_empty() {
            let rest = run_batch(&mut tx, &mut batch, watch.as_mut());
            // Before anybody is told that a change is made, nobody remembers what was before it.
            if let Some(watch) = &watch {
                watch.watcher.settled();
            }
            for job in std::mem::replace(&mut batch, rest) {
                job.answer();
            }
        }
    }
}

/// How the closures of a batch are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Apart {
    /// Not at all. Nearly every closure keeps what it wrote, or wrote nothing; then there is nothing to undo.
    No,
    /// Each in a savepoint: one of them has to be undone without the others.
    BySavepoints,
}

/// What became of one run over a batch.
enum Ran {
    /// As far as the time allowed; what was left is in there.
    Through(Vec<Box<dyn Job>>),
    /// What was done so far is to be undone, and the batch run again.
    Again(Apart),
}

/// Runs as many of `batch` as the time allows and commits them. What it leaves in `batch` is done, with the result each has;
/// what it gives back has not been run.
fn run_batch(tx: &mut Tx, batch: &mut Vec<Box<dyn Job>>, mut watch: Option<&mut Watch>) -> Vec<Box<dyn Job>> {
    let mut apart = Apart::No;
    loop {
        if let Err(error) = begin(tx, watch.as_deref_mut()) {
            fail_all(batch, &error);
            return Vec::new();
        }
        let rest = match run_all(tx, batch, apart) {
            Ran::Through(rest) => rest,
            Ran::Again(now) => {
                apart = now;
                if let Err(error) = roll_back(tx) {
                    fail_all(batch, &error);
                    return Vec::new();
                }
                if batch.iter().any(|job| job.failed_to_write()) {
                    // A full disk takes all of them; trying each again would only repeat it.
                    fail_all(batch, &StoreError::NotWritable("the disk is full or failing".to_owned()));
                    return Vec::new();
                }
                continue;
            }
        };
        if let Err(error) = sqlite_of(tx).control("COMMIT") {
            if let Err(undo) = roll_back(tx) {
                tracing::error!(%undo, "a transaction that could not be committed could not be rolled back either");
            }
            fail_all(batch, &error);
        }
        return rest;
    }
}

fn begin(tx: &mut Tx, watch: Option<&mut Watch>) -> Result<(), StoreError> {
    let begun = sqlite_of(tx).monotonic();
    sqlite_of(tx).control("BEGIN IMMEDIATE")?;
    let looked = watch.map_or(Ok(()), |watch| watch.look(tx, begun));
    if looked.is_err() {
        roll_back(tx)?;
    }
    looked
}

fn roll_back(tx: &mut Tx) -> Result<(), StoreError> {
    if sqlite_of(tx).is_outside_transaction() { Ok(()) } else { sqlite_of(tx).control("ROLLBACK") }
}

fn run_all(tx: &mut Tx, batch: &mut Vec<Box<dyn Job>>, apart: Apart) -> Ran {
    let started = sqlite_of(tx).monotonic();
    for position in 0..batch.len() {
        if batch[position].is_settled() {
            continue;
        }
        let job = batch[position].as_mut();
        let is_kept_apart = match apart {
            Apart::No => run_among_others(tx, job),
            Apart::BySavepoints => {
                run_in_savepoint(tx, job);
                true
            }
        };
        if sqlite_of(tx).is_outside_transaction() {
            // SQLite gave up the whole transaction with this closure: it keeps its error, its neighbours run again.
            batch[position].settle();
            return Ran::Again(apart);
        }
        if !is_kept_apart {
            return Ran::Again(Apart::BySavepoints);
        }
        if sqlite_of(tx).monotonic().saturating_sub(started) > BATCH_TIME {
            return Ran::Through(batch.drain(position + 1..).collect());
        }
    }
    Ran::Through(Vec::new())
}

/// Gives the error to each job that would otherwise be answered with a success that was not kept.
fn fail_all(batch: &mut [Box<dyn Job>], error: &StoreError) {
    for job in batch.iter_mut().filter(|job| !job.is_settled()) {
        job.fail(error.clone());
    }
}

/// Runs a closure; whether the transaction holds nothing of it that it does not want to keep.
fn run_among_others(tx: &mut Tx, job: &mut dyn Job) -> bool {
    let before = sqlite_of(tx).changes_so_far();
    sqlite_of(tx).bound(CLOSURE_LIMIT);
    let wants_to_keep = job.run(tx);
    sqlite_of(tx).unbound();
    let keep = wants_to_keep && tx.is_to_be_kept();
    tx.reset();
    keep || sqlite_of(tx).changes_so_far() == before
}

fn run_in_savepoint(tx: &mut Tx, job: &mut dyn Job) {
    if let Err(error) = sqlite_of(tx).control("SAVEPOINT closure") {
        job.fail(error);
        return;
    }
    sqlite_of(tx).bound(CLOSURE_LIMIT);
    let wants_to_keep = job.run(tx);
    sqlite_of(tx).unbound();
    let keep = wants_to_keep && tx.is_to_be_kept();
    tx.reset();
    if sqlite_of(tx).is_outside_transaction() {
        return;
    }
    let undone = if keep { Ok(()) } else { sqlite_of(tx).control("ROLLBACK TO closure") };
    if let Err(error) = undone.and_then(|()| sqlite_of(tx).control("RELEASE closure")) {
        // Without a closed savepoint nothing of this batch can be trusted.
        tracing::error!(%error, "a savepoint could not be closed");
        job.fail(error);
        if let Err(undo) = sqlite_of(tx).control("ROLLBACK") {
            tracing::error!(%undo, "the batch could not be rolled back");
        }
    }
}
