//! A data directory of the connect side, filled through the ports of its rooms: what `mainstay serve` finds there it could
//! have written itself.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use base::{Clock, Entropy, EntropyExt as _, Secret, SystemClock, SystemEntropy};
use connect::{
    Advanced, Company, Connect, ConnectSession, ConnectSessionId, ConnectionId, Directory, Event, EventId,
    EventType, Finished, Flow, KeyedHash, Method, NewConnection, NewSide, Paired, Pairing, Purpose, Role,
    Step, Store as _,
};
use futures_util::future::try_join_all;
use outbound::HttpClient;
use providers::{Catalogue, Overrides};
use refresh::spill::SpillDirectory;
use refresh::{Authority, CredentialKind, GivenCredential, Memory as _, MemoryFile, NewCredential};
use seal::{KeyRing, Keys, LocalKeyWrap, Sealer};
use store::{Database, Location, Settings, Side};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How many writes are handed to the database at once.
const AT_ONCE: usize = 500;

/// The connect side on its data, nothing of it running yet.
pub(crate) struct ConnectSide {
    pub(crate) database: Database,
    pub(crate) authority: Authority,
    pub(crate) tracker: TaskTracker,
    connect: Connect,
    keys: Arc<Keys>,
    memory: Arc<MemoryFile>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl ConnectSide {
    /// Makes the data in `directory`, on SQLite as a deployment has it, or opens what an earlier call made there. Providers are
    /// called through `http` at the addresses of `overrides`. `clock` tells the rooms the time.
    pub(crate) async fn open(
        directory: &Path,
        http: Arc<dyn HttpClient>,
        overrides: &BTreeMap<providers::ProviderId, Overrides>,
        clock: Arc<dyn Clock>,
        settings: refresh::Settings,
    ) -> Result<Self> {
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let instance = directory.join("instance");
        std::fs::create_dir_all(directory.join("keys"))?;
        std::fs::create_dir_all(&instance)?;
        let location = Location::Sqlite(directory.join("connect.db"));
        let opening =
            Settings::new(Side::Connect, location, Arc::new(SystemClock::new()), Arc::clone(&entropy));
        let database = Database::open(opening).await?;
        let empty = database.is_empty().await?;
        let ring = KeyRing::open_or_create(&directory.join("keys/connect.keys"), empty, &*entropy)?;
        let sealer = Arc::new(Sealer::new(Arc::new(LocalKeyWrap::new(ring)), Arc::clone(&entropy)));
        let keys = Arc::new(Keys::load_or_create(&database, &sealer, &*clock, &*entropy).await?);
        let store = Arc::new(database.clone());
        let catalogue = Catalogue::built_in();
        let providers =
            Arc::new(Directory::new(&catalogue, overrides, Arc::clone(&store) as _, Arc::clone(&sealer))?);
        let tracker = TaskTracker::new();
        let memory = Arc::new(MemoryFile::new(instance.join("newest-rotation")));
        let authority = Authority::new(
            refresh::Parts {
                store: Arc::clone(&store) as _,
                http: Arc::clone(&http),
                directory: Arc::clone(&providers) as _,
                sealer: Arc::clone(&sealer),
                spill: Arc::new(SpillDirectory::open(instance.join("spill"), &settings.instance)?),
                memory: Arc::clone(&memory) as _,
                clock: Arc::clone(&clock),
                entropy: Arc::clone(&entropy),
                tracker: tracker.clone(),
            },
            settings,
        );
        let connect = Connect::new(
            connect::Parts {
                store,
                directory: providers,
                authority: authority.clone(),
                http,
                sealer,
                keys: Arc::clone(&keys),
                clock: Arc::clone(&clock),
                entropy: Arc::clone(&entropy),
                tracker: tracker.clone(),
            },
            connect::Settings::new("http://127.0.0.1/".parse()?),
        );
        Ok(Self { database, authority, tracker, connect, keys, memory, clock, entropy })
    }

    /// A text as long as the tokens that providers give.
    pub(crate) fn token_text(&self) -> Secret<String> {
        Secret::new(self.entropy.text::<32>())
    }

    /// An API token with the role `token`.
    pub(crate) async fn api_token(&self) -> Result<Secret<String>> {
        Ok(self.connect.create_api_token("bench", Role::Token).await?.text)
    }

    /// The integration's own client at Pleo.
    pub(crate) async fn set_client(&self) -> Result<()> {
        self.connect.set_client("pleo", None, "bench", Some(&Secret::new("bench-secret".to_owned()))).await?;
        Ok(())
    }

    /// A sealed credential, not stored yet.
    pub(crate) fn credential(
        &self,
        provider: &str,
        life: Duration,
        refresh: Secret<String>,
    ) -> GivenCredential {
        let new = NewCredential {
            access_token: self.token_text(),
            refresh_token: Some(refresh),
            expires_in: Some(life),
            refresh_token_expires_in: None,
            scope: None,
        };
        self.authority.seal_new(provider, "bench", CredentialKind::OAuth, &new)
    }

    /// Stores credentials.
    pub(crate) async fn give(&self, given: &[GivenCredential]) -> Result<()> {
        for part in given.chunks(AT_ONCE) {
            let stored =
                try_join_all(part.iter().map(|given| refresh::Store::give(&self.database, given))).await?;
            ensure!(stored.iter().all(|stored| *stored), "a grant was not stored");
        }
        Ok(())
    }

    /// Live connections of Pleo with Xero whose tokens live for `life`.
    pub(crate) async fn connections(&self, count: usize, life: Duration) -> Result<Vec<ConnectionId>> {
        let mut made = Vec::with_capacity(count);
        let numbers: Vec<usize> = (0..count).collect();
        for part in numbers.chunks(AT_ONCE) {
            made.extend(try_join_all(part.iter().map(|number| self.connection(*number, life))).await?);
        }
        Ok(made)
    }

    async fn connection(&self, number: usize, life: Duration) -> Result<ConnectionId> {
        let now = self.clock.now();
        let mut session = ConnectSession {
            id: ConnectSessionId::new(&*self.clock, &*self.entropy),
            link: KeyedHash::of(&self.keys.current(seal::Purpose::Lookup), "bench", b"bench"),
            purpose: Purpose::Connect {
                accounting: Some("xero".to_owned()),
                accounting_environment: "production".to_owned(),
                country: None,
                reference: None,
                method: Method::OAuth,
                confirm: false,
            },
            made_by: None,
            return_to: None,
            browser: None,
            flow: Flow::Offered,
            notice: None,
            verifier: None,
            created_at: now,
            expires_at: now + Duration::from_hours(1),
            version: 1,
        };
        self.database.insert_session(&session, None).await?;
        let mut sides = Vec::new();
        for provider in ["pleo", "xero"] {
            let given = self.credential(provider, life, self.token_text());
            let step = Step { session: &session, given: Some(&given), dropped: &[], events: &[], at: now };
            ensure!(self.database.advance(&step).await? == Advanced::Yes, "a session was not advanced");
            session.version += 1;
            let company = Company {
                id: format!("company-{number}"),
                name: format!("Company {number}"),
                country: None,
                registration_number: None,
                variables: BTreeMap::new(),
            };
            sides.push(NewSide {
                provider: provider.to_owned(),
                environment: "production".to_owned(),
                company,
                grant: given.grant,
            });
        }
        let (accounting, platform) = (sides.pop().context("two ends")?, sides.pop().context("two ends")?);
        let id = ConnectionId::new(&*self.clock, &*self.entropy);
        let connection =
            NewConnection { id, reference: None, pending: false, platform, accounting, created_at: now };
        session.flow = Flow::Done { connection: id, finished: Finished::Connected };
        let event = Event {
            id: EventId::new(&*self.clock, &*self.entropy),
            kind: EventType::Activated,
            connection: id,
            at: now,
            data: serde_json::json!({}),
            sentence: "The connection was made.".to_owned(),
        };
        let pairing = Pairing { session: &session, connection: &connection, moved: &[], event: &event };
        ensure!(self.database.pair(&pairing).await? == Paired::Yes, "a pair was not made");
        Ok(id)
    }

    /// Begins to refresh, follow and tell, as `mainstay serve` does, until `stop`.
    pub(crate) fn start(&self, stop: &CancellationToken) {
        let (authority, connect) = (self.authority.clone(), self.connect.clone());
        let (stop_authority, stop_connect) = (stop.clone(), stop.clone());
        self.tracker.spawn(async move { authority.run(stop_authority).await });
        self.tracker.spawn(async move { connect.run(stop_connect).await });
    }

    /// Finishes what runs and closes the database. The instance remembers what was written, so that the next process on this
    /// data does not take it for a restored backup.
    pub(crate) async fn close(self) -> Result<()> {
        self.tracker.close();
        self.tracker.wait().await;
        self.memory.note(refresh::Store::last_event(&self.database).await?).await?;
        self.database.close().await;
        Ok(())
    }
}
