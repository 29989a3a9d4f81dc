//! The parts of the pages: a page that holds each of them, and the rules that all pages keep.

mod customer;
mod operator;

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use askama::Template;
use base::testing::ManualClock;
use base::{Clock as _, SystemEntropy};
use web::shared::page::{Badge, Moment, NavigationItem, Tone};
use web::shared::{FormErrors, Layout, Side, Site, assets};

#[derive(Template)]
#[template(path = "layout/gallery.html")]
struct Gallery {
    layout: Layout,
    errors: FormErrors,
    badges: Vec<Badge>,
    moment: Moment,
    named: Vec<(&'static str, &'static str)>,
}

fn site_of(side: Side) -> Site {
    let url = "http://127.0.0.1:8080".parse().expect("an address");
    let mut site = Site::new(side, url, Arc::new(ManualClock::new()), Arc::new(SystemEntropy));
    site.environment = Some("Staging".to_owned());
    site
}

fn gallery(wide: bool) -> String {
    let clock = ManualClock::new();
    let mut layout = Layout::new(&site_of(Side::Connect), "Connect Love Crème BV with Xero");
    if wide {
        layout = layout
            .wide()
            .navigation(vec![
                NavigationItem { label: "Connections", path: "/", current: true },
                NavigationItem { label: "Settings", path: "/settings", current: false },
            ])
            .person("anna@example.com", "value")
            .notice(Tone::Good, "The API key was replaced. Nothing was interrupted.");
    }
    let badges = [
        (Tone::Good, "Active"),
        (Tone::Plain, "Pending"),
        (Tone::Warning, "Degraded"),
        (Tone::Bad, "Needs attention"),
    ];
    Gallery {
        layout,
        errors: FormErrors::one("api_key", "This is not an API key: it must start with plp_."),
        badges: badges.into_iter().map(|(tone, label)| Badge::new(tone, label)).collect(),
        moment: Moment(clock.now()),
        named: vec![("first-name", "first-value")],
    }
    .render()
    .expect("the gallery renders")
}

/// Writes a page and what it refers to where a browser can be pointed at it by hand.
fn keep(name: &str, html: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    fs::create_dir_all(folder.join("assets")).expect("a folder for the pages");
    for asset in assets::ALL {
        fs::write(folder.join(&asset.path()[1..]), asset.bytes()).expect("an asset is written");
    }
    fs::write(folder.join(name), html).expect("a page is written");
}

/// What every page keeps, whatever it shows.
fn check(name: &str, html: &str) {
    keep(name, html);
    assert!(
        !html.contains(" style=") && !html.contains("<style"),
        "{name}: the policy forbids inline styles"
    );
    assert!(
        !html.contains("<script>") && !html.contains(" onclick"),
        "{name}: the policy forbids inline scripts"
    );
    assert_eq!(html.matches("<h1").count(), 1, "{name}: one heading tells where one is");
    let after =
        |mark: &'static str| html.split(mark).skip(1).map(|rest| rest.split('"').next().unwrap_or_default());
    let mut ids = HashSet::new();
    for id in after(" id=\"") {
        assert!(ids.insert(id), "{name}: the id {id} occurs twice");
    }
    for target in after(" href=\"#").chain(after(" for=\"")).chain(after(" aria-labelledby=\"")) {
        assert!(target.is_empty() || ids.contains(target), "{name}: nothing has the id {target}");
    }
    for targets in after(" aria-describedby=\"") {
        assert!(targets.split(' ').all(|target| ids.contains(target)), "{name}: {targets}");
    }
    for form in html.split("<form").skip(1).map(|rest| rest.split("</form>").next().unwrap_or_default()) {
        if form.contains("method=\"post\"") {
            assert!(form.contains("name=\"csrf\""), "{name}: a form without its hidden value");
        }
    }
}

/// How many forms the page's content has.
fn forms(html: &str) -> usize {
    html.split("<main").nth(1).expect("a main part").matches("<form").count()
}

#[test]
fn every_part_renders_and_keeps_the_rules() {
    for (name, wide) in [("gallery.html", false), ("gallery-wide.html", true)] {
        let html = gallery(wide);
        check(name, &html);
        assert!(html.contains("aria-describedby=\"help-api_key wrong-api_key\" aria-invalid=\"true\""));
        assert!(html.contains("href=\"#field-api_key\""), "the summary leads to the field");
        let choice = "name=\"choice\" value=\"first-name\">\n  <span><strong>first-value</strong><small>first-name</small>";
        assert!(html.contains(choice), "a part's parameters do not hide what the page passes");
        assert!(html.contains("<dd>first-name</dd>") && html.contains("<dd>first-value</dd>"));
    }
}
