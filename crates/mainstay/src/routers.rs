//! The doors of each side, put into the frame that every server has.

use std::sync::Arc;

use axum::Router;
use sandbox::AccessControl;
use web::sandbox::StandinDoors;
use web::shared::vitals::{self, Vitals};
use web::shared::{Side as SiteSide, frame};

use crate::access_control::PlatformAccess;
use crate::configuration::{Configuration, PublicUrl};
use crate::servers::site;
use crate::serving;
use crate::switches::{follow_clock, switches};
use crate::wiring::Process;
use crate::wiring::connect::ConnectSide;
use crate::wiring::platform::PlatformSide;
use crate::wiring::sandbox::StandinSide;

/// The connect side.
pub(crate) fn connect(
    configuration: &Configuration,
    process: &Process,
    side: &ConnectSide,
    public_url: &PublicUrl,
    vitals: Vitals,
) -> Router {
    let mut site = site(configuration, SiteSide::Connect, &side.opened, public_url);
    site.manner_of = web::connect::manner_of;
    site.ledger = Some(Arc::clone(&side.records.ledger));
    let site = Arc::new(site);
    let state = web::connect::ConnectState {
        connect: side.connect.clone(),
        identity: Arc::clone(&side.identity),
        ledger: Some(Arc::clone(&side.records.ledger)),
        site: Arc::clone(&site),
    };
    let mut router = web::connect::router(state).merge(vitals::router(vitals));
    let clock = follow_clock(configuration, process, &side.opened);
    if configuration.sandbox {
        let token = serving::sandbox_token(configuration, process);
        router = router.merge(web::sandbox::clock_router(switches(token, clock, &side.opened, None)));
    }
    frame(router, &site)
}

/// The platform side.
pub(crate) fn platform(
    configuration: &Configuration,
    process: &Process,
    side: &PlatformSide,
    public_url: &PublicUrl,
    vitals: Vitals,
) -> Router {
    let mut site = site(configuration, SiteSide::Platform, &side.opened, public_url);
    site.manner_of = web::platform::manner_of;
    site.standstill = Some(web::platform::standstill(&side.platform));
    site.ledger = Some(Arc::clone(&side.records.ledger));
    let site = Arc::new(site);
    let state =
        web::platform::PlatformState { platform: Arc::clone(&side.platform), site: Arc::clone(&site) };
    let mut router = web::platform::router(state);
    let clock = follow_clock(configuration, process, &side.opened);
    if configuration.sandbox {
        let token = serving::sandbox_token(configuration, process);
        let access: Arc<dyn AccessControl> = Arc::new(PlatformAccess::new(side));
        let switches = switches(token, clock, &side.opened, Some(access));
        router = web::sandbox::with_switches(router, switches, web::platform::endpoint_of);
    }
    frame(router.merge(vitals::router(vitals)), &site)
}

/// The accounting stand-ins.
pub(crate) fn sandbox(
    configuration: &Configuration,
    process: &Process,
    stand_ins: &[StandinSide],
    public_url: &PublicUrl,
    vitals: Vitals,
) -> Router {
    let token = serving::sandbox_token(configuration, process);
    let doors = stand_ins
        .iter()
        .map(|side| {
            let clock = follow_clock(configuration, process, &side.opened);
            let access = Arc::clone(&side.standin) as Arc<dyn AccessControl>;
            let switches = switches(token.clone(), clock, &side.opened, Some(access));
            StandinDoors { standin: Arc::clone(&side.standin), switches }
        })
        .collect();
    let first = &stand_ins.first().expect("a server of stand-ins has at least one").opened;
    let mut site = site(configuration, SiteSide::Sandbox, first, public_url);
    site.manner_of = web::sandbox::manner;
    frame(web::sandbox::standins_router(doors).merge(vitals::router(vitals)), &Arc::new(site))
}
