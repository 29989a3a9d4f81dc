use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use base::testing::{ManualClock, SeededEntropy};
use base::{Entropy, Secret, StoreError};
use futures_util::FutureExt as _;
use providers::{Catalogue, OldRefreshToken, Overrides};
use refresh::{
    CredentialKind, Directory, GivenCredential, Grant, GrantId, ProviderAccess, SealedCredential, Store,
};
use seal::Sealer;
use store::{Database, Side, Snapshot};

use crate::clock::{HostClock, elapsed, right_time};
use crate::dice::Dice;
use crate::disk::Disk;
use crate::journal::{Asked, Event, Journal, Place, RequestId};
use crate::life::{Life, Moment};
use crate::plan::{Plan, RotationKind, Trap};
use crate::provider::Provider;
use crate::token;

/// The integration's client.
pub(crate) const CLIENT_ID: &str = "client";
/// The secret that the provider knows.
pub(crate) const SECRET: &str = "usual";
/// A newer one, which it may not know yet.
pub(crate) const NEWEST_SECRET: &str = "newest";
/// The name of the provider's host.
pub(crate) const PROVIDER: &str = "provider";

/// What the hosts of one run share, and what outlives them.
pub(crate) struct Scene {
    /// What the run is made of.
    pub(crate) plan: Plan,
    /// The one database.
    pub(crate) database: Database,
    /// Seals and opens.
    pub(crate) sealer: Arc<Sealer>,
    /// The provider's rules and addresses, as the client knows them.
    pub(crate) access: Arc<ProviderAccess>,
    /// Until when the store is away for everybody.
    pub(crate) store_away_until: Moment,
    /// The grants.
    pub(crate) grants: Vec<GrantId>,
    /// The machines of the instances.
    pub(crate) machines: Vec<Machine>,
    provider: Mutex<Provider>,
    provider_dice: Mutex<Dice>,
    journal: Mutex<Journal>,
    quiet: std::sync::atomic::AtomicBool,
}

/// A machine: what is left of an instance when its process is gone.
#[derive(Debug)]
pub(crate) struct Machine {
    /// Its clock.
    pub(crate) clock: Arc<HostClock>,
    /// Its disk.
    pub(crate) disk: Arc<Disk>,
    dice: Mutex<Dice>,
    now_living: Mutex<Now>,
}

#[derive(Debug, Default)]
struct Now {
    lives: u32,
    life: Option<Arc<Life>>,
    /// Set while nobody was there to be caught.
    traps: Vec<Trap>,
}

impl fmt::Debug for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scene").field("seed", &self.plan.seed).finish_non_exhaustive()
    }
}

/// The number of a place among streams of dice and of entropy.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no code panics while it holds a part of the scene")
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(Catalogue::built_in);

/// The schema, made once: running the migrations anew for each of many runs would be most of their cost.
static SCHEMA: LazyLock<Snapshot> = LazyLock::new(|| {
    let database = Database::memory(Side::Connect, Arc::new(ManualClock::new())).expect("the schema is good");
    database.snapshot().expect("a database in memory has snapshots")
});

fn database() -> Database {
    // The clock only measures.
    let database = Database::memory_with(Side::Connect, Arc::new(ManualClock::new()), &[])
        .expect("memory is always there");
    database.restore(&SCHEMA).expect("the snapshot was made of such a database");
    database
}

impl Scene {
    /// The scene of a plan, with its grants given.
    pub(crate) fn new(plan: Plan) -> Self {
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(Dice::new(plan.seed, "sealer").number()));
        let sealer = seal::testing::sealer(&entropy);
        let database = database();
        let clock = ManualClock::new();
        let grants: Vec<GrantId> = (0..plan.grants).map(|_| GrantId::new(&clock, &*entropy)).collect();
        let machines = (0..plan.instances)
            .map(|host| Machine {
                clock: Arc::new(HostClock::new(plan.clock_offsets[host])),
                disk: Arc::default(),
                dice: Mutex::new(Dice::new(plan.seed, &format!("machine {host}"))),
                now_living: Mutex::default(),
            })
            .collect();
        let scene = Self {
            access: Arc::new(access(&plan)),
            database,
            sealer,
            store_away_until: Moment::default(),
            grants,
            machines,
            provider: Mutex::new(Provider::new(&plan)),
            provider_dice: Mutex::new(Dice::new(plan.seed, PROVIDER)),
            journal: Mutex::default(),
            quiet: std::sync::atomic::AtomicBool::new(false),
            plan,
        };
        for number in 0..scene.grants.len() {
            scene.give(number);
        }
        // The instances have been there before: each remembers the newest event, and the database was marked just now.
        let newest = Scene::inline(scene.database.last_event()).expect("the rows can be read");
        for machine in &scene.machines {
            machine.disk.note_newest_rotation(newest);
        }
        Scene::inline(scene.database.beat(right_time(Duration::ZERO))).expect("the mark can be written");
        scene
    }

    /// Writes the first pair of a grant.
    fn give(&self, number: usize) {
        let (grant, given_at) = (self.grants[number], right_time(Duration::ZERO));
        let given = GivenCredential {
            grant,
            provider: self.plan.kind.catalogue_id().to_owned(),
            client_id: CLIENT_ID.to_owned(),
            kind: CredentialKind::OAuth,
            generation: 1,
            credential: self.seal(
                grant,
                1,
                &token::access_token(number, 1),
                &token::refresh_token(number, 1),
            ),
            scope: None,
            given_at,
            expires_at: Some(given_at + self.plan.token_life),
            refresh_token_expires_at: None,
            next_action_at: Some(given_at + self.plan.token_life * 4 / 5),
        };
        assert_eq!(Self::inline(self.database.give(&given)), Ok(true), "a new grant can be given");
    }

    /// Seals a pair at its place.
    pub(crate) fn seal(
        &self,
        grant: GrantId,
        generation: u64,
        access: &str,
        refresh: &str,
    ) -> SealedCredential {
        let place = Grant::access_place(grant, generation);
        let access_token = self.sealer.seal(&place, access.as_bytes());
        let place = Grant::refresh_place(grant, generation);
        SealedCredential { access_token, refresh_token: Some(self.sealer.seal(&place, refresh.as_bytes())) }
    }

    /// The pair that is sealed for a generation of a grant.
    pub(crate) fn pair_of(
        &self,
        grant: GrantId,
        generation: u64,
        credential: &SealedCredential,
    ) -> Option<usize> {
        let place = Grant::access_place(grant, generation);
        let text = self.sealer.open_text(&place, &credential.access_token).ok()?;
        token::parse(text.expose()).map(|(_, _, pair)| pair)
    }

    /// Runs a transaction of the database, which does not wait for anything.
    pub(crate) fn inline<T>(work: impl Future<Output = T>) -> T {
        work.now_or_never().expect("a database in memory without faults never waits")
    }

    /// The number of a grant.
    pub(crate) fn number_of(&self, id: GrantId) -> usize {
        self.grants.iter().position(|grant| *grant == id).expect("every grant belongs to the scene")
    }

    /// The provider's state.
    pub(crate) fn provider(&self) -> MutexGuard<'_, Provider> {
        locked(&self.provider)
    }

    /// The journal.
    pub(crate) fn journal(&self) -> MutexGuard<'_, Journal> {
        locked(&self.journal)
    }

    /// Writes down what a host's task does or meets.
    pub(crate) fn note(&self, place: Place, event: Event) {
        self.journal().note(elapsed(), place, event);
    }

    /// A name for a new request.
    pub(crate) fn new_request(&self) -> RequestId {
        self.journal().new_request()
    }

    /// Draws from the dice of a place.
    pub(crate) fn with_dice<T>(&self, place: Place, draw: impl FnOnce(&mut Dice) -> T) -> T {
        match place {
            Place::Instance { host, .. } => draw(&mut locked(&self.machines[host].dice)),
            Place::Provider | Place::Outside => draw(&mut locked(&self.provider_dice)),
        }
    }

    /// What a request is, read from its path, its credentials and its form.
    pub(crate) fn asked(&self, path: &str, authorization: &str, body: &str) -> Option<Asked> {
        let field = |name: &str| {
            url::form_urlencoded::parse(body.as_bytes())
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        let endpoints = &self.access.endpoints;
        if endpoints.token_url.as_ref().is_some_and(|url| url.path() == path) {
            let (_, grant, refresh) = token::parse(&field("refresh_token")?)?;
            return Some(Asked::Refresh { grant, refresh });
        }
        if endpoints.introspect_url.as_ref().is_some_and(|url| url.path() == path) {
            return Some(match token::parse(&field("token")?)? {
                ('r', grant, refresh) => Asked::RefreshQuestion { grant, refresh },
                (_, grant, pair) => Asked::AccessQuestion { grant, pair },
            });
        }
        let (_, grant, pair) = token::parse(authorization.strip_prefix("Bearer ")?)?;
        Some(Asked::Call { grant, pair })
    }

    /// Whether all faults are over.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// From now on there are no faults.
    pub(crate) fn become_quiet(&self) {
        self.quiet.store(true, std::sync::atomic::Ordering::Relaxed);
        self.store_away_until.clear();
    }

    /// A new life of an instance.
    pub(crate) fn begin_life(&self, host: usize) -> Arc<Life> {
        let mut now = locked(&self.machines[host].now_living);
        now.lives += 1;
        let traps = std::mem::take(&mut now.traps);
        let life = Arc::new(Life::new(Place::Instance { host, life: now.lives }, traps));
        now.life = Some(life.clone());
        life
    }

    /// The present life of an instance.
    pub(crate) fn life(&self, host: usize) -> Option<Arc<Life>> {
        locked(&self.machines[host].now_living).life.clone()
    }

    /// An instance is gone.
    pub(crate) fn end_life(&self, host: usize) -> Option<Arc<Life>> {
        locked(&self.machines[host].now_living).life.take()
    }

    /// Sets a trap for an instance, or for its next life.
    pub(crate) fn set_trap(&self, host: usize, trap: Trap) {
        let mut now = locked(&self.machines[host].now_living);
        match &now.life {
            Some(life) => life.set_trap(trap),
            None => now.traps.push(trap),
        }
    }

    /// Takes all traps of an instance away.
    pub(crate) fn set_free(&self, host: usize) {
        let mut now = locked(&self.machines[host].now_living);
        now.traps.clear();
        if let Some(life) = &now.life {
            life.set_free();
        }
    }
}

/// The provider's rules, from the catalogue, with the lives of this run.
fn access(plan: &Plan) -> ProviderAccess {
    let id = plan.kind.catalogue_id().parse().expect("a kind names an id");
    let mut provider = CATALOGUE.get(&id).expect("a kind names an entry of the catalogue").clone();
    let rotation = provider.rotation.as_mut().expect("all of these rotate");
    rotation.access_token_seconds = plan.token_life.as_secs();
    if plan.kind == RotationKind::LivesForAWhile {
        rotation.old_refresh_token = OldRefreshToken::LivesFor(plan.grace.as_secs());
    }
    let base_url = format!("https://{PROVIDER}").parse().expect("a host is an address");
    let overrides = Overrides { base_url: Some(base_url), ..Overrides::default() };
    let endpoints = provider.endpoints(&overrides).expect("every entry can be moved");
    ProviderAccess { provider, endpoints }
}

/// The one provider of a run, as its instances know it.
#[derive(Debug)]
pub(crate) struct SimDirectory(pub(crate) Arc<Scene>);

#[async_trait]
impl Directory for SimDirectory {
    fn provider(&self, id: &str) -> Option<Arc<ProviderAccess>> {
        let access = &self.0.access;
        (id == self.0.plan.kind.catalogue_id()).then(|| access.clone())
    }

    async fn client_secrets(&self, _: &str, _: &str) -> Result<Vec<Secret<String>>, StoreError> {
        Ok([NEWEST_SECRET, SECRET].map(|secret| Secret::new(secret.to_owned())).to_vec())
    }
}
