//! Pages that the story does not pass, in the narrowest window.

use anyhow::{Context as _, Result};
use e2e::{Browser, Demo};

/// Looks at every page that can be reached by an address alone.
pub(crate) async fn around(demo: &Demo, browser: &Browser) -> Result<()> {
    let (platform, connect) = (demo.text("/platform/url")?, demo.text("/connect/url")?);
    browser.go(&format!("{platform}/login")).await?;
    browser.expect("Sign in").await?;
    browser.fill("email", demo.text("/platform/users/0/email")?).await?;
    browser.fill("password", "not the password").await?;
    browser.press("Sign in").await?;
    browser.expect("Sign in").await?;
    browser.fill("password", demo.text("/platform/users/0/password")?).await?;
    browser.press("Sign in").await?;
    for (path, heading) in [
        ("/settings/apps", "Connected apps"),
        ("/settings/accounting", "Accounting"),
        ("/settings/api-keys", "API keys"),
    ] {
        browser.go(&format!("{platform}{path}")).await?;
        browser.expect(heading).await.with_context(|| format!("at {path}"))?;
    }
    browser.go(&format!("{connect}/connect/not-a-link")).await?;
    browser.heading().await?;
    browser.go(connect).await?;
    browser.expect("Sign in").await?;
    browser.fill("email", demo.text("/connect/operators/0/email")?).await?;
    browser.fill("password", demo.text("/connect/operators/0/password")?).await?;
    browser.press("Sign in").await?;
    browser.expect("Connections").await?;
    browser.go(&format!("{connect}/settings")).await?;
    browser.expect("Settings").await
}
