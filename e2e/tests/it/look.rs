//! Pages that the story does not pass, in the narrowest window.

use anyhow::{Context as _, Result, ensure};
use e2e::{Browser, Demo};

/// A developer registers a client and looks at it.
async fn register(platform: &str, browser: &Browser) -> Result<()> {
    browser.go(&format!("{platform}/developer/register")).await?;
    browser.expect("Register a client").await?;
    browser.fill("name", "Tally of Everything That Was Ever Bought").await?;
    browser
        .fill("redirect_uris", "https://tally.example/a/rather/long/path/to/come/back/to/callback")
        .await?;
    browser.fill("logo_uri", "ftp://tally.example").await?;
    browser.choose("scopes", "companies:read").await?;
    browser.press("Register").await?;
    browser.expect("Register a client").await?;
    ensure!(browser.text().await?.contains("Please check this"), "a logo by ftp was accepted");
    browser.clear("logo_uri").await?;
    browser.press("Register").await?;
    browser.expect("Your new client").await?;
    browser.press("I have copied it").await?;
    browser.expect("Tally").await?;
    browser.press("Change it").await?;
    browser.expect("Change Tally").await?;
    browser.press("Save").await?;
    browser.expect("Tally").await
}

/// Somebody who administers the platform looks at each of its pages, and declines the client.
async fn administer(demo: &Demo, browser: &Browser) -> Result<()> {
    let platform = demo.text("/platform/url")?;
    browser.go(&format!("{platform}/login?switch=yes&next=/admin")).await?;
    browser.expect("Sign in").await?;
    let admin = (0..)
        .map_while(|at| demo.text(&format!("/platform/users/{at}/email")).ok().map(|email| (at, email)))
        .find(|(_, email)| email.starts_with("petra@"));
    let (at, email) = admin.context("the demo has somebody who administers the platform")?;
    browser.fill("email", email).await?;
    browser.fill("password", demo.text(&format!("/platform/users/{at}/password"))?).await?;
    browser.press("Sign in").await?;
    browser.expect("Administration").await?;
    browser.press("Review").await?;
    browser.expect("Clients").await?;
    browser.press("Tally of Everything That Was Ever Bought").await?;
    browser.expect("Tally").await?;
    browser.fill("reason", "The home page is missing.").await?;
    browser.press("Decline").await?;
    browser.expect("Tally").await?;
    browser.go(&format!("{platform}/admin/registration-tokens")).await?;
    browser.expect("Tokens for registering").await?;
    browser.press("Make the token").await?;
    browser.expect("Your new token").await?;
    browser.press("I have copied it").await?;
    browser.expect("Tokens for registering").await?;
    browser.go(&format!("{platform}/admin/users")).await?;
    browser.expect("Users").await?;
    browser.press("Alma Jansen").await?;
    browser.expect("Alma Jansen").await?;
    browser.go(&format!("{platform}/admin/companies")).await?;
    browser.expect("Companies").await?;
    browser.press("Fika & Rosteri AB").await?;
    browser.expect("Fika & Rosteri AB").await?;
    browser.go(&format!("{platform}/admin/audit")).await?;
    browser.expect("Audit").await
}

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
        ("/settings/account", "Account"),
        ("/developer", "Your clients"),
    ] {
        browser.go(&format!("{platform}{path}")).await?;
        browser.expect(heading).await.with_context(|| format!("at {path}"))?;
    }
    register(platform, browser).await.context("register a client")?;
    administer(demo, browser).await.context("administer the platform")?;
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
