use super::world::{World, expect};
use crate::demo::browser::Unexpected;
use crate::telemetry::METRICS;

/// The servers of the demo.
fn servers(world: &World<'_>) -> [(&'static str, String); 3] {
    let addresses = &world.house.addresses;
    [
        ("Pleo", addresses.platform.clone()),
        ("connect", addresses.connect.clone()),
        ("stand-ins", addresses.sandbox.clone()),
    ]
}

/// `/healthz` and `/readyz` of each.
pub(super) async fn alive(world: &World<'_>) -> Result<((), String), Unexpected> {
    for (name, base) in servers(world) {
        for path in ["/healthz", "/readyz"] {
            let seen = world.stranger().get(&super::world::url(&format!("{base}{path}"))).await?;
            seen.expect(200).map_err(|error| Unexpected(format!("{name}: {error}")))?;
        }
    }
    Ok(((), "Pleo, connect and the stand-ins answer /healthz and /readyz".to_owned()))
}

/// `/metrics` of each: closed to strangers, text for who has the token.
pub(super) async fn metrics(world: &World<'_>) -> Result<((), String), Unexpected> {
    let reader = world.bearer(&world.house.secrets.of(crate::demo::METRICS_TOKEN));
    let mut lines = 0;
    for (name, base) in servers(world) {
        let url = super::world::url(&format!("{base}/metrics"));
        let stranger = world.stranger().get(&url).await?;
        expect(
            stranger.status.as_u16() == 401,
            format!("{name} shows its metrics to strangers: {}", stranger.status),
        )?;
        let text = reader.get(&url).await?.expect(200)?.body;
        expect(text.contains("mainstay_http_requests_total"), format!("{name} counts no requests"))?;
        known(name, &text)?;
        lines = text.lines().count();
    }
    Ok(((), format!("{lines} lines")))
}

/// What a walk in which tokens were lent, expired, were refreshed and withdrawn is counted by.
const OF_THE_WALK: [&str; 7] = [
    "mainstay_connections",
    "mainstay_lent_token_age_seconds",
    "mainstay_refresh_attempts_total",
    "mainstay_refresh_ended_total",
    "mainstay_refresh_lease_wait_seconds",
    "mainstay_refresh_life_left_seconds",
    "mainstay_refresh_replaced_age_seconds",
];

/// The names of a series' labels.
fn labels(line: &str) -> Vec<&str> {
    let Some((_, set)) = line.split_once('{') else { return Vec::new() };
    let mut parts: Vec<_> = set.split("=\"").collect();
    // What is left after the last name is its value.
    parts.pop();
    parts.into_iter().filter_map(|part| part.rsplit(',').next()).collect()
}

/// Nothing is counted that is not described, and what the walk has to do with is counted.
fn known(name: &str, text: &str) -> Result<(), Unexpected> {
    let counted: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .filter_map(|rest| rest.split(' ').next())
        .collect();
    for metric in &counted {
        let Some(known) = METRICS.iter().find(|known| known.name == *metric) else {
            return Err(Unexpected(format!("{name} counts {metric}, of which nothing is said")));
        };
        expect(text.contains(&format!("# HELP {metric} ")), format!("{name} does not say what {metric} is"))?;
        for line in text.lines().filter(|line| line.starts_with(*metric)) {
            let other =
                labels(line).into_iter().find(|label| *label != "le" && !known.labels.contains(label));
            expect(
                other.is_none(),
                format!("{name} counts {metric} by {other:?}, of which nothing is said"),
            )?;
        }
    }
    for metric in OF_THE_WALK {
        expect(counted.contains(&metric), format!("{name} does not count {metric}"))?;
    }
    Ok(())
}
