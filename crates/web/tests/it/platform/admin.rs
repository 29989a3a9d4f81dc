//! The pages of those who administer the platform: who reaches them, and what each act does at once.

mod audit;
mod clients;
mod companies;
mod doors;
mod roles;
mod tokens;
mod users;

use http::StatusCode;

use super::app::{App, ORIGIN, Wanted};
use super::browser::Browser;

pub(super) const PETRA: &str = "petra@example.com";

pub(super) const SEED: &str = r#"
[[users]]
email = "petra@example.com"
password = "correct horse"
name = "Petra Holm"
roles = []
platform_admin = true
"#;

pub(super) async fn app() -> App {
    App::with(Wanted { origin: ORIGIN, seed: SEED, rate_limits: true }).await
}

pub(super) async fn signed_in<'a>(app: &'a App, email: &str) -> Browser<'a> {
    let mut browser = Browser::new(app);
    browser.sign_in(email).await;
    browser
}

/// The id of a person's account.
pub(super) async fn account(app: &App, email: &str) -> String {
    app.platform.identity().account_by_email(email).await.unwrap().unwrap().id.to_string()
}

/// Posts the form at `action` of the page at `path`, and follows the answer to the page that tells of it.
async fn done(browser: &mut Browser<'_>, path: &str, action: &str, fields: &[(&str, &str)]) -> String {
    assert_eq!(browser.get(path).await.status, StatusCode::OK, "{path}");
    let answer = browser.submit(action, fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{action}: {}", answer.body);
    let location = answer.location().to_owned();
    let page = browser.get(&location).await;
    assert_eq!(page.status, StatusCode::OK, "{location}");
    page.body
}
