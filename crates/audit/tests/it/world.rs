use std::sync::Arc;
use std::time::Duration;

use audit::{
    Actor, AuditEvent, AuditId, AuditRecord, Auditor, Block, Chain, ExportFilter, Filter, HeadInProcess,
    SealOutcome, Store, Verification,
};
use base::StoreError;
use base::testing::{ManualClock, SeededEntropy};
use store::{Database, Side};

/// A side with its log.
pub(crate) struct World {
    pub(crate) database: Database,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) auditor: Auditor,
    pub(crate) memory: Arc<HeadInProcess>,
}

impl World {
    pub(crate) fn new() -> Self {
        let (clock, entropy) = (Arc::new(ManualClock::new()), Arc::new(SeededEntropy::new(5)));
        let database = Database::memory(Side::Platform, clock.clone()).unwrap();
        let auditor = Auditor::new(seal::testing::keys(&*entropy), clock.clone(), entropy);
        Self { database, clock, auditor, memory: Arc::default() }
    }

    /// A chain over the database, as another process with this memory would have it.
    pub(crate) fn chain(&self) -> Chain {
        self.chain_over(Arc::new(self.database.clone()))
    }

    pub(crate) fn chain_over(&self, store: Arc<dyn Store>) -> Chain {
        Chain::new(store, self.auditor.clone(), self.memory.clone(), self.clock.clone())
    }

    pub(crate) fn record(&self, name: &str) -> AuditRecord {
        self.clock.advance(Duration::from_millis(2));
        self.auditor.record(AuditEvent::new("thing.done", Actor::System).with("name", name))
    }

    /// Appends that many records.
    pub(crate) async fn append(&self, number: usize) -> Vec<AuditId> {
        let records: Vec<_> = (0..number).map(|number| self.record(&number.to_string())).collect();
        let ids = records.iter().map(|record| record.id).collect();
        self.database.append_audit(records).await.unwrap();
        ids
    }

    /// Three blocks of two, two, and three records.
    pub(crate) async fn three_blocks(&self) -> Vec<AuditId> {
        let mut ids = Vec::new();
        for number in [2, 2, 3] {
            ids.extend(self.append(number).await);
            assert_eq!(self.chain().seal_waiting().await.unwrap().sealed, number as u64);
        }
        ids
    }

    pub(crate) async fn verify(&self) -> Verification {
        self.chain().verify().await.unwrap()
    }

    /// The place that verification names.
    pub(crate) async fn bad_place(&self) -> String {
        self.verify().await.problem.expect("nothing was found").place
    }
}

/// A store on which another process seals between a look and a write.
pub(crate) struct Overtaken {
    pub(crate) database: Database,
    pub(crate) other: Chain,
}

#[async_trait::async_trait]
impl Store for Overtaken {
    async fn append_audit(&self, records: Vec<AuditRecord>) -> Result<(), StoreError> {
        self.database.append_audit(records).await
    }
    async fn audit_records(&self, filter: Filter, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        self.database.audit_records(filter, limit).await
    }
    async fn export_audit(&self, filter: ExportFilter, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        self.database.export_audit(filter, limit).await
    }
    async fn unsealed_audit(
        &self,
        after: Option<AuditId>,
        limit: u32,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        self.database.unsealed_audit(after, limit).await
    }
    async fn audit_block(&self, number: Option<u64>) -> Result<Option<Block>, StoreError> {
        self.database.audit_block(number).await
    }
    async fn audit_blocks(&self, after: u64, limit: u32) -> Result<Vec<Block>, StoreError> {
        self.database.audit_blocks(after, limit).await
    }
    async fn sealed_audit(&self, first: u64, limit: u32) -> Result<Vec<(u64, AuditRecord)>, StoreError> {
        self.database.sealed_audit(first, limit).await
    }
    async fn seal_audit(&self, block: &Block, records: Vec<AuditId>) -> Result<SealOutcome, StoreError> {
        self.other.seal_waiting().await?;
        self.database.seal_audit(block, records).await
    }
}
