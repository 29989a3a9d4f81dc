use futures_util::future::try_join_all;
use http::Method;
use serde_json::Value;

use super::connecting::Wanted;
use super::world::{World, expect, url};
use crate::demo::browser::Unexpected;
use crate::demo::cast;
use crate::demo::report::Report;
use crate::failure::Failure;

/// Longer than the access tokens of Pleo (15 min), Xero (30 min) and Fortnox (1 h) live.
const PAST_EXPIRY_SECONDS: i64 = 4000;

/// How many callers want the token at the same moment.
const CALLERS: usize = 8;

/// Lets both access tokens expire and calls: each end is refreshed once, whoever calls.
pub(super) async fn expire_and_refresh(
    world: &World<'_>,
    report: &mut Report,
    id: &str,
    wanted: &Wanted,
) -> Result<(), Failure> {
    let system = wanted.system.kind.id();
    let before = report
        .step("time passes until both access tokens have expired", async {
            let before = Ends::read(world, id, wanted).await?;
            // Connect comes last: a token that it obtains must be young for the others too.
            for base in [
                &world.house.addresses.platform,
                &world.house.addresses.stand_in(system),
                &world.house.addresses.connect,
            ] {
                world.advance(&url(base), PAST_EXPIRY_SECONDS).await?;
            }
            Ok((
                before,
                format!("the clocks of Pleo, {system} and connect are {PAST_EXPIRY_SECONDS} s ahead"),
            ))
        })
        .await?;
    report
        .step("many callers at once: each end is refreshed exactly once", async {
            let path = match system {
                "xero" => "connections",
                _ => "companyinformation",
            };
            let calls = (0..CALLERS).flat_map(|_| [("platform", "v1/introspect"), ("accounting", path)]);
            let calls = calls
                .map(async |(end, path)| world.proxied(Method::GET, id, end, path, None).await?.expect(200));
            try_join_all(calls).await?;
            let after = Ends::read(world, id, wanted).await?;
            before.raised_once_until(&after)?;
            Ok(((), format!("{} calls answered 200; {}", 2 * CALLERS, after.told(&before))))
        })
        .await
}

/// Generations as connect tells them, and refreshes as the providers' journals tell them.
#[derive(Debug)]
struct Ends {
    platform: u64,
    accounting: u64,
    platform_refreshes: usize,
    accounting_refreshes: usize,
}

impl Ends {
    async fn read(world: &World<'_>, id: &str, wanted: &Wanted) -> Result<Self, Unexpected> {
        let connection = world.connection(id).await?;
        let generation = |end: &str| {
            connection[end]
                .get("generation")
                .and_then(Value::as_u64)
                .ok_or_else(|| Unexpected(format!("{end} has no generation")))
        };
        let (platform, stand_in) =
            (url(&world.house.addresses.platform), world.stand_in(wanted.system.kind.id(), ""));
        Ok(Self {
            platform: generation("platform")?,
            accounting: generation("accounting")?,
            platform_refreshes: world.refreshes(&platform, cast::CLIENT).await?,
            accounting_refreshes: world.refreshes(&stand_in, &wanted.system.client_id()).await?,
        })
    }

    fn raised_once_until(&self, after: &Self) -> Result<(), Unexpected> {
        let held = after.platform == self.platform + 1 && after.accounting == self.accounting + 1;
        expect(held, format!("the generations went from {self:?} to {after:?}"))?;
        let others = after.platform_refreshes > self.platform_refreshes;
        expect(
            others && after.accounting_refreshes == self.accounting_refreshes + 1,
            format!("the journals went from {self:?} to {after:?}"),
        )
    }

    fn told(&self, before: &Self) -> String {
        format!(
            "Pleo {} → {}, accounting {} → {}, and the journals show one refresh each",
            before.platform, self.platform, before.accounting, self.accounting
        )
    }
}
