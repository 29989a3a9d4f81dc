//! The pages of those who look after the connections.

use std::time::Duration;

use askama::Template as _;
use base::testing::ManualClock;
use base::{Clock as _, Timestamp};
use web::connect::pages::{
    ApiTokenRow, Attention, Chart, ClientRow, ConnectionPage, ConnectionRow, Count, Day, EndView, Fact,
    Found, Happening, KeyRow, LinkPage, NewTokenPage, OverviewPage, Pair, RoleChoice, SettingsPage,
    SignInPage, WebhookRow,
};
use web::shared::page::{Badge, Moment, NavigationItem, Tone};
use web::shared::{FormErrors, Layout, Side};

use super::{check, forms, site_of};

const CSRF: &str = "0123456789abcdef";

fn now() -> Timestamp {
    ManualClock::new().now()
}

fn ago(hours: u64) -> Moment {
    Moment(now() - Duration::from_hours(hours))
}

fn layout(title: &str, at: &str) -> Layout {
    let item = |label, path| NavigationItem { label, path, current: path == at };
    Layout::new(&site_of(Side::Connect), title)
        .wide()
        .navigation(vec![item("Connections", "/"), item("Settings", "/settings")])
        .person("anna@example.com", CSRF)
}

fn pair(platform: &str, accounting: &str, system: &str) -> Pair {
    Pair {
        href: "/connections/con_0198d5c2-7a3e-7b1c-9f55-1f2e3d4c5b6a".into(),
        platform: platform.into(),
        accounting: accounting.into(),
        system: system.into(),
    }
}

fn badge(state: &str) -> Badge {
    match state {
        "active" => Badge::new(Tone::Good, "Active"),
        "degraded" => Badge::new(Tone::Warning, "Degraded"),
        "attention" => Badge::new(Tone::Bad, "Needs sign-in"),
        "disconnected" => Badge::new(Tone::Plain, "Disconnected"),
        _ => Badge::new(Tone::Plain, "Pending"),
    }
}

fn overview(rows: Vec<ConnectionRow>, attention: Vec<Attention>) -> OverviewPage {
    let counts = [("active", 1284), ("degraded", 3), ("attention", 2), ("pending", 7), ("disconnected", 41)];
    OverviewPage {
        layout: layout("Connections", "/"),
        counts: counts
            .into_iter()
            .map(|(state, number)| Count {
                state,
                badge: badge(state),
                number,
                href: format!("/?state={state}"),
                current: false,
            })
            .collect(),
        attention,
        text: String::new(),
        state: String::new(),
        rows,
        next: Some("/?after=con_x".into()),
        first: None,
    }
}

#[test]
fn the_overview_shows_first_what_needs_a_person() {
    let row = |pair: Pair, reference: &str, state: &str, reason: &str, hours| ConnectionRow {
        pair,
        reference: reference.into(),
        badge: badge(state),
        reason: reason.into(),
        proven_at: ago(hours),
    };
    let page = overview(
        vec![
            row(pair("Love Crème BV", "Love Crème B.V. Amsterdam", "Xero"), "customer-1042", "active", "", 1),
            row(pair("Krämfabriken AB", "Krämfabriken AB", "Fortnox"), "customer-77", "attention", "Access was withdrawn there", 40),
            row(pair("Nordlys ApS", "Nordlys ApS", "e-conomic"), "", "degraded", "e-conomic cannot be reached", 3),
        ],
        vec![
            Attention {
                pair: pair("Krämfabriken AB", "Krämfabriken AB", "Fortnox"),
                badge: badge("attention"),
                sentence: "Fortnox no longer accepts our sign-in since 3 May 2026, 14:05 UTC, because access was withdrawn there.".into(),
            },
            Attention {
                pair: pair("Brasserie Lumière", "Brasserie Lumière SARL", "QuickBooks"),
                badge: Badge::new(Tone::Warning, "Ends soon"),
                sentence: "The API key for Pleo ends on 21 January 2026. Replace it before then, and nothing is interrupted.".into(),
            },
        ],
    );
    let html = page.render().expect("the page renders");
    check("operator-overview.html", &html);
    assert!(
        html.find("Needs a person").expect("attention") < html.find("All connections").expect("the list")
    );
    assert!(html.contains("2 connections need a person now or soon."));

    let empty = overview(Vec::new(), Vec::new()).render().expect("the page renders");
    check("operator-empty.html", &empty);
    assert!(
        empty.contains("Nothing needs a person at the moment.")
            && empty.contains("There is no connection yet.")
    );
}

fn days() -> Vec<Day> {
    (0..30_u32)
        .map(|day| Day {
            at: now() - Duration::from_hours(24 * u64::from(30 - day)),
            refreshed: if day > 27 { 20 } else { 88 + day % 7 },
            refused: u32::from(day == 28),
            failed: if day == 12 { 24 } else { 0 },
        })
        .collect()
}

fn end(system: &str, company: &str, state: &str, reason: Option<&str>) -> EndView {
    EndView {
        found: Found {
            system: system.into(),
            company: company.into(),
            detail: "Sweden · 556012-3456".into(),
        },
        badge: badge(state),
        reason: reason.map(str::to_owned),
        facts: vec![
            Fact::text("Credential", "Sign-in (OAuth), generation 4,102"),
            Fact::text("May", "read and write bookkeeping, read company information"),
            Fact::moment("Last proven good", ago(2)),
            Fact::moment("Next refresh", ago(0)),
            Fact::text("Ends", "not by itself, while it is used at least every 31 days"),
        ],
        sign_in_again: Some("/connections/x/sign-in-again".into()),
        replace_key: None,
        errors: FormErrors::none(),
    }
}

fn connection(chart: Vec<Day>) -> ConnectionPage {
    let happening = |tone, title: &str, sentence: &str, hours| Happening {
        tone,
        title: title.into(),
        sentence: sentence.into(),
        at: ago(hours),
    };
    let mut platform = end("Pleo", "Krämfabriken AB", "active", None);
    platform.replace_key = Some("/connections/x/platform/api-key".into());
    ConnectionPage {
        layout: layout("Krämfabriken AB", "/"),
        id: "con_0198d5c2-7a3e-7b1c-9f55-1f2e3d4c5b6a".into(),
        reference: "customer-77".into(),
        badge: badge("attention"),
        reason: Some("Fortnox no longer accepts our sign-in since 3 May 2026, 14:05 UTC. Pleo keeps working; exports wait.".into()),
        line: "broken",
        platform,
        accounting: end(
            "Fortnox",
            "Krämfabriken AB",
            "attention",
            Some("Fortnox no longer accepts our sign-in since 3 May 2026, 14:05 UTC, because access was withdrawn or has ended there."),
        ),
        created_at: ago(9000),
        chart: Chart::new(chart),
        timeline: vec![
            happening(Tone::Bad, "Needs a new sign-in", "Fortnox refused the refresh token: access was withdrawn there.", 2),
            happening(Tone::Good, "Refreshed", "Fortnox, generation 4,102.", 3),
            happening(Tone::Warning, "Degraded", "Fortnox could not be reached for four minutes.", 30),
            happening(Tone::Plain, "Connected", "Krämfabriken AB was connected with Krämfabriken AB.", 9000),
        ],
        earlier: Some("/connections/x?before=10".into()),
        disconnect: Some("/connections/x/disconnect".into()),
        csrf: CSRF.into(),
    }
}

#[test]
fn a_connection_shows_both_ends_and_the_chart_in_words_too() {
    let html = connection(days()).render().expect("the page renders");
    check("operator-connection.html", &html);
    assert!(html.contains("1 refused, 24 failed for another reason."), "the chart in words");
    assert!(html.contains("<title>30 December 2025: 1 refused</title>"), "each column has its words");
    // What is said about the state changes together, and is read out once.
    assert_eq!(
        (
            html.matches(" data-live").count(),
            html.matches("<div id=\"timeline-live\" data-live aria-live").count()
        ),
        (3, 1)
    );
    for live in [
        "<div class=\"head\" id=\"head-live\" data-live>",
        "<div class=\"pair ends\" id=\"ends-live\" data-live>",
    ] {
        assert!(html.contains(live), "{live}");
    }
    assert!(html.contains("It cannot be taken back"), "what disconnecting does is said before it is asked");

    let quiet = connection(Vec::new()).render().expect("the page renders");
    check("operator-quiet.html", &quiet);
    assert!(!quiet.contains("<figure"), "no picture of nothing");
}

#[test]
fn the_other_pages_render() {
    let sign_in = SignInPage {
        layout: Layout::new(&site_of(Side::Connect), "Sign in"),
        email: "anna@example.com".into(),
        errors: FormErrors::one("password", "Email or password is wrong."),
        action: "/login".into(),
        csrf: CSRF.into(),
        next: "/settings".into(),
    };
    let html = sign_in.render().expect("the page renders");
    check("operator-sign-in.html", &html);
    assert_eq!(forms(&html), 1);

    let link = LinkPage {
        layout: layout("The link is ready", "/"),
        url: "https://connect.example.com/connect/mst_ln_picture-of-a-link".into(),
        sentence: "For signing in to Fortnox again, for Krämfabriken AB.".into(),
        expires_at: ago(0),
        back: "/connections/x".into(),
    };
    check("operator-link.html", &link.render().expect("the page renders"));

    let token = NewTokenPage {
        layout: layout("The token is ready", "/settings"),
        name: "Export worker".into(),
        role: "proxy".into(),
        token: "mst_api_picture-of-a-token".into(),
        back: "/settings".into(),
    };
    check("operator-new-token.html", &token.render().expect("the page renders"));

    let row = |name: &str, role: &str, revoked: bool| ApiTokenRow {
        name: name.into(),
        id: format!("tok_{role}"),
        role: role.into(),
        created_at: ago(500),
        revoked_at: revoked.then(|| ago(3)),
        revoke: (!revoked).then(|| "/settings/tokens/x/revoke".into()),
    };
    let role = |role: &str, sentence: &str| RoleChoice { role: role.into(), sentence: sentence.into() };
    let client = |provider: &str, id: &str| ClientRow {
        provider: provider.into(),
        environment: "staging".into(),
        client_id: id.into(),
        secrets: "1 live secret".into(),
        redirect_uri: format!("https://connect.example.com/callback/{id}"),
    };
    let settings = SettingsPage {
        layout: layout("Settings", "/settings"),
        tokens: vec![row("Export worker", "proxy", false), row("", "connect", true)],
        roles: vec![
            role("proxy", "Sends calls through the proxy. No provider’s token ever leaves."),
            role("connect", "Makes links, reads connections and events, disconnects."),
            role("token", "Reads access tokens in clear."),
            role("admin", "Everything."),
        ],
        create_token: "/settings/tokens".into(),
        clients: vec![client("Pleo", "pleo"), client("Xero", "xero")],
        webhooks: Some(vec![WebhookRow {
            url: "https://app.example.com/hooks/mainstay".into(),
            events: "all events".into(),
            badge: badge("active"),
            last: "The last delivery was taken.".into(),
        }]),
        keys: Some(vec![KeyRow {
            id: "k1".into(),
            badge: Badge::new(Tone::Good, "Primary"),
            created_at: Some(ago(9000)),
        }]),
        errors: FormErrors::none(),
        csrf: CSRF.into(),
    };
    check("operator-settings.html", &settings.render().expect("the page renders"));
}
