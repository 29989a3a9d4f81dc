use http::Method;
use serde_json::{Value, json};

use super::connecting::Wanted;
use super::person::{Door, go_on};
use super::world::{World, expect, expect_member, text, url};
use crate::demo::browser::{Seen, Unexpected};
use crate::demo::cast;
use crate::demo::report::Report;
use crate::failure::Failure;

/// The customer withdraws access at Pleo; the next call finds out, and the other end goes on working.
pub(super) async fn withdraw(
    world: &mut World<'_>,
    report: &mut Report,
    id: &str,
    wanted: &Wanted,
) -> Result<(), Failure> {
    report.step("the customer withdraws access in Pleo's settings", withdrawn(world, wanted)).await?;
    report.step("the next call says that a person is needed", needs_attention(world, id)).await?;
    report.step("the healthy end goes on working", healthy(world, id)).await
}

async fn withdrawn(world: &mut World<'_>, wanted: &Wanted) -> Result<((), String), Unexpected> {
    let page = world.browser.open(&world.platform("/settings/apps")).await?.expect(200)?;
    let form = page.forms().into_iter().find(|form| {
        form.value("client_id") == Some(cast::CLIENT) && form.value("company") == Some(wanted.company.id)
    });
    let form = form.ok_or_else(|| Unexpected(format!("{} lists no such access", page.place())))?;
    let after = world.browser.submit(&form).await?.expect(200)?;
    let left = after.forms().iter().any(|form| {
        form.value("client_id") == Some(cast::CLIENT) && form.value("company") == Some(wanted.company.id)
    });
    expect(!left, "the access is still listed")?;
    Ok(((), format!("the access to {} is gone from the list", wanted.company.name)))
}

async fn needs_attention(world: &World<'_>, id: &str) -> Result<((), String), Unexpected> {
    let call = world.proxied(Method::GET, id, "platform", "v1/introspect", None).await?.expect(409)?;
    let told = call
        .headers
        .get("mainstay-error")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    expect(told.ends_with("connection-needs-attention"), format!("the refusal calls itself `{told}`"))?;
    let connection = world.connection(id).await?;
    expect_member(&connection, "/state", &json!("attention"))?;
    expect_member(&connection, "/platform/state", &json!("ended"))?;
    let sentence = text(&connection["reason"]["sentence"]);
    let sentence = sentence.ok_or_else(|| Unexpected::new("no reason is given"))?;
    Ok(((), format!("{told}; “{sentence}”")))
}

async fn healthy(world: &World<'_>, id: &str) -> Result<((), String), Unexpected> {
    let call = world.proxied(Method::GET, id, "accounting", "connections", None).await?.expect(200)?;
    expect_member(&world.connection(id).await?, "/accounting/state", &json!("active"))?;
    let count = call.json()?.as_array().map_or(0, Vec::len);
    Ok(((), format!("the accounting system answers with {count} companies")))
}

async fn reauthorise(world: &mut World<'_>, id: &str) -> Result<Seen, Unexpected> {
    let asked = world.connect(&format!("/v1/connections/{id}/reauthorise"));
    let made = world.backend("connect").post(&asked, &json!({})).await?;
    expect(made.status.is_success(), format!("no link was made: {}", made.status))?;
    let link = text(&made.json()?["url"]).ok_or_else(|| Unexpected::new("there is no url"))?;
    world.browser.open(&url(&link)).await?.expect(200)
}

/// A sign-in for the like-named company: refused, nothing changed.
pub(super) async fn refused_for_another_company(
    world: &mut World<'_>,
    report: &mut Report,
    id: &str,
    wanted: &Wanted,
) -> Result<(), Failure> {
    let step = async {
        let before = world.connection(id).await?;
        let start = reauthorise(world, id).await?;
        let wrong = Wanted { company: cast::BELGIAN, ..*wanted };
        let walked = go_on(world, start, &wrong, None).await?;
        let status = walked.seen.status.as_u16();
        expect(
            (400..500).contains(&status),
            format!("the walk ended with {status} at {}", walked.seen.place()),
        )?;
        let after = world.connection(id).await?;
        expect_member(&after, "/state", &json!("attention"))?;
        expect_member(&after, "/platform/company/id", &json!(wanted.company.id))?;
        expect_member(&after, "/platform/generation", &before["platform"]["generation"])?;
        let sentence: String = walked.seen.text().chars().take(160).collect();
        Ok(((), format!("{status} “{sentence}…”")))
    };
    report.step("a sign-in again for the like-named other company is refused", step).await
}

/// A sign-in for the right company: the same connection goes on.
pub(super) async fn sign_in_again(
    world: &mut World<'_>,
    report: &mut Report,
    id: &str,
    wanted: &Wanted,
) -> Result<(), Failure> {
    let step = async {
        let before = world.connection(id).await?;
        let start = reauthorise(world, id).await?;
        let walked = go_on(world, start, wanted, None).await?;
        walked.expect_doors(&[Door::Start, Door::PleoConsent])?;
        walked.seen.expect(200)?;
        let after = world.connection(id).await?;
        expect_member(&after, "/id", &json!(id))?;
        expect_member(&after, "/state", &json!("active"))?;
        expect_member(&after, "/created_at", &before["created_at"])?;
        let raised = after["platform"]["generation"].as_u64() > before["platform"]["generation"].as_u64();
        expect(raised, "the generation did not rise with the new sign-in")?;
        world.proxied(Method::GET, id, "platform", "v1/introspect", None).await?.expect(200)?;
        Ok(((), format!("{id} is active again, and calls are answered")))
    };
    report.step("a sign-in again for the right company brings the same connection back", step).await
}

/// The feed has the events of the walk, in their order.
pub(super) async fn events(
    world: &World<'_>,
    dutch: &str,
    belgian: &str,
) -> Result<((), String), Unexpected> {
    let (mut told, mut after): (Vec<Value>, Option<String>) = (Vec::new(), None);
    loop {
        let query = after.as_ref().map_or_else(String::new, |after| format!("?after={after}"));
        let page = world
            .backend("connect")
            .get(&world.connect(&format!("/v1/events{query}")))
            .await?
            .expect(200)?
            .json()?;
        let events = page["data"].as_array().cloned().unwrap_or_default();
        let next = text(&page["next"]);
        let over = events.is_empty() || next.is_none() || next == after;
        told.extend(events);
        if over {
            break;
        }
        after = next;
    }
    let of = |id: &str| -> Vec<String> {
        told.iter()
            .filter(|event| event["connection"] == id)
            .filter_map(|event| text(&event["type"]))
            .collect()
    };
    let in_order = |events: &[String], wanted: &[&str]| {
        let mut events = events.iter();
        wanted.iter().all(|wanted| events.any(|event| event == wanted))
    };
    let (of_dutch, of_belgian) = (of(dutch), of(belgian));
    let story = [
        "connection.activated",
        "connection.attention_required",
        "connection.company_mismatch",
        "connection.reauthorised",
    ];
    expect(in_order(&of_dutch, &story), format!("the events of {dutch} are {of_dutch:?}"))?;
    let short = ["connection.activated", "connection.disconnected"];
    expect(in_order(&of_belgian, &short), format!("the events of {belgian} are {of_belgian:?}"))?;
    Ok(((), format!("{} events, among them {}", told.len(), story.join(", "))))
}
