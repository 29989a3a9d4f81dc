//! Connect, be withdrawn, sign in again: on the pages, as a finance person and as an operator.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use e2e::{Browser, Demo};
use serde_json::{Value, json};

/// Where pictures go, if the environment asks for them.
#[allow(
    clippy::disallowed_methods,
    reason = "tests are steered by the environment, as `cargo test` has no options of its own"
)]
pub(crate) fn pictures() -> Option<PathBuf> {
    std::env::var_os("MAINSTAY_TEST_PICTURES").map(PathBuf::from)
}

/// A browser with a story: it keeps a picture of each page that it passes.
struct Walk<'a> {
    demo: &'a Demo,
    browser: &'a Browser,
    pictures: Option<PathBuf>,
    count: std::cell::Cell<u32>,
}

impl Walk<'_> {
    /// Waits for a page by its heading, and keeps a picture of it.
    async fn see(&self, heading: &str) -> Result<()> {
        self.browser.expect(heading).await?;
        self.count.set(self.count.get() + 1);
        self.browser.picture(self.pictures.as_deref(), &format!("{:02}", self.count.get())).await
    }

    async fn press(&self, label: &str) -> Result<()> {
        self.browser.press(label).await.with_context(|| format!("press {label:?}"))
    }

    async fn sign_in(&self, sign_in: &str) -> Result<()> {
        self.browser.fill("email", self.demo.text(&format!("{sign_in}/email"))?).await?;
        self.browser.fill("password", self.demo.text(&format!("{sign_in}/password"))?).await?;
        self.press("Sign in").await
    }

    /// Signs in at Pleo, if it asks, and consents for a company.
    async fn consent(&self, company: &str, signed_in: bool) -> Result<()> {
        if !signed_in {
            self.see("Sign in").await?;
            self.sign_in("/platform/users/0").await?;
        }
        self.see("asks for access").await?;
        self.browser.choose("company", company).await?;
        self.press("Allow").await
    }

    async fn api(&self, method: &str, path: &str, body: Option<&Value>) -> Result<(u16, Value)> {
        let url = format!("{}{path}", self.demo.text("/connect/url")?);
        self.demo.call(method, &url, self.demo.text("/connect/api_tokens/admin")?, body).await
    }
}

/// The story from end to end.
pub(crate) async fn walk(demo: &Demo, browser: &Browser, name: &str) -> Result<()> {
    let pictures = pictures().map(|directory| directory.join(name.replace("::", "-")));
    let walk = Walk { demo, browser, pictures, count: std::cell::Cell::default() };
    let company = demo.text("/platform/companies/0/id")?;
    connect(&walk, company).await.context("connect")?;
    let (_, list) = walk.api("GET", "/v1/connections", None).await?;
    let id =
        list.pointer("/data/0/id").and_then(Value::as_str).context("the connection is listed")?.to_owned();
    ensure!(list.pointer("/data/0/state") == Some(&json!("active")), "it is not active: {list}");
    withdraw(&walk).await.context("withdraw")?;
    let (status, problem) =
        walk.api("GET", &format!("/v1/connections/{id}/platform/proxy/v1/introspect"), None).await?;
    ensure!(status == 409, "a withdrawn connection answers {status}: {problem}");
    sign_in_again(&walk, &id, company).await.context("sign in again")?;
    let (_, connection) = walk.api("GET", &format!("/v1/connections/{id}"), None).await?;
    ensure!(connection["state"] == "active", "after signing in again it is {connection}");
    Ok(())
}

async fn connect(walk: &Walk<'_>, company: &str) -> Result<()> {
    let (status, session) = walk
        .api("POST", "/v1/connect-sessions", Some(&json!({"accounting": "xero", "reference": "e2e"})))
        .await?;
    ensure!(status == 201, "a connect session is refused with {status}: {session}");
    walk.browser.go(session["url"].as_str().context("the session has an url")?).await?;
    walk.see("Connect Pleo with Xero").await?;
    walk.press("Start").await?;
    walk.consent(company, false).await?;
    walk.see("Now sign in to Xero").await?;
    walk.press("Continue to Xero").await?;
    walk.see("Sign in").await?;
    walk.sign_in("/sandbox/systems/xero/users/0").await?;
    walk.see("Let Ledgerline in?").await?;
    walk.press("Allow access").await?;
    walk.see("Which company in Xero?").await?;
    walk.browser.choose("company", walk.demo.text("/sandbox/systems/xero/companies/1/id")?).await?;
    walk.press("Continue").await?;
    walk.see("Do these two belong together?").await?;
    let text = walk.browser.text().await?;
    let chosen = walk.demo.text("/sandbox/systems/xero/companies/1/name")?;
    ensure!(text.contains(chosen), "the pair does not show {chosen}:\n{text}");
    walk.press("Connect them").await?;
    walk.see("onnected").await
}

/// The customer takes the access away at Pleo.
async fn withdraw(walk: &Walk<'_>) -> Result<()> {
    walk.browser.go(&format!("{}/settings/apps", walk.demo.text("/platform/url")?)).await?;
    walk.see("Connected apps").await?;
    walk.press("Withdraw access…").await?;
    walk.press("Withdraw access").await?;
    walk.see("Connected apps").await
}

/// The operator finds what needs a person, makes a link, and the customer signs in again.
async fn sign_in_again(walk: &Walk<'_>, id: &str, company: &str) -> Result<()> {
    walk.browser.go(walk.demo.text("/connect/url")?).await?;
    walk.see("Sign in").await?;
    walk.sign_in("/connect/operators/0").await?;
    walk.see("Connections").await?;
    walk.browser.go(&format!("{}/connections/{id}", walk.demo.text("/connect/url")?)).await?;
    walk.see("Love Crème").await?;
    walk.press("Make a link for signing in again").await?;
    walk.see("The link is ready").await?;
    walk.press("Open it here").await?;
    walk.see("Sign in to Pleo again").await?;
    walk.press("Sign in to Pleo").await?;
    walk.consent(company, true).await?;
    walk.see("The connection goes on").await
}
