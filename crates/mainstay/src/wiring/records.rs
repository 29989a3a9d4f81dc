//! The audit log of a side in this process.

use std::sync::Arc;
use std::time::Duration;

use audit::{Auditor, Chain, HeadFile, Ledger};
use base::Clock;

use super::Opened;
use crate::configuration::Configuration;
use crate::runtime::Tasks;
use crate::side::Side;

/// How often what was only counted is written down.
const FLUSH_EVERY: Duration = Duration::from_mins(1);

/// The audit log of a side.
#[derive(Clone)]
pub(crate) struct Records {
    /// Seals and verifies.
    pub(crate) chain: Arc<Chain>,
    /// Takes what is refused, and what no write of its own carries.
    pub(crate) ledger: Arc<Ledger>,
    /// Verifies single records.
    pub(crate) auditor: Auditor,
}

impl Records {
    /// The log in an opened database.
    pub(crate) fn of(configuration: &Configuration, side: Side, opened: &Opened) -> Self {
        let store = Arc::new(opened.database.clone());
        let clock = Arc::clone(&opened.clock) as Arc<dyn Clock>;
        let auditor = Auditor::new(Arc::clone(&opened.keys), Arc::clone(&clock), Arc::clone(&opened.entropy));
        let head = configuration.instance_directory().join(format!("{}-audit-head", side.as_str()));
        let memory = Arc::new(HeadFile::new(head));
        let chain = Chain::new(Arc::clone(&store) as _, auditor.clone(), memory, Arc::clone(&clock));
        let ledger = Ledger::new(store, auditor.clone(), clock);
        Self { chain: Arc::new(chain), ledger: Arc::new(ledger), auditor }
    }

    /// Begins to seal.
    pub(crate) fn start(&self, tasks: &Tasks) {
        let (chain, stopping) = (Arc::clone(&self.chain), tasks.stopping.clone());
        tasks.tracker.spawn(async move { chain.run(stopping).await });
        let (ledger, stopping) = (Arc::clone(&self.ledger), tasks.stopping.clone());
        tasks.tracker.spawn(async move {
            while stopping.run_until_cancelled(tokio::time::sleep(FLUSH_EVERY)).await.is_some() {
                ledger.flush().await;
            }
        });
    }
}
