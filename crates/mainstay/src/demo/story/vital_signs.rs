use super::world::{World, expect};
use crate::demo::browser::Unexpected;

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
        lines = text.lines().count();
    }
    Ok(((), format!("{lines} lines")))
}
