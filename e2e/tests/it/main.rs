//! The story on the real pages: by pointer and by keyboard, on a phone and at a desk, with and without scripts.

mod look;
mod story;

use std::process::ExitCode;

use e2e::{Browser, Demo, Driver, Hands, Width};
use testkit::harness::{Cases, failed};
use tokio::task::LocalSet;

fn main() -> ExitCode {
    let mut cases = Cases::new();
    for (name, width, hands, javascript) in [
        ("story::at_a_desk_by_pointer", Width::Desktop, Hands::Pointer, true),
        ("story::on_a_phone_by_pointer_without_scripts", Width::Phone, Hands::Pointer, false),
        ("story::at_a_desk_by_keyboard_without_scripts", Width::Desktop, Hands::Keyboard, false),
        ("story::on_a_phone_by_keyboard", Width::Phone, Hands::Keyboard, true),
    ] {
        cases.asynchronous(name, move || async move {
            let stage = async {
                let driver = Driver::start().await?;
                let demo = Demo::start().await.map_err(failed)?;
                let browser = driver.open(width, hands, javascript).await.map_err(failed)?;
                let result = story::walk(&demo, &browser, name).await;
                finish(demo, browser, result).await.map_err(failed)
            };
            LocalSet::new().run_until(stage).await
        });
    }
    cases.asynchronous("look::every_page_fits_at_320_pixels_and_reads_in_dark", || async {
        LocalSet::new()
            .run_until(async {
                let driver = Driver::start().await?;
                let demo = Demo::start().await.map_err(failed)?;
                let browser = driver.open(Width::Narrow, Hands::Pointer, false).await.map_err(failed)?;
                let result = look::around(&demo, &browser).await;
                finish(demo, browser, result).await.map_err(failed)
            })
            .await
    });
    cases.run()
}

/// Closes what was opened; the walk's own failure counts first.
async fn finish(demo: Demo, browser: Browser, result: anyhow::Result<()>) -> anyhow::Result<()> {
    let pictures = story::pictures();
    if result.is_err() {
        browser.picture(pictures.as_deref(), "where-it-failed").await?;
    }
    let closed = browser.close().await;
    let stopped = demo.stop().await;
    result.and(closed).and(stopped)
}
