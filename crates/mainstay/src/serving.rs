//! What every server of this binary does the same way: take its address, tell how it is, say that it is ready.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use base::Secret;
use futures_util::FutureExt as _;
use ipnet::IpNet;
use seal::Place;
use tokio::net::TcpListener;
use web::shared::vitals::{self, Check, Vitals};

use crate::configuration::{Configuration, NO_PROXY, PublicUrl};
use crate::failure::Failure;
use crate::output;
use crate::runtime::Tasks;
use crate::side::Side;
use crate::wiring::platform::PlatformSide;
use crate::wiring::{Opened, Process};

/// A database that does not answer in this time is not ready.
const READY_WITHIN: Duration = Duration::from_secs(3);

/// An address that is ours, before anything is served on it.
#[derive(Debug)]
pub(crate) struct Listening {
    listener: TcpListener,
    trusted_proxies: Vec<IpNet>,
    /// What it came to be where port 0 was asked for.
    pub(crate) address: SocketAddr,
}

impl Listening {
    /// Takes an address. It comes before everything else, so that a port that is taken leaves nothing behind.
    pub(crate) async fn on(address: SocketAddr) -> Result<Self, Failure> {
        let refused = |error: std::io::Error| {
            let remedy = match error.kind() {
                std::io::ErrorKind::AddrInUse => {
                    "stop the program that listens there, or choose another address with `--listen` (port 0 picks a free one)"
                }
                std::io::ErrorKind::PermissionDenied => "choose a port above 1023 with `--listen`",
                _ => "choose an address of this machine with `--listen`",
            };
            Failure::new(format!("the address {address} cannot be listened on"), error, remedy)
        };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(Self { listener, trusted_proxies: Vec::new(), address })
    }

    /// The configured address of a side, or its default.
    pub(crate) async fn of(configuration: &Configuration, side: Side) -> Result<Self, Failure> {
        let listening = Self::on(side.default_address(configuration)).await?;
        Ok(Self { trusted_proxies: configuration.trusted_proxies.clone(), ..listening })
    }

    /// The address by which this machine itself reaches the server, also where it listens on all of them.
    pub(crate) fn local_address(&self) -> SocketAddr {
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        SocketAddr::new(ip, self.address.port())
    }

    /// Where others reach this server: the configured address, or this one, if it is of this machine alone. Links, redirect URIs and
    /// cookies follow it, so that a guess that lets secrets travel in clear is not made.
    pub(crate) fn public_url(&self, configuration: &Configuration) -> Result<PublicUrl, Failure> {
        if let Some(url) = &configuration.public_url {
            if configuration.proxy_is_not_named() {
                tracing::warn!(
                    event = "server.trusted_proxies_missing",
                    why = NO_PROXY.why,
                    remedy = NO_PROXY.remedy,
                    "{}",
                    NO_PROXY.what
                );
            }
            return Ok(url.clone());
        }
        let here = self.local_address();
        if here != self.address {
            tracing::warn!(
                event = "server.public_url_missing",
                public_url = format!("http://{here}"),
                "no `--public-url` is given, so links lead to this machine itself"
            );
        }
        if here.ip().is_loopback() {
            return Ok(PublicUrl::of_listener(here));
        }
        Err(Failure::usage(
            format!("the server cannot listen on {} alone", self.address),
            "others can reach this address, and links to it would be plain http, in which tokens travel readably",
            "put a proxy with https in front and name it with `--public-url https://…`, or listen on 127.0.0.1",
        ))
    }

    /// The address as a URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves until the process stops. What runs then is finished, in tasks of the process.
    pub(crate) fn serve(self, router: Router, tasks: &Tasks) {
        let (tracker, stopping) = (tasks.tracker.clone(), tasks.stopping.clone());
        tasks.tracker.spawn(async move {
            let served =
                web::shared::serve(self.listener, router, self.trusted_proxies, stopping.clone(), &tracker);
            if let Err(error) = served.await {
                tracing::error!(event = "server.failed", %error, "the server can accept nothing more; stopping");
                stopping.cancel();
            }
        });
    }
}

/// Says on standard output that everything is listening. The first line there.
pub(crate) fn say_ready(url: &str) -> Result<(), Failure> {
    output::line(&format!("ready {url}"))
}

/// How one side is: its database can be written and its keys open what they sealed.
pub(crate) fn vitals(process: &Process, opened: &[Opened], metrics_token: Option<Secret<String>>) -> Vitals {
    let opened: Arc<[Opened]> = opened.into();
    let metrics = process.metrics.clone();
    Vitals {
        ready: Arc::new(move || {
            let opened = Arc::clone(&opened);
            async move {
                let mut checks = Vec::new();
                for one in &*opened {
                    checks.push(database_check(one).await);
                    checks.push(keys_check(one));
                }
                checks
            }
            .boxed()
        }),
        metrics: Arc::new(move || {
            metrics.as_ref().map(crate::telemetry::Metrics::render).unwrap_or_default()
        }),
        metrics_token,
    }
}

/// The same of the platform side, which is not ready while its database looks restored from a backup.
pub(crate) fn vitals_of_platform(
    process: &Process,
    side: &PlatformSide,
    metrics_token: Option<Secret<String>>,
) -> Vitals {
    let vitals = vitals(process, std::slice::from_ref(&side.opened), metrics_token);
    let (ready, keeper) = (Arc::clone(&vitals.ready), side.keeper.clone());
    let with_keeper = move || {
        let (ready, doubt) = (ready(), keeper.doubt());
        async move {
            let mut checks = ready.await;
            let detail = doubt.map(|_| {
                "the database looks restored from a backup: `mainstay recover status --side platform`"
                    .to_owned()
            });
            checks.push(Check { name: "continuity", ok: detail.is_none(), detail });
            checks
        }
        .boxed()
    };
    Vitals { ready: Arc::new(with_keeper), ..vitals }
}

async fn database_check(opened: &Opened) -> Check {
    let detail = match tokio::time::timeout(READY_WITHIN, opened.database.probe_writable()).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => {
            tracing::warn!(event = "ready.database", %error, "the database cannot be written");
            Some("the database cannot be written".to_owned())
        }
        Err(_) => Some(format!("the database did not answer within {} s", READY_WITHIN.as_secs())),
    };
    Check { name: "database", ok: detail.is_none(), detail }
}

fn keys_check(opened: &Opened) -> Check {
    let place = Place::new("ready", "probe", "probe", 0);
    let sealed = opened.sealer.seal(&place, b"probe");
    let ok = opened.sealer.open(&place, &sealed).is_ok_and(|plain| plain.expose() == b"probe");
    Check {
        name: "keys",
        ok,
        detail: (!ok).then(|| "the encryption keys do not open what they sealed".to_owned()),
    }
}

/// Offers the metrics on an address of their own, where one is configured.
pub(crate) async fn serve_metrics(
    configuration: &Configuration,
    vitals: &Vitals,
    tasks: &Tasks,
) -> Result<(), Failure> {
    if let Some(address) = configuration.metrics_listen {
        Listening::on(address).await?.serve(vitals::metrics_router(vitals.clone()), tasks);
    }
    Ok(())
}

/// The token of the sandbox endpoints: the configured one, or a new one, which is told on standard error.
pub(crate) fn sandbox_token(configuration: &Configuration, process: &Process) -> Secret<String> {
    configuration.sandbox_token.clone().unwrap_or_else(|| {
        let token = base::EntropyExt::text::<24>(&*process.entropy);
        output::remark(&format!("sandbox token: {token}"));
        Secret::new(token)
    })
}
