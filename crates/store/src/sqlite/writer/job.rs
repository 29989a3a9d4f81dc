use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use base::StoreError;
use tokio::sync::oneshot;

use crate::tx::Tx;

/// A closure with a caller that waits for it, whatever the types.
pub(super) trait Job: Send {
    /// Runs the closure and keeps its result, in place of an earlier run's. Whether it wants to keep what it wrote.
    fn run(&mut self, tx: &mut Tx) -> bool;
    /// Puts an error in place of the result.
    fn fail(&mut self, error: StoreError);
    /// The present result stands, whatever becomes of the batch; it must not be a success.
    fn settle(&mut self);
    /// Whether it stands.
    fn is_settled(&self) -> bool;
    /// Whether its error is that nothing can be written.
    fn failed_to_write(&self) -> bool;
    /// Whether nobody waits any more.
    fn is_abandoned(&self) -> bool;
    /// Gives the result to the caller.
    fn answer(self: Box<Self>);
}

/// What a caller gets.
pub(super) enum Outcome<T> {
    Done(Result<T, StoreError>),
    Panicked(Box<dyn Any + Send>),
}

pub(super) struct WaitingJob<T, F> {
    work: F,
    outcome: Option<Outcome<T>>,
    settled: bool,
    reply: oneshot::Sender<Outcome<T>>,
}

impl<T, F> WaitingJob<T, F> {
    pub(super) fn new(work: F, reply: oneshot::Sender<Outcome<T>>) -> Self {
        Self { work, outcome: None, settled: false, reply }
    }
}

impl<T, F> Job for WaitingJob<T, F>
where
    T: Send,
    F: FnMut(&mut Tx) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, tx: &mut Tx) -> bool {
        let work = &mut self.work;
        // A closure that panics is not run again, so nobody sees what it left half done in its captures.
        let outcome = match catch_unwind(AssertUnwindSafe(|| work(tx))) {
            Ok(result) => Outcome::Done(result),
            Err(payload) => {
                self.settled = true;
                Outcome::Panicked(payload)
            }
        };
        matches!(self.outcome.insert(outcome), Outcome::Done(Ok(_)))
    }

    fn fail(&mut self, error: StoreError) {
        self.outcome = Some(Outcome::Done(Err(error)));
        self.settled = true;
    }

    fn settle(&mut self) {
        self.settled = true;
        // A closure can swallow the error of its statement and return a value; the value was not kept.
        if let Some(Outcome::Done(Ok(_))) = self.outcome {
            self.outcome =
                Some(Outcome::Done(Err(StoreError::Unavailable("the transaction was given up".to_owned()))));
        }
    }

    fn is_settled(&self) -> bool {
        self.settled
    }

    fn failed_to_write(&self) -> bool {
        matches!(self.outcome, Some(Outcome::Done(Err(StoreError::NotWritable(_)))))
    }

    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn answer(self: Box<Self>) {
        let missing =
            || Outcome::Done(Err(StoreError::Unavailable("the transaction was not run".to_owned())));
        // A caller that went away meanwhile does not want its answer.
        drop(self.reply.send(self.outcome.unwrap_or_else(missing)));
    }
}

/// Nothing to do but to begin a transaction.
pub(super) struct Look;

impl Job for Look {
    fn run(&mut self, _tx: &mut Tx) -> bool {
        true
    }

    fn fail(&mut self, error: StoreError) {
        tracing::debug!(%error, "the file could not be looked at");
    }

    fn settle(&mut self) {}

    fn is_settled(&self) -> bool {
        false
    }

    fn failed_to_write(&self) -> bool {
        false
    }

    fn is_abandoned(&self) -> bool {
        false
    }

    fn answer(self: Box<Self>) {}
}
