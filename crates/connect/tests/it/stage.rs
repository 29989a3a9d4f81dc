//! The connect side in one process, and a person who walks through it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base::testing::{ManualClock, SeededEntropy};
use base::{Entropy, Secret};
use connect::{
    Connect, ConnectSession, ConnectSessionId, Connection, ConnectionId, Directory, EventType, Flow,
    LinkRequest, Next, NumberedEvent, Parts, Settings, Walk,
};
use providers::{Catalogue, Overrides};
use refresh::Authority;
use refresh::spill::SpillDirectory;
use store::{Database, Side};
use tokio_util::task::TaskTracker;
use url::Url;

use crate::world::World;

pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) connect: Connect,
    pub(crate) authority: Authority,
    parts: refresh::Parts,
    connect_parts: Parts,
    _directory: tempfile::TempDir,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let world = World::new();
        let clock = Arc::new(ManualClock::new());
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(7));
        let database = Database::memory(Side::Connect, clock.clone()).unwrap();
        let store = Arc::new(database.clone());
        let sealer = seal::testing::sealer(&entropy);
        let overrides: BTreeMap<_, _> = ["pleo", "xero", "fortnox"]
            .map(|id| {
                let base_url = Some(format!("https://{id}.example").parse().unwrap());
                (id.parse().unwrap(), Overrides { base_url, ..Overrides::default() })
            })
            .into();
        let directory = Arc::new(
            Directory::new(&Catalogue::built_in(), &overrides, store.clone(), sealer.clone()).unwrap(),
        );
        let temporary = tempfile::tempdir().unwrap();
        let tracker = TaskTracker::new();
        let parts = refresh::Parts {
            store: store.clone(),
            http: world.client(),
            directory: directory.clone(),
            sealer: sealer.clone(),
            spill: Arc::new(SpillDirectory::open(temporary.path().join("spill"), "one").unwrap()),
            memory: Arc::new(refresh::MemoryInProcess::default()),
            clock: clock.clone(),
            entropy: entropy.clone(),
            tracker: tracker.clone(),
        };
        let authority = Authority::new(parts.clone(), refresh::Settings::new("one".to_owned()));
        let connect_parts = Parts {
            store,
            directory,
            authority: authority.clone(),
            http: world.client(),
            sealer,
            keys: seal::testing::keys(&*entropy),
            clock: clock.clone(),
            entropy,
            tracker,
        };
        let mut settings = Settings::new("https://connect.example/".parse().unwrap());
        settings.return_to_allow = vec![Url::parse("https://app.example").unwrap().origin()];
        let connect = Connect::new(connect_parts.clone(), settings);
        for provider in ["pleo", "xero", "fortnox"] {
            connect
                .set_client(provider, None, "our-client", Some(&Secret::new("our-secret".to_owned())))
                .await
                .unwrap();
        }
        Self { world, clock, connect, authority, parts, connect_parts, _directory: temporary }
    }

    /// What a second process over the same database is.
    pub(crate) fn second_process(&self) -> Connect {
        let authority = Authority::new(self.parts.clone(), refresh::Settings::new("two".to_owned()));
        let parts = Parts { authority, ..self.connect_parts.clone() };
        Connect::new(parts, self.connect.settings().clone())
    }

    pub(crate) fn request(accounting: &str) -> LinkRequest {
        LinkRequest { accounting: Some(accounting.to_owned()), ..LinkRequest::default() }
    }

    /// A person opens a link in a browser and presses Start.
    pub(crate) async fn start(&self, request: LinkRequest) -> (Person<'_>, Next) {
        let link = self.connect.create_link(request).await.unwrap();
        self.open(&link.text).await
    }

    pub(crate) async fn open(&self, link: &Secret<String>) -> (Person<'_>, Next) {
        let browser = self.connect.new_browser();
        let next = self.connect.start(link.expose(), &browser).await.unwrap();
        let id = self.connect.look(link.expose()).await.unwrap().session.id;
        (Person { stage: self, browser, id }, next)
    }

    /// The whole walk: this Pleo company with this company of an accounting system.
    pub(crate) async fn pair(
        &self,
        accounting: &str,
        platform: &'static str,
        company: &'static str,
    ) -> ConnectionId {
        let (person, next) = self.start(Self::request(accounting)).await;
        person.back_from("pleo", next, &[platform]).await;
        let next = person.go_on().await;
        person.back_from(accounting, next, &[company]).await;
        person.stage.connect.confirm(person.id, &person.browser).await.unwrap();
        match person.walk().await.session.flow {
            Flow::Done { connection, .. } => connection,
            other => panic!("the walk stands at {other:?}"),
        }
    }

    pub(crate) async fn connection(&self, id: ConnectionId) -> Connection {
        self.connect.connection(id).await.unwrap().unwrap().connection
    }

    /// A walk as it is stored.
    pub(crate) async fn session(&self, id: ConnectSessionId) -> Option<ConnectSession> {
        self.connect_parts.store.session(id).await.unwrap()
    }

    /// The feed from its beginning.
    pub(crate) async fn events(&self) -> Vec<NumberedEvent> {
        while self.connect.tell_news().await.unwrap() > 0 {}
        self.connect.events(0, 100, Duration::ZERO).await.unwrap()
    }

    pub(crate) async fn event_types(&self) -> Vec<EventType> {
        self.events().await.into_iter().map(|event| event.event.kind).collect()
    }
}

pub(crate) struct Person<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) browser: Secret<String>,
    pub(crate) id: ConnectSessionId,
}

impl Person<'_> {
    pub(crate) async fn walk(&self) -> Walk {
        self.stage.connect.walk(self.id, &self.browser).await.unwrap()
    }

    pub(crate) async fn go_on(&self) -> Next {
        self.stage.connect.go_on(self.id, &self.browser).await.unwrap()
    }

    /// Signs in where `next` leads, allows, and comes back.
    pub(crate) async fn back_from(&self, system: &str, next: Next, companies: &[&'static str]) {
        let query = self.stage.world.allow(system, &address(next), companies);
        self.back(system, &query).await.unwrap();
    }

    pub(crate) async fn back(
        &self,
        system: &str,
        query: &str,
    ) -> Result<ConnectSessionId, connect::CallbackError> {
        self.stage.connect.callback(system, query, Some(&self.browser)).await
    }

    pub(crate) async fn notice(&self) -> Option<String> {
        self.walk().await.session.notice.map(|notice| notice.code)
    }
}

/// Where a person is sent.
pub(crate) fn address(next: Next) -> Url {
    match next {
        Next::Provider(url) => url,
        Next::Page(id) => panic!("the walk {id} stays here"),
    }
}
