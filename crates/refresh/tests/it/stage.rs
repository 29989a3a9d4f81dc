//! One store, one provider, and as many authorities over them as a test wants.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use base::testing::{ManualClock, SeededEntropy};
use base::{Entropy, Secret, StoreError};
use providers::{Catalogue, Overrides, Rotation};
use refresh::spill::{Spill, SpillError, SpillSlot, Spilled};
use refresh::{
    Authority, CredentialKind, Directory, GivenCredential, Grant, GrantId, Lent, Memory, MemoryInProcess,
    NewCredential, Parts, ProviderAccess, Settings, Store as _,
};
use seal::Sealer;
use store::{Database, Side};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use crate::provider::Provider;

pub(crate) struct Stage {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) database: Database,
    pub(crate) provider: Provider,
    pub(crate) spill: Arc<MemorySpill>,
    pub(crate) memory: Arc<MemoryInProcess>,
    pub(crate) tracker: TaskTracker,
    entropy: Arc<dyn Entropy>,
    sealer: Arc<Sealer>,
    access: Arc<ProviderAccess>,
    secrets: Arc<Mutex<Vec<&'static str>>>,
}

impl Stage {
    /// A provider that rotates strictly, with introspection: Pleo.
    pub(crate) fn pleo() -> Self {
        Self::new("pleo", None)
    }

    /// One that rotates strictly and answers no question: Fortnox.
    pub(crate) fn fortnox() -> Self {
        Self::new("fortnox", None)
    }

    /// One that lets the old refresh token live for thirty minutes: Xero.
    pub(crate) fn xero() -> Self {
        Self::new("xero", Some(Duration::from_mins(30)))
    }

    /// Any provider of the catalogue, with what a test changes about its rotation.
    pub(crate) fn of(catalogue_id: &str, change: impl FnOnce(&mut Rotation)) -> Self {
        let mut stage = Self::new(catalogue_id, None);
        let access = Arc::get_mut(&mut stage.access).expect("nobody else has it yet");
        change(access.provider.rotation.as_mut().expect("it rotates"));
        stage
    }

    fn new(catalogue_id: &str, grace: Option<Duration>) -> Self {
        let clock = Arc::new(ManualClock::new());
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(1));
        Self {
            database: Database::memory(Side::Connect, clock.clone()).unwrap(),
            provider: Provider::new(clock.clone(), grace),
            spill: Arc::default(),
            memory: Arc::default(),
            tracker: TaskTracker::new(),
            sealer: seal::testing::sealer(&entropy),
            entropy,
            clock,
            access: Arc::new(access(catalogue_id)),
            secrets: Arc::new(Mutex::new(vec!["secret"])),
        }
    }

    /// The live secrets of the integration's own client, newest first.
    pub(crate) fn secrets(&self, secrets: &[&'static str]) {
        *self.secrets.lock().unwrap() = secrets.to_vec();
    }

    /// The clock follows tokio's, which a test's runtime moves whenever all of it waits, until the guard is dropped.
    pub(crate) fn let_time_pass(&self) -> AbortOnDropHandle<()> {
        const STEP: Duration = Duration::from_millis(100);
        let clock = self.clock.clone();
        AbortOnDropHandle::new(tokio::spawn(async move {
            loop {
                tokio::time::sleep(STEP).await;
                clock.advance(STEP);
            }
        }))
    }

    pub(crate) fn authority(&self, instance: &str) -> Authority {
        self.instance(instance, Arc::new(self.database.clone()), &self.memory)
    }

    /// An instance that sees the database in its own way, with a memory of its own.
    pub(crate) fn instance(
        &self,
        name: &str,
        store: Arc<dyn refresh::Store>,
        memory: &Arc<impl Memory + 'static>,
    ) -> Authority {
        let parts = Parts {
            store,
            http: self.provider.client(),
            directory: Arc::new(OneProvider { access: self.access.clone(), secrets: self.secrets.clone() }),
            sealer: self.sealer.clone(),
            spill: self.spill.clone(),
            memory: memory.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            tracker: self.tracker.clone(),
        };
        Authority::new(parts, Settings::new(name.to_owned()))
    }

    /// A grant with the provider's first pair.
    pub(crate) async fn grant(&self, authority: &Authority) -> GrantId {
        let given = self.seal(authority, CredentialKind::OAuth, &pair(1));
        assert!(self.database.give(&given).await.unwrap());
        given.grant
    }

    /// A first credential of this provider.
    pub(crate) fn seal(
        &self,
        authority: &Authority,
        kind: CredentialKind,
        new: &NewCredential,
    ) -> GivenCredential {
        authority.seal_new(&self.access.provider.id.to_string(), "client", kind, new)
    }

    pub(crate) async fn row(&self, id: GrantId) -> Grant {
        self.database.grant(id).await.unwrap().unwrap()
    }

    /// This instance has seen everything that is in the store.
    pub(crate) async fn remember_all(&self) {
        self.memory.note(self.database.last_event().await.unwrap()).await.unwrap();
    }

    /// This instance has lost its memory.
    pub(crate) async fn forget(&self) {
        self.memory.note(0).await.unwrap();
    }

    pub(crate) fn fail_store(&self, name: &'static str, times: u32) {
        let error = StoreError::Unavailable("a test wants it so".to_owned());
        self.database.fail_next(name, times, store::Fault::Refuse(error));
    }
}

pub(crate) fn token(lent: &Lent) -> &str {
    lent.access_token.expose()
}

/// What a person's sign-in brings: the provider's pair `number`.
pub(crate) fn pair(number: u64) -> NewCredential {
    NewCredential {
        access_token: Secret::new(format!("a{number}")),
        refresh_token: Some(Secret::new(format!("r{number}"))),
        expires_in: Some(Duration::from_mins(15)),
        refresh_token_expires_in: None,
        scope: None,
    }
}

fn access(catalogue_id: &str) -> ProviderAccess {
    let catalogue = Catalogue::built_in();
    let provider = catalogue.get(&catalogue_id.parse().unwrap()).unwrap().clone();
    let overrides =
        Overrides { base_url: Some("https://provider.example".parse().unwrap()), ..Overrides::default() };
    let endpoints = provider.endpoints(&overrides).unwrap();
    ProviderAccess { provider, endpoints }
}

#[derive(Debug)]
struct OneProvider {
    access: Arc<ProviderAccess>,
    secrets: Arc<Mutex<Vec<&'static str>>>,
}

#[async_trait]
impl Directory for OneProvider {
    fn provider(&self, id: &str) -> Option<Arc<ProviderAccess>> {
        (self.access.provider.id.to_string() == id).then(|| self.access.clone())
    }

    async fn client_secrets(
        &self,
        _provider: &str,
        _client_id: &str,
    ) -> Result<Vec<Secret<String>>, StoreError> {
        Ok(self.secrets.lock().unwrap().iter().map(|secret| Secret::new((*secret).to_owned())).collect())
    }
}

/// A disk in memory. A clone of it is the same disk.
#[derive(Debug, Default)]
pub(crate) struct MemorySpill(Arc<Disk>);

#[derive(Debug, Default)]
struct Disk {
    answers: Mutex<BTreeMap<u64, Spilled>>,
    slots: AtomicU64,
    cannot_sync: AtomicBool,
}

#[derive(Debug)]
struct MemorySlot {
    disk: Arc<Disk>,
    number: u64,
}

impl MemorySpill {
    pub(crate) fn len(&self) -> usize {
        self.0.answers.lock().unwrap().len()
    }

    /// Turns one bit of the tokens of each answer on disk.
    pub(crate) fn tamper(&self) {
        for spilled in self.0.answers.lock().unwrap().values_mut() {
            let mut bytes = spilled.access_token.as_bytes().to_vec();
            *bytes.last_mut().unwrap() ^= 1;
            spilled.access_token = seal::Sealed::from_bytes(bytes);
        }
    }

    /// From now on a write arrives, and cannot be made safe.
    pub(crate) fn cannot_sync(&self) {
        self.0.cannot_sync.store(true, Ordering::Relaxed);
    }

    fn slot(&self, number: u64) -> Box<dyn SpillSlot> {
        Box::new(MemorySlot { disk: self.0.clone(), number })
    }
}

#[async_trait]
impl Spill for MemorySpill {
    async fn reserve(&self) -> Result<Box<dyn SpillSlot>, SpillError> {
        Ok(self.slot(self.0.slots.fetch_add(1, Ordering::Relaxed)))
    }

    async fn left_behind(&self) -> Result<Vec<(Spilled, Box<dyn SpillSlot>)>, SpillError> {
        let answers = self.0.answers.lock().unwrap().clone();
        Ok(answers.into_iter().map(|(number, spilled)| (spilled, self.slot(number))).collect())
    }
}

#[async_trait]
impl SpillSlot for MemorySlot {
    async fn write(&mut self, spilled: &Spilled) -> Result<(), SpillError> {
        self.disk.answers.lock().unwrap().insert(self.number, spilled.clone());
        if self.disk.cannot_sync.load(Ordering::Relaxed) {
            let (path, cause) = ("a slot".to_owned(), "a test wants it so".to_owned());
            return Err(SpillError { action: "sync", path, cause });
        }
        Ok(())
    }

    fn name(&self) -> String {
        format!("slot {}", self.number)
    }

    async fn clear(&mut self) -> Result<(), SpillError> {
        self.disk.answers.lock().unwrap().remove(&self.number);
        Ok(())
    }
}
