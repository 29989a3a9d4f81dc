use http::Method;
use serde_json::{Value, json};

use super::person::{Door, go_on};
use super::world::{World, expect, expect_member, text, url};
use crate::demo::accounting_cast::{Books, System};
use crate::demo::browser::{Seen, Unexpected};
use crate::demo::cast::{self, Company};
use crate::demo::report::Report;
use crate::failure::Failure;

/// A connection that is to be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// The backend's own name for it.
    pub(super) reference: &'static str,
    /// The company in Pleo.
    pub(super) company: Company,
    /// The accounting system.
    pub(super) system: System,
    /// The company there.
    pub(super) books: Books,
}

impl Wanted {
    fn system(&self) -> &'static str {
        self.system.kind.id()
    }

    fn session(&self) -> Value {
        json!({"accounting": self.system(), "reference": self.reference})
    }
}

/// Asks for a link.
pub(super) async fn link(world: &World<'_>, body: &Value) -> Result<String, Unexpected> {
    let seen = world.backend("connect").post(&world.connect("/v1/connect-sessions"), body).await?;
    let status = seen.status.as_u16();
    let link = seen.expect(if status == 200 { 200 } else { 201 })?.json()?;
    expect(
        text(&link["id"]).is_some() && text(&link["expires_at"]).is_some(),
        "the session has no id or no end",
    )?;
    text(&link["url"]).ok_or_else(|| Unexpected::new("the session has no url"))
}

/// Looks at a link, twice: looking consumes nothing.
async fn look(world: &mut World<'_>, link: &str) -> Result<Seen, Unexpected> {
    world.browser.open(&url(link)).await?.expect(200)?;
    let again = world.browser.open(&url(link)).await?.expect(200)?;
    expect(super::person::door(world, &again) == Door::Start, format!("{} offers no start", again.place()))?;
    Ok(again)
}

/// From a link to a pair that is active. Its id.
pub(super) async fn connect(
    world: &mut World<'_>,
    report: &mut Report,
    wanted: &Wanted,
) -> Result<String, Failure> {
    let title = format!("a backend asks for a link to {}", wanted.system.kind);
    let (link, start) = report
        .step(&title, async {
            let link = link(world, &wanted.session()).await?;
            let start = look(world, &link).await?;
            Ok(((link, start), "a link, which was looked at twice and still starts".to_owned()))
        })
        .await?;
    let returned = report
        .step(
            "a person signs in at Pleo and consents for one of three companies",
            at_pleo(world, start, wanted),
        )
        .await?;
    report
        .step("the link in another browser is refused", async {
            useless_elsewhere(world, &link).await?;
            Ok(((), "it belongs to the browser that started".to_owned()))
        })
        .await?;
    let title = format!("the person signs in at {}", wanted.system.kind);
    let confirm = report.step(&title, at_accounting(world, returned, wanted)).await?;
    report.step("the person confirms the pair", confirmed(world, confirm, wanted)).await
}

/// The link, once started in one browser, opened in another: somebody who got hold of it later cannot go on with the walk.
async fn useless_elsewhere(world: &World<'_>, link: &str) -> Result<(), Unexpected> {
    let seen = world.other_browser().open(&url(link)).await?;
    expect(
        seen.status.is_client_error(),
        format!("another browser may go on with a link that is in use: {}", seen.status),
    )
}

async fn at_pleo(world: &mut World<'_>, start: Seen, wanted: &Wanted) -> Result<(Seen, String), Unexpected> {
    let at_consent = go_on(world, start, wanted, Some(Door::PleoConsent)).await?;
    let page = at_consent.seen.expect(200)?;
    let text = page.text();
    for company in cast::COMPANIES {
        let shown = text.contains(company.name) && text.contains(company.registration_number);
        expect(
            shown,
            format!(
                "the consent page does not tell {} ({}) apart",
                company.name, company.registration_number
            ),
        )?;
    }
    // The browser is on another server now, so the walk goes on where Pleo sends it back to.
    let back = go_on(world, page, wanted, Some(Door::Start)).await?;
    let host = super::world::url(&world.house.addresses.connect).origin();
    expect(back.seen.url.origin() == host, format!("Pleo sent the person to {}", back.seen.place()))?;
    let page = back.seen.expect(200)?;
    let callback = back.hops.iter().find(|hop| hop.path() == "/callback/pleo");
    let callback =
        callback.ok_or_else(|| Unexpected::new("the way back did not lead over the redirect URI"))?;
    let parameter =
        |name: &str| callback.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    expect(
        parameter("code").is_some() && parameter("state").is_some(),
        "the redirect carries no code or no state",
    )?;
    expect(
        parameter("iss") == Some(world.house.addresses.platform.clone()),
        "the redirect names another issuer",
    )?;
    expect(page.text().contains(wanted.company.name), format!("{} does not name the company", page.place()))?;
    Ok((
        page,
        format!(
            "{} ({}) came back with code, state and issuer",
            wanted.company.name, wanted.company.registration_number
        ),
    ))
}

async fn at_accounting(
    world: &mut World<'_>,
    from: Seen,
    wanted: &Wanted,
) -> Result<(Seen, String), Unexpected> {
    let walked = go_on(world, from, wanted, Some(Door::Confirm)).await?;
    let page = walked.seen.expect(200)?;
    let text = page.text();
    expect(
        text.contains(wanted.books.name),
        format!("{} does not show {}", page.place(), wanted.books.name),
    )?;
    expect(
        text.contains(wanted.company.name),
        format!("{} does not show {}", page.place(), wanted.company.name),
    )?;
    let how = match (walked.doors.contains(&Door::Company), wanted.system.books.len()) {
        (true, several) => format!("picked from the live list of {several}"),
        (false, _) => "the one that the grant is for".to_owned(),
    };
    Ok((page, format!("{} was {how}", wanted.books.name)))
}

pub(super) async fn confirmed(
    world: &mut World<'_>,
    confirm: Seen,
    wanted: &Wanted,
) -> Result<(String, String), Unexpected> {
    let walked = go_on(world, confirm, wanted, None).await?;
    walked.expect_doors(&[Door::Confirm])?;
    let done = walked.seen.expect(200)?;
    expect(
        super::person::door(world, &done) == Door::Finished,
        format!("{} still asks for something", done.place()),
    )?;
    let list = world
        .backend("connect")
        .get(&world.connect(&format!("/v1/connections?reference={}", wanted.reference)))
        .await?;
    let list = list.expect(200)?.json()?;
    let live = list["data"].as_array().cloned().unwrap_or_default();
    // On kept data an earlier walk's connections are still listed, as disconnected.
    let live: Vec<&Value> = live.iter().filter(|connection| connection["state"] != "disconnected").collect();
    let [connection] = *live else {
        return Err(Unexpected(format!(
            "the list holds not one connection with the reference {}",
            wanted.reference
        )));
    };
    expect_member(connection, "/state", &json!("active"))?;
    expect_member(connection, "/platform/company/id", &json!(wanted.company.id))?;
    expect_member(connection, "/accounting/provider", &json!(wanted.system()))?;
    expect_member(connection, "/accounting/company/id", &json!(wanted.books.id))?;
    let id = text(&connection["id"]).ok_or_else(|| Unexpected::new("the connection has no id"))?;
    Ok((id.clone(), format!("{} and {} are connected as {id}", wanted.company.name, wanted.books.name)))
}

/// The company belongs to a connection already: the walk ends in a refusal and nothing is made.
pub(super) async fn refused_twice(world: &mut World<'_>, taken: &Wanted) -> Result<((), String), Unexpected> {
    let other = Wanted { reference: "again", books: taken.system.books[1], ..*taken };
    let link = link(world, &other.session()).await?;
    let start = world.browser.open(&url(&link)).await?.expect(200)?;
    let walked = go_on(world, start, &other, None).await?;
    let status = walked.seen.status.as_u16();
    expect((400..500).contains(&status), format!("the walk ended with {status} at {}", walked.seen.place()))?;
    let list = world
        .backend("connect")
        .get(&world.connect("/v1/connections?reference=again"))
        .await?
        .expect(200)?
        .json()?;
    expect(list["data"].as_array().is_some_and(Vec::is_empty), "a second connection was made all the same")?;
    let sentence: String = walked.seen.text().chars().take(140).collect();
    Ok(((), format!("{status} “{sentence}…”, and no second connection")))
}

/// Ends a connection; calls then say so.
pub(super) async fn disconnect(world: &World<'_>, id: &str) -> Result<((), String), Unexpected> {
    let url = world.connect(&format!("/v1/connections/{id}"));
    let ended = world.backend("connect").call(Method::DELETE, &url, None, &[]).await?;
    expect(ended.status.is_success(), format!("the connection was not ended: {}", ended.status))?;
    expect_member(&world.connection(id).await?, "/state", &json!("disconnected"))?;
    let call = world.proxied(Method::GET, id, "platform", "v1/introspect", None).await?.expect(410)?;
    let told = call
        .headers
        .get("mainstay-error")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    expect(told.ends_with("connection-disconnected"), format!("the refusal calls itself `{told}`"))?;
    Ok(((), format!("{id} is disconnected, and a call is refused as {told}")))
}

/// Connections of an earlier walk on the same data.
pub(super) async fn left_over(world: &World<'_>) -> Result<Vec<String>, Unexpected> {
    let list = world.backend("connect").get(&world.connect("/v1/connections")).await?.expect(200)?.json()?;
    let connections = list["data"].as_array().cloned().unwrap_or_default();
    let live = connections.iter().filter(|connection| connection["state"] != "disconnected");
    Ok(live.filter_map(|connection| text(&connection["id"])).collect())
}

/// Ends them, so that their companies are free.
pub(super) async fn end_left_over(
    world: &World<'_>,
    connections: &[String],
) -> Result<((), String), Unexpected> {
    for id in connections {
        let url = world.connect(&format!("/v1/connections/{id}"));
        let ended = world.backend("connect").call(Method::DELETE, &url, None, &[]).await?;
        expect(ended.status.is_success(), format!("{id} was not ended: {}", ended.status))?;
    }
    Ok(((), format!("{} connections are disconnected", connections.len())))
}
