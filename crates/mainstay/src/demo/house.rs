//! The demo's house: all sides in this process, on one data directory, filled and listening.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use base::Secret;
use connect::Role;
use futures_util::future::{try_join, try_join_all};
use identity::NewAccount;
use outbound::HttpClient;
use platform::{By, Seed};
use providers::Overrides;
use serde_json::{Value, json};

use super::accounting_cast::{SYSTEMS, System};
use super::cast::{self, Addresses};
use super::recorder::{RecordingClient, SeenSecrets};
use super::secrets::Secrets;
use crate::configuration::{Configuration, PleoEnvironment, PublicUrl};
use crate::failure::Failure;
use crate::serving::{self, Listening};
use crate::side::Side;
use crate::wiring::connect::ConnectSide;
use crate::wiring::platform::PlatformSide;
use crate::wiring::sandbox::StandinSide;
use crate::wiring::{self, Opened, Process, Which};
use crate::{routers, servers};

/// Where the platform listens when nothing is said; connect and the stand-ins take the next ports.
const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8100);

/// The operator of the connect side.
const OPERATOR: &str = "olivia@ledgerline.example";

/// A house that stands: everything listens and is filled.
pub(super) struct House {
    pub(super) addresses: Addresses,
    pub(super) secrets: Secrets,
    /// API tokens of connect by role.
    pub(super) tokens: BTreeMap<&'static str, String>,
    opened: Vec<Opened>,
    connect: ConnectSide,
}

/// The three addresses, taken.
struct Doors {
    platform: Listening,
    connect: Listening,
    sandbox: Listening,
}

impl Doors {
    async fn open(configuration: &Configuration, any_port: bool) -> Result<Self, Failure> {
        let fallback = if any_port { SocketAddr::new(ADDRESS.ip(), 0) } else { ADDRESS };
        let first = configuration.listen.unwrap_or(fallback);
        let next = |offset: u16| match first.port() {
            0 => Ok(first),
            port => port.checked_add(offset).map(|port| SocketAddr::new(first.ip(), port)).ok_or_else(|| {
                Failure::usage(
                    format!("the demo cannot listen on {first}"),
                    "connect and the stand-ins take the next two ports, and there are none",
                    "choose a lower port with `--listen`",
                )
            }),
        };
        let platform = Listening::on(first).await?;
        let (connect, sandbox) = (Listening::on(next(1)?).await?, Listening::on(next(2)?).await?);
        Ok(Self { platform, connect, sandbox })
    }

    fn addresses(&self) -> Addresses {
        let url = |listening: &Listening| format!("http://{}", listening.local_address());
        Addresses { platform: url(&self.platform), connect: url(&self.connect), sandbox: url(&self.sandbox) }
    }
}

impl House {
    /// Takes the addresses, opens the data, fills it, and listens.
    pub(super) async fn build(
        process: &Process,
        configuration: &Configuration,
        any_port: bool,
        seen: Option<&SeenSecrets>,
    ) -> Result<Self, Failure> {
        let doors = Doors::open(configuration, any_port).await?;
        let addresses = doors.addresses();
        crate::instance::make_directories(configuration)?;
        let secrets = Secrets::open(&configuration.key_file("demo"), &*process.entropy)?;
        let configuration = &settled(configuration, &addresses, &secrets);
        let public_url = |listening: &Listening| PublicUrl::of_listener(listening.local_address());
        let (platform_url, connect_url, sandbox_url) =
            (public_url(&doors.platform), public_url(&doors.connect), public_url(&doors.sandbox));

        let mut http = wiring::connect::http_client(configuration)?;
        if let Some(seen) = seen {
            http = Arc::new(RecordingClient { inner: http, seen: seen.clone() }) as Arc<dyn HttpClient>;
        }
        let platform = async {
            let opened = wiring::open(process, configuration, Which::from(Side::Platform)).await?;
            let side = wiring::platform::build(process, configuration, opened, &platform_url)?;
            fill_platform(&side, &addresses, &secrets).await?;
            Ok::<_, Failure>(side)
        };
        let stand_ins = try_join_all(SYSTEMS.iter().map(async |system| {
            let side = wiring::sandbox::build(process, configuration, system.kind, &sandbox_url).await?;
            fill_stand_in(&side, system, &addresses, &secrets).await?;
            Ok::<_, Failure>(side)
        }));
        let connect = async {
            let opened = wiring::open(process, configuration, Which::from(Side::Connect)).await?;
            let side = wiring::connect::build(process, configuration, opened, &connect_url, http)?;
            let tokens = fill_connect(&side, &secrets).await?;
            Ok::<_, Failure>((side, tokens))
        };
        let (platform, (stand_ins, (connect, tokens))) =
            try_join(platform, try_join(stand_ins, connect)).await?;

        platform.start(process).await?;
        for stand_in in &stand_ins {
            stand_in.start(process);
        }
        connect.start(process).await?;
        servers::answer_commands_of_platform(configuration, process, &platform)?;
        servers::answer_commands_of_connect(configuration, process, &connect)?;

        let of_stand_ins: Vec<Opened> = stand_ins.iter().map(|stand_in| stand_in.opened.clone()).collect();
        let vitals =
            |opened: &[Opened]| serving::vitals(process, opened, configuration.metrics_token.clone());
        let platform_vitals =
            serving::vitals_of_platform(process, &platform, configuration.metrics_token.clone());
        serving::serve_metrics(configuration, &platform_vitals, &process.tasks).await?;
        let router = routers::platform(configuration, process, &platform, &platform_url, platform_vitals);
        doors.platform.serve(router, &process.tasks);
        let router = routers::connect(
            configuration,
            process,
            &connect,
            &connect_url,
            vitals(std::slice::from_ref(&connect.opened)),
        );
        doors.connect.serve(router, &process.tasks);
        let router =
            routers::sandbox(configuration, process, &stand_ins, &sandbox_url, vitals(&of_stand_ins));
        doors.sandbox.serve(router, &process.tasks);

        let opened =
            of_stand_ins.into_iter().chain([platform.opened.clone(), connect.opened.clone()]).collect();
        Ok(Self { addresses, secrets, tokens, opened, connect })
    }

    /// Waits for the word to stop, then closes everything in order.
    pub(super) async fn until_stopped(&self, process: &Process) -> Result<(), Failure> {
        servers::until_stopped(process, &self.opened, Some(&self.connect)).await
    }

    /// Every secret that the demo chose itself: passwords, client secrets, switches' tokens, API tokens.
    pub(super) fn all_secrets(&self) -> Vec<String> {
        let people = cast::PEOPLE.iter().map(|person| person.email.to_owned());
        let accounting = SYSTEMS.iter().flat_map(|system| [system.email.to_owned(), system.client_id()]);
        let others = [OPERATOR, cast::CLIENT, cast::KEY_CLIENT, super::SANDBOX_TOKEN, super::METRICS_TOKEN]
            .map(str::to_owned);
        let chosen = people.chain(accounting).chain(others).map(|name| self.secrets.of(&name));
        chosen.chain(self.tokens.values().cloned()).collect()
    }

    /// Everything that somebody needs who wants to use the demo: addresses, sign-ins, clients, tokens.
    pub(super) fn shown(&self) -> Value {
        let Self { addresses, secrets, tokens, .. } = self;
        let client = |id: &str| {
            json!({
                "client_id": id,
                "client_secret": secrets.of(id),
                "redirect_uris": [addresses.callback("pleo")],
                "scopes": cast::SCOPES,
            })
        };
        let company = |company: &cast::Company| {
            json!({
                "id": company.id,
                "name": company.name,
                "country": company.country,
                "registration_number": company.registration_number,
            })
        };
        let systems: BTreeMap<&str, Value> =
            SYSTEMS.iter().map(|system| (system.kind.id(), system.shown(addresses, secrets))).collect();
        json!({
            "platform": {
                "url": addresses.platform,
                "users": cast::sign_ins(secrets),
                "companies": cast::COMPANIES.iter().map(company).collect::<Vec<_>>(),
                "clients": [client(cast::CLIENT), client(cast::KEY_CLIENT)],
                "sandbox_token": secrets.of(super::SANDBOX_TOKEN),
            },
            "connect": {
                "url": addresses.connect,
                "operators": [{"email": OPERATOR, "password": secrets.of(OPERATOR)}],
                "api_tokens": tokens,
                "sandbox_token": secrets.of(super::SANDBOX_TOKEN),
            },
            "sandbox": {"url": addresses.sandbox, "systems": systems},
            "metrics_token": secrets.of(super::METRICS_TOKEN),
        })
    }
}

/// The demo's configuration: what it must be for the sides to find each other, over what the person has set.
fn settled(configuration: &Configuration, addresses: &Addresses, secrets: &Secrets) -> Configuration {
    let mut configuration = Configuration {
        environment: PleoEnvironment::Staging,
        sandbox: true,
        sandbox_token: Some(Secret::new(secrets.of(super::SANDBOX_TOKEN))),
        metrics_token: Some(Secret::new(secrets.of(super::METRICS_TOKEN))),
        ..configuration.clone()
    };
    configuration.outbound_allow.extend(super::loopback());
    let at = |address: &str| Overrides {
        base_url: Some(address.parse().expect("an address")),
        ..Overrides::default()
    };
    let pleo = Overrides { environment: Some("staging".to_owned()), ..at(&addresses.platform) };
    configuration.providers.insert("pleo".to_owned(), pleo);
    for system in SYSTEMS {
        configuration
            .providers
            .insert(system.kind.id().to_owned(), at(&addresses.stand_in(system.kind.id())));
    }
    configuration
}

async fn fill_platform(side: &PlatformSide, addresses: &Addresses, secrets: &Secrets) -> Result<(), Failure> {
    let seed = Seed::parse(&cast::platform_seed(addresses, secrets))
        .map_err(|error| not_filled("platform", &error))?;
    side.platform.seed(seed, &By::command_line()).await.map_err(|error| not_filled("platform", &error))?;
    Ok(())
}

async fn fill_stand_in(
    side: &StandinSide,
    system: &System,
    addresses: &Addresses,
    secrets: &Secrets,
) -> Result<(), Failure> {
    let seeded = side.standin.seed(&system.seed(addresses, secrets)).await;
    seeded.map(drop).map_err(|error| not_filled(system.kind.id(), &error))
}

async fn fill_connect(
    side: &ConnectSide,
    secrets: &Secrets,
) -> Result<BTreeMap<&'static str, String>, Failure> {
    let failed = |error: &dyn std::fmt::Display| not_filled("connect side", error);
    let clients = SYSTEMS.iter().map(|system| (system.kind.id(), system.client_id()));
    for (provider, client_id) in clients.chain([("pleo", cast::CLIENT.to_owned())]) {
        let secret = Secret::new(secrets.of(&client_id));
        side.connect
            .set_client(provider, None, &client_id, Some(&secret))
            .await
            .map_err(|error| failed(&error))?;
    }
    let password = Some(Secret::new(secrets.of(OPERATOR)));
    let operator = NewAccount { email: OPERATOR.to_owned(), name: "Olivia Maas".to_owned(), password };
    side.identity.create_account(operator).await.map_err(|error| failed(&error))?;
    let mut tokens = BTreeMap::new();
    for role in Role::ALL {
        let name = format!("demo, {}", role.as_str());
        let made = side.connect.create_api_token(&name, role).await.map_err(|error| failed(&error))?;
        tokens.insert(role.as_str(), made.text.expose().clone());
    }
    Ok(tokens)
}

fn not_filled(what: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        format!("the {what} cannot be filled for the demo"),
        error,
        "choose an empty directory with `--data DIR`, or leave it out",
    )
}
