//! The whole story, walked through the public doors: connecting, exporting, expiry and refresh, withdrawal and signing in
//! again, a second system, an API key, disconnecting. Each step says what was seen, and fails unless it held.

mod again;
mod by_key;
mod clocks;
mod connecting;
mod exporting;
mod person;
mod vital_signs;
mod world;

use std::sync::Arc;

use outbound::HttpClient;

use super::accounting_cast::{FORTNOX, XERO};
use super::cast;
use super::house::House;
use super::report::Report;
use crate::failure::Failure;
use connecting::Wanted;
use world::World;

/// Walks it.
pub(super) async fn walk(
    house: &House,
    http: Arc<dyn HttpClient>,
    report: &mut Report,
) -> Result<(), Failure> {
    let mut world = World::new(house, http);
    report.step("the servers are alive and ready", vital_signs::alive(&world)).await?;

    let left = connecting::left_over(&world).await.unwrap_or_default();
    if !left.is_empty() {
        report
            .step("what an earlier walk left on this data is ended", connecting::end_left_over(&world, &left))
            .await?;
    }

    let wanted =
        Wanted { reference: "dutch-books", company: cast::DUTCH, system: XERO, books: XERO.books[0] };
    let dutch = connecting::connect(&mut world, report, &wanted).await?;
    exporting::export(&world, report, &dutch, &wanted).await?;
    clocks::expire_and_refresh(&world, report, &dutch, &wanted).await?;

    let wanted_swedish = Wanted {
        reference: "swedish-books",
        company: cast::SWEDISH,
        system: FORTNOX,
        books: FORTNOX.books[0],
    };
    let swedish = connecting::connect(&mut world, report, &wanted_swedish).await?;
    exporting::export(&world, report, &swedish, &wanted_swedish).await?;
    clocks::expire_and_refresh(&world, report, &swedish, &wanted_swedish).await?;

    report
        .step(
            "a company that is connected is not connected twice",
            connecting::refused_twice(&mut world, &wanted),
        )
        .await?;

    again::withdraw(&mut world, report, &dutch, &wanted).await?;
    again::refused_for_another_company(&mut world, report, &dutch, &wanted).await?;
    again::sign_in_again(&mut world, report, &dutch, &wanted).await?;

    let wanted_by_key = Wanted {
        reference: "belgian-books",
        company: cast::BELGIAN,
        system: FORTNOX,
        books: FORTNOX.books[1],
    };
    let belgian = by_key::connect(&mut world, report, &wanted_by_key).await?;
    exporting::export(&world, report, &belgian, &wanted_by_key).await?;
    report.step("a connection is ended", connecting::disconnect(&world, &belgian)).await?;

    report.step("the feed of events tells the story", again::events(&world, &dutch, &belgian)).await?;
    report.step("the metrics count it, for who has their token", vital_signs::metrics(&world)).await?;
    Ok(())
}
