use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::{Clock, Entropy, Secret, StoreError, Timestamp};
use continuity::Memory;
use oauth::introspection::TokenTypeHint;
use outbound::HttpClient;
use seal::Sealer;
use tokio::sync::{Semaphore, watch};
use tokio_util::task::TaskTracker;

use crate::breaker::Breakers;
use crate::cache::{Cache, Cached};
use crate::directory::{Directory, ProviderAccess};
use crate::gate::{CallPermit, Gates};
use crate::measures;
use crate::settings::Settings;
use crate::settling::Settling;
use crate::spill::Spill;
use crate::token_endpoint::{QuestionAnswer, TokenEndpoint};
use crate::{
    Cause, CredentialKind, DegradedReason, EndReason, GivenCredential, Grant, GrantChange, GrantEvent,
    GrantId, GrantState, LendError, Lent, NewCredential, SealedCredential, Store,
};

/// What the authority works with.
#[derive(Clone)]
pub struct Parts {
    /// Where grants are kept.
    pub store: Arc<dyn Store>,
    /// The way out.
    pub http: Arc<dyn HttpClient>,
    /// Providers and the integration's own clients.
    pub directory: Arc<dyn Directory>,
    /// Opens and seals credentials.
    pub sealer: Arc<Sealer>,
    /// Where an answer goes that the store does not take.
    pub spill: Arc<dyn Spill>,
    /// What this instance remembers outside the store.
    pub memory: Arc<dyn Memory>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Every task runs here; shutdown waits for them.
    pub tracker: TaskTracker,
}

/// The one place that refreshes, and the one that lends. Cheap to clone.
#[derive(Clone)]
pub struct Authority {
    pub(crate) inner: Arc<Inner>,
}

/// What a shared refresh came to; `None` while it runs.
type Flight = watch::Receiver<Option<Result<Lent, LendError>>>;

pub(crate) struct Inner {
    pub(crate) parts: Parts,
    pub(crate) endpoint: TokenEndpoint,
    pub(crate) settings: Settings,
    pub(crate) cache: Cache,
    pub(crate) gates: Gates,
    /// One refresh a grant in this process (rule 3).
    flights: Mutex<HashMap<GrantId, Flight>>,
    /// How many token requests may be under way at each provider (rule 11).
    caps: Mutex<HashMap<String, Arc<Semaphore>>>,
    pub(crate) breakers: Breakers,
    /// When what may be under way cannot be so any more.
    pub(crate) settling: Settling,
    /// When this process learned that the database looks restored, on its monotonic clock (rule 14).
    pub(crate) doubted_at: Mutex<Option<Duration>>,
    /// The latest doubt that this process has seen in the database, by its time there: a step back after it is another restore.
    pub(crate) seen_doubt: Mutex<Option<Timestamp>>,
    /// The database looks restored, and that could not be written yet: until then nothing is sent.
    pub(crate) suspects_restore: AtomicBool,
    /// When the follower's last look that succeeded had begun, on the monotonic clock.
    pub(crate) looked_at: Mutex<Option<Duration>>,
    /// Whether nobody else can have the database open.
    pub(crate) is_alone: AtomicBool,
    /// The newest event that the database has shown.
    pub(crate) newest: AtomicU64,
    /// The position of the newest event seen; followers wait on it.
    pub(crate) position: watch::Sender<u64>,
    /// Wakes the follower after a write of this process.
    pub(crate) written: tokio::sync::Notify,
}

/// What became of a token that a caller reported as refused.
#[derive(Debug, Clone)]
pub struct Rejected {
    /// The token to use now.
    pub lent: Lent,
    /// Whether it is another one than was refused. If not, the refusal is the API's own matter.
    pub refreshed: bool,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("instance", &self.inner.settings.instance).finish_non_exhaustive()
    }
}

impl Authority {
    /// An authority; its background work begins with [`Authority::run`].
    pub fn new(parts: Parts, settings: Settings) -> Self {
        let endpoint = TokenEndpoint::new(parts.http.clone());
        Self {
            inner: Arc::new(Inner {
                parts,
                endpoint,
                settings,
                cache: Cache::default(),
                gates: Gates::default(),
                flights: Mutex::default(),
                caps: Mutex::default(),
                breakers: Breakers::default(),
                settling: Settling::default(),
                doubted_at: Mutex::default(),
                seen_doubt: Mutex::default(),
                suspects_restore: AtomicBool::new(false),
                looked_at: Mutex::default(),
                is_alone: AtomicBool::new(false),
                newest: AtomicU64::default(),
                position: watch::Sender::new(0),
                written: tokio::sync::Notify::new(),
            }),
        }
    }

    /// Lends the token of a grant (rule 1): from memory while it is young, else from the store, else after one shared refresh.
    pub async fn lend(&self, id: GrantId) -> Result<Lent, LendError> {
        let inner = &self.inner;
        let cached =
            inner.cache.get(id, inner.now(), inner.parts.clock.monotonic(), inner.settings.staleness);
        if let Cached::Fresh(lent) = cached {
            return Ok(lent);
        }
        let reading = inner.parts.store.grant(id);
        let read = match &cached {
            // Who can be served anyway does not wait long for a store that hangs.
            Cached::Unconfirmed(_) => tokio::time::timeout(inner.settings.staleness, reading)
                .await
                .unwrap_or_else(|_| Err(StoreError::Unavailable("it does not answer".to_owned()))),
            _ => reading.await,
        };
        match read {
            Ok(Some(grant)) => inner.lend_from(&grant, Cause::Use).await,
            Ok(None) => Err(LendError::NoGrant),
            Err(error) => match cached {
                Cached::Unconfirmed(lent) => Ok(lent),
                _ => Err(error.into()),
            },
        }
    }

    /// A caller says that the token of `generation` was refused with 401 (rule 10). If a newer one is there already, that is
    /// the answer. Else the provider is asked whether the token is alive, and only if it is not, or there is nobody to ask,
    /// one refresh is made, at most one in five minutes.
    pub async fn rejected(&self, id: GrantId, generation: u64) -> Result<Rejected, LendError> {
        let inner = &self.inner;
        let grant = inner.parts.store.grant(id).await?.ok_or(LendError::NoGrant)?;
        if grant.generation > generation {
            inner.cache.drop_older(id, grant.generation);
            return inner.lend_from(&grant, Cause::Use).await.map(|lent| Rejected { lent, refreshed: true });
        }
        if let GrantState::Ended { at, reason } = grant.state {
            return Err(LendError::Ended { reason, at });
        }
        let unchanged = |lent| Rejected { lent, refreshed: false };
        if grant.kind == CredentialKind::ApiKey || !inner.may_be_forced(&grant) {
            return inner.open(&grant).map(unchanged);
        }
        if inner.ask_access_token(&grant).await? == QuestionAnswer::Alive {
            inner.parts.store.note_proven(id, grant.generation, inner.now()).await?;
            return inner.open(&grant).map(unchanged);
        }
        let lent = inner.refresh_within_patience(&grant, Cause::Rejected).await?;
        Ok(Rejected { refreshed: lent.generation > generation, lent })
    }

    /// Announces a call through the proxy (rule 10): waits, for a bounded time, while a rotation is under way.
    pub async fn enter(&self, id: GrantId) -> Result<CallPermit, LendError> {
        let inner = &self.inner;
        let patience = inner.settings.caller_patience;
        inner
            .gates
            .enter(id, patience)
            .await
            .ok_or_else(|| LendError::Pending { retry_at: inner.now() + patience })
    }

    /// An API key was refused by the provider while it was proven: it is over. Does nothing if a newer one is stored.
    pub async fn key_refused(&self, id: GrantId, generation: u64) -> Result<(), LendError> {
        let inner = &self.inner;
        let event = GrantEvent {
            grant: id,
            at: inner.now(),
            generation,
            change: GrantChange::Ended { reason: EndReason::KeyRefused },
        };
        if inner.parts.store.end(id, generation, &event).await? {
            inner.cache.drop_entry(id);
            inner.written.notify_one();
        }
        Ok(())
    }

    /// The provider answered a call made with the credential of `generation` as with a good one.
    pub async fn note_proven(&self, id: GrantId, generation: u64) -> Result<(), LendError> {
        Ok(self.inner.parts.store.note_proven(id, generation, self.inner.now()).await?)
    }

    /// Seals a first credential. The caller writes it in its own transaction and then calls [`Authority::changed`].
    pub fn seal_new(
        &self,
        provider: &str,
        client_id: &str,
        kind: CredentialKind,
        new: &NewCredential,
    ) -> GivenCredential {
        let id = GrantId::new(&*self.inner.parts.clock, &*self.inner.parts.entropy);
        self.inner.seal_given(id, provider, client_id, kind, 1, new)
    }

    /// Seals a credential that takes the place of that of `grant`: a further sign-in, a replaced key.
    pub fn seal_replacement(
        &self,
        grant: &Grant,
        client_id: &str,
        kind: CredentialKind,
        new: &NewCredential,
    ) -> GivenCredential {
        self.inner.seal_given(grant.id, &grant.provider, client_id, kind, grant.generation + 1, new)
    }

    /// A grant was written or ended by another room of this process: forget what is in memory of it.
    pub fn changed(&self, id: GrantId) {
        self.inner.cache.drop_entry(id);
        self.inner.written.notify_one();
    }

    /// The position of the newest grant event that this process has seen; changes as they come.
    pub fn positions(&self) -> watch::Receiver<u64> {
        self.inner.position.subscribe()
    }

    /// Sends token requests for others: the exchange of a code.
    pub fn token_endpoint(&self) -> &TokenEndpoint {
        &self.inner.endpoint
    }

    /// Providers and the integration's own clients.
    pub fn directory(&self) -> &Arc<dyn Directory> {
        &self.inner.parts.directory
    }

    /// The store of grants.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.inner.parts.store
    }
}

impl Inner {
    pub(crate) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    pub(crate) fn monotonic(&self) -> Duration {
        self.parts.clock.monotonic()
    }

    pub(crate) fn access(&self, provider: &str) -> Option<Arc<ProviderAccess>> {
        self.parts.directory.provider(provider)
    }

    /// From when on a grant's token is due; `None` for never.
    pub(crate) fn due_at(&self, grant: &Grant) -> Option<Timestamp> {
        self.due_at_of(grant.id, &grant.provider, grant.obtained_at, grant.expires_at)
    }

    pub(crate) fn due_at_of(
        &self,
        id: GrantId,
        provider: &str,
        obtained: Timestamp,
        expires: Option<Timestamp>,
    ) -> Option<Timestamp> {
        let earliest = self.earliest_before_expiry(provider);
        expires.map(|expires| self.settings.margin.due_at(obtained, expires, earliest, id))
    }

    /// How long before its expiry a token may be refreshed at the earliest, where the provider forbids it before.
    fn earliest_before_expiry(&self, provider: &str) -> Option<Duration> {
        self.access(provider)?.rotating()?.1.earliest_refresh_before_expiry()
    }

    /// When a grant is refreshed at the latest so that it does not die of idleness: at a third of the limit (rule 2).
    pub(crate) fn keep_alive_at(&self, provider: &str, obtained_at: Timestamp) -> Option<Timestamp> {
        let access = self.access(provider)?;
        let limit = access.rotating()?.1.idle_limit()?;
        Some(obtained_at + limit / 3)
    }

    /// When the scheduler looks at a healthy grant next.
    pub(crate) fn next_look(
        &self,
        id: GrantId,
        provider: &str,
        kind: CredentialKind,
        obtained: Timestamp,
        expires: Option<Timestamp>,
    ) -> Option<Timestamp> {
        match kind {
            CredentialKind::ApiKey => expires,
            CredentialKind::OAuth => self
                .due_at_of(id, provider, obtained, expires)
                .or_else(|| self.keep_alive_at(provider, obtained)),
        }
    }

    /// Opens a grant's credential and puts it in memory.
    pub(crate) fn open(&self, grant: &Grant) -> Result<Lent, LendError> {
        let sealed = grant.credential.as_ref().ok_or(LendError::CannotOpen)?;
        let place = Grant::access_place(grant.id, grant.generation);
        let access_token = self.parts.sealer.open_text(&place, &sealed.access_token).map_err(|error| {
            tracing::error!(grant.id = %grant.id, error = %error, "a stored credential cannot be opened");
            LendError::CannotOpen
        })?;
        let lent = Lent {
            grant: grant.id,
            access_token,
            kind: grant.kind,
            generation: grant.generation,
            expires_at: grant.expires_at,
        };
        self.cache.put(&lent, self.due_at(grant), self.now());
        measures::lent(grant, self.now());
        Ok(lent)
    }

    pub(crate) async fn lend_from(self: &Arc<Self>, grant: &Grant, cause: Cause) -> Result<Lent, LendError> {
        let now = self.now();
        if let GrantState::Ended { at, reason } = grant.state {
            return Err(LendError::Ended { reason, at });
        }
        let usable = !grant.is_expired(now);
        if usable && self.due_at(grant).is_none_or(|due| now < due) {
            return self.open(grant);
        }
        // Only the operator can say more of it.
        if grant.in_doubt
            && let GrantState::Degraded { reason: reason @ DegradedReason::PossiblyRestored, .. } =
                grant.state
        {
            let retry_at = now + Duration::from_mins(1);
            return if usable { self.open(grant) } else { Err(LendError::Degraded { reason, retry_at }) };
        }
        // While it waits, the old token goes on being lent.
        if let Some(waits) = Self::waits(grant, now) {
            return if usable { self.open(grant) } else { Err(waits) };
        }
        match self.refresh_within_patience(grant, cause).await {
            Err(LendError::Pending { .. } | LendError::Degraded { .. } | LendError::Store(_)) if usable => {
                self.open(grant)
            }
            result => result,
        }
    }

    /// While an outage or an unknown outcome waits for its time, nobody hurries it: not a caller, and not an instance that has
    /// waited for the lease while another one tried in vain.
    pub(crate) fn waits(grant: &Grant, now: Timestamp) -> Option<LendError> {
        let retry_at = grant.next_action_at.filter(|at| *at > now)?;
        match grant.state {
            GrantState::Degraded { reason, .. } => Some(LendError::Degraded { reason, retry_at }),
            GrantState::Unknown { .. } => Some(LendError::Pending { retry_at }),
            GrantState::Active | GrantState::Ended { .. } => None,
        }
    }

    /// One shared refresh; this caller waits for it only so long.
    pub(crate) async fn refresh_within_patience(
        self: &Arc<Self>,
        grant: &Grant,
        cause: Cause,
    ) -> Result<Lent, LendError> {
        let patience = self.settings.caller_patience;
        match tokio::time::timeout(patience, self.join_flight(grant.id, grant.generation, cause)).await {
            Ok(result) => result,
            Err(_) => Err(LendError::Pending { retry_at: self.now() + Duration::from_secs(1) }),
        }
    }

    /// Joins the refresh of this grant that is under way in this process, or sets one off. It runs in a task of its own: a
    /// caller that hangs up does not stop it (rule 3).
    pub(crate) async fn join_flight(
        self: &Arc<Self>,
        id: GrantId,
        above: u64,
        cause: Cause,
    ) -> Result<Lent, LendError> {
        let mut flight = {
            let mut flights = self.flights.lock().expect("no code panics while it holds the flights");
            flights.entry(id).or_insert_with(|| self.take_off(id, above, cause)).clone()
        };
        let result = match flight.wait_for(Option::is_some).await {
            Ok(result) => result.clone(),
            Err(_) => None,
        };
        // The sender is dropped without a result only if the task was torn down with the runtime, or panicked.
        result.unwrap_or_else(|| Err(LendError::Pending { retry_at: self.now() + Duration::from_secs(1) }))
    }

    fn take_off(self: &Arc<Self>, id: GrantId, above: u64, cause: Cause) -> Flight {
        let (sender, receiver) = watch::channel(None);
        let inner = self.clone();
        self.parts.tracker.spawn(async move {
            // Removed whatever happens: a flight that stays would answer for ever.
            let landing = Landing { inner: &inner, id };
            let result = inner.fly(id, above, cause).await;
            drop(landing);
            sender.send_replace(Some(result));
        });
        receiver
    }

    /// Whether a refresh of this grant is under way in this process.
    pub(crate) fn is_flying(&self, id: GrantId) -> bool {
        self.flights.lock().expect("no code panics while it holds the flights").contains_key(&id)
    }

    pub(crate) fn cap(&self, provider: &str) -> Arc<Semaphore> {
        let mut caps = self.caps.lock().expect("no code panics while it holds the caps");
        caps.entry(provider.to_owned())
            .or_insert_with(|| Arc::new(Semaphore::new(self.settings.requests_per_provider)))
            .clone()
    }

    /// Whether a token that was refused may be refreshed before it is due (rule 10): not twice in the interval, and not where the
    /// provider refuses a refresh so early, which would only put a good grant out of order (rule 2).
    pub(crate) fn may_be_forced(&self, grant: &Grant) -> bool {
        let now = self.now();
        let forced_lately =
            grant.forced_at.is_some_and(|at| at > now - self.settings.forced_refresh_interval);
        let earliest = self.earliest_before_expiry(&grant.provider);
        let too_early = earliest.zip(grant.expires_at).is_some_and(|(earliest, at)| now < at - earliest);
        !forced_lately && !too_early
    }

    /// Asks whether the present access token is alive, where the provider can be asked.
    async fn ask_access_token(&self, grant: &Grant) -> Result<QuestionAnswer, LendError> {
        let Some(access) = self.access(&grant.provider) else { return Ok(QuestionAnswer::NoAnswer) };
        if access.endpoints.introspect_url.is_none() {
            return Ok(QuestionAnswer::NoAnswer);
        }
        let lent = self.open(grant)?;
        let secrets = self.parts.directory.client_secrets(&grant.provider, &grant.client_id).await?;
        let hint = TokenTypeHint::AccessToken;
        Ok(self.endpoint.introspect(&access, &grant.client_id, &secrets, &lent.access_token, hint).await)
    }

    fn seal_given(
        &self,
        id: GrantId,
        provider: &str,
        client_id: &str,
        kind: CredentialKind,
        generation: u64,
        new: &NewCredential,
    ) -> GivenCredential {
        let given_at = self.now();
        let life = new.expires_in.or_else(|| self.assumed_life(provider, kind));
        let expires_at = life.map(|life| given_at + life);
        GivenCredential {
            grant: id,
            provider: provider.to_owned(),
            client_id: client_id.to_owned(),
            kind,
            generation,
            credential: self.seal(id, generation, &new.access_token, new.refresh_token.as_ref()),
            scope: new.scope.clone(),
            given_at,
            expires_at,
            refresh_token_expires_at: new.refresh_token_expires_in.map(|life| given_at + life),
            next_action_at: self.next_look(id, provider, kind, given_at, expires_at),
        }
    }

    /// The life of an access token where the answer does not name it; a key without a date does not expire.
    pub(crate) fn assumed_life(&self, provider: &str, kind: CredentialKind) -> Option<Duration> {
        let access = self.access(provider)?;
        (kind == CredentialKind::OAuth)
            .then(|| access.rotating().map(|(_, rotation)| rotation.access_token_life()))?
    }

    fn seal(
        &self,
        id: GrantId,
        generation: u64,
        access: &Secret<String>,
        refresh: Option<&Secret<String>>,
    ) -> SealedCredential {
        let sealer = &self.parts.sealer;
        SealedCredential {
            access_token: sealer.seal(&Grant::access_place(id, generation), access.expose().as_bytes()),
            refresh_token: refresh
                .map(|token| sealer.seal(&Grant::refresh_place(id, generation), token.expose().as_bytes())),
        }
    }
}

/// Takes a flight off the list when its task ends, by return or by panic.
struct Landing<'a> {
    inner: &'a Inner,
    id: GrantId,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        if let Ok(mut flights) = self.inner.flights.lock() {
            flights.remove(&self.id);
        }
    }
}
