use serde_json::json;

use super::connecting::{Wanted, confirmed, link};
use super::person::{Door, go_on};
use super::world::{World, expect, expect_member, url};
use crate::demo::browser::Unexpected;
use crate::demo::cast;
use crate::demo::report::Report;
use crate::failure::Failure;

/// Installs the integration in Pleo's settings and connects with the key that is shown there once. The connection's id.
pub(super) async fn connect(
    world: &mut World<'_>,
    report: &mut Report,
    wanted: &Wanted,
) -> Result<String, Failure> {
    let key = report
        .step("the integration is installed in Pleo's accounting settings", install(world, wanted))
        .await?;
    let confirm = report
        .step("the key is pasted in connect, and the person signs in at the accounting system", async {
            let body = json!({"accounting": wanted.system.kind.id(), "reference": wanted.reference, "method": "api_key"});
            let start = world.browser.open(&url(&link(world, &body).await?)).await?.expect(200)?;
            let at_key = go_on(world, start, wanted, Some(Door::Key)).await?.seen.expect(200)?;
            let wrong = at_key.form_with("api_key")?.with("api_key", "plp_not-the-key-that-was-shown");
            let refused = world.browser.submit(&wrong).await?;
            expect(refused.status.is_client_error(), format!("a wrong key was answered {}", refused.status))?;
            let right = refused.form_with("api_key")?.with("api_key", &key);
            let on = world.browser.submit(&right).await?.expect(200)?;
            let confirm = go_on(world, on, wanted, Some(Door::Confirm)).await?.seen.expect(200)?;
            let both = confirm.text();
            expect(both.contains(wanted.company.name) && both.contains(wanted.books.name), "the pair is not shown")?;
            Ok((confirm, format!("a wrong key was refused, the right one belongs to {}", wanted.company.name)))
        })
        .await?;
    let id = report.step("the person confirms the pair", confirmed(world, confirm, wanted)).await?;
    report
        .step("the connection draws on an API key", async {
            expect_member(&world.connection(&id).await?, "/platform/credential", &json!("api_key"))?;
            Ok(((), "its Pleo end is an API key".to_owned()))
        })
        .await?;
    Ok(id)
}

async fn install(world: &mut World<'_>, wanted: &Wanted) -> Result<(String, String), Unexpected> {
    let page = world.browser.open(&world.platform("/settings/accounting")).await?.expect(200)?;
    let form = page.forms().into_iter().find(|form| form.value("client_id") == Some(cast::KEY_CLIENT));
    let form = form.ok_or_else(|| Unexpected(format!("{} does not offer the integration", page.place())))?;
    let shown = world.browser.submit(&form.with("company", wanted.company.id)).await?.expect(200)?;
    let key = key_in(&shown.body).ok_or_else(|| Unexpected(format!("{} shows no key", shown.place())))?;
    let again = world.browser.open(&world.platform("/settings/accounting")).await?.expect(200)?;
    expect(!again.body.contains(&key), "the key is shown a second time")?;
    Ok((key, "a key was shown once and is not shown again".to_owned()))
}

/// The API key on a page.
fn key_in(body: &str) -> Option<String> {
    let start = body.find("plp_")?;
    let key: String =
        body[start..].chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect();
    (key.len() > 20).then_some(key)
}
