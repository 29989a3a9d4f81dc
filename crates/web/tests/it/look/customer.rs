//! The pages that a customer walks through.

use askama::Template as _;
use base::Clock as _;
use base::testing::ManualClock;
use web::connect::pages::{
    Choice, ChoosePage, ConfirmPage, DonePage, Found, KeyPage, LeavePage, SignInAgainPage, StartPage, Steps,
    StoppedPage, WaitPage,
};
use web::shared::page::Moment;
use web::shared::{FormErrors, Layout, Side};

use super::{check, forms, site_of};

fn layout(title: &str) -> Layout {
    Layout::new(&site_of(Side::Connect), title)
}

fn soon() -> Moment {
    Moment(ManualClock::new().now())
}

fn found(system: &str, company: &str, detail: &str) -> Found {
    Found { system: system.to_owned(), company: company.to_owned(), detail: detail.to_owned() }
}

fn pleo() -> Found {
    found("Pleo", "Love Crème BV", "Netherlands · 68750110")
}

fn xero() -> Found {
    found("Xero", "Love Crème B.V. Amsterdam", "Netherlands · 68750110")
}

const ACTION: &str = "/connect/walk";
const CSRF: &str = "0123456789abcdef";

#[test]
#[expect(clippy::too_many_lines, reason = "it lists every page that asks something")]
fn a_page_that_asks_has_one_form() {
    let steps = |present| Steps::connect("Xero", present);
    let start = StartPage {
        layout: layout("Connect Pleo with Xero"),
        steps: steps(0),
        asked_by: Some("Ledgerly".into()),
        accounting: "Xero".into(),
        with_key: false,
        confirmed_by_application: false,
        expires_at: soon(),
        action: ACTION.into(),
        csrf: CSRF.into(),
    };
    let again = SignInAgainPage {
        layout: layout("Sign in to Fortnox again"),
        steps: Steps::sign_in_again("Fortnox", 0),
        system: "Fortnox".into(),
        company: "Krämfabriken AB".into(),
        platform: found("Pleo", "Krämfabriken AB", "Sweden · 556012-3456"),
        accounting: found("Fortnox", "Krämfabriken AB", "Sweden · 556012-3456"),
        reason: Some(
            "Fortnox no longer accepts our sign-in for Krämfabriken AB since 3 May 2026, 14:05 UTC, because access was withdrawn or has \
             ended there."
                .into(),
        ),
        meanwhile: "Pleo keeps working. Expenses wait and are exported once Fortnox is back.".into(),
        with_key: false,
        expires_at: soon(),
        action: ACTION.into(),
        csrf: CSRF.into(),
    };
    let leave = LeavePage {
        layout: layout("Sign in to Xero"),
        steps: steps(1),
        problem: None,
        found: Some(pleo()),
        system: "Xero".into(),
        host: "login.xero.com".into(),
        expect: "Xero asks you to sign in, and which organisation you want to connect.".into(),
        again: false,
        may_change_platform: true,
        action: ACTION.into(),
        csrf: CSRF.into(),
    };
    let denied = LeavePage {
        layout: layout("Sign in to Xero"),
        steps: steps(1),
        problem: Some("You chose not to allow access at Xero. The sign-in to Pleo was kept; try again when you are ready.".into()),
        found: None,
        system: "Xero".into(),
        host: "login.xero.com".into(),
        expect: "Xero asks you to sign in, and which organisation you want to connect.".into(),
        again: true,
        may_change_platform: false,
        action: ACTION.into(),
        csrf: CSRF.into(),
    };
    let key = KeyPage {
        layout: layout("Paste the API key"),
        steps: steps(0),
        system: "Pleo".into(),
        instructions: "An administrator makes it in Pleo under Settings, API keys.".into(),
        instructions_url: Some("https://app.pleo.io/settings/api-keys".into()),
        key_prefix: "plp_".into(),
        errors: FormErrors::one("api_key", "Pleo does not know this key. Copy it again as a whole."),
        action: ACTION.into(),
        csrf: CSRF.into(),
    };
    let choice = |id: &str, name: &str, detail: &str, taken| Choice {
        id: id.into(),
        name: name.into(),
        detail: detail.into(),
        taken,
    };
    let choose = ChoosePage {
        layout: layout("Choose the company"),
        steps: steps(2),
        system: "Xero".into(),
        found: Some(pleo()),
        choices: vec![
            choice("1", "Love Crème B.V. Amsterdam", "Netherlands · 68750110", false),
            choice("2", "Love Crème GmbH", "Germany · HRB 55120", false),
            choice("3", "Love Crème Holding", "Denmark", true),
        ],
        sign_in_anew: "other_accounting",
        errors: FormErrors::none(),
        action: ACTION.into(),
        csrf: CSRF.into(),
    };
    let nothing_free = ChoosePage {
        layout: layout("Choose the company"),
        steps: steps(2),
        system: "Xero".into(),
        found: Some(pleo()),
        choices: vec![choice("1", "Love Crème GmbH", "", true), choice("2", "Love Crème Holding", "", true)],
        sign_in_anew: "other_accounting",
        errors: FormErrors::none(),
        action: ACTION.into(),
        csrf: CSRF.into(),
    };
    let confirm = ConfirmPage {
        layout: layout("Do these two belong together?"),
        steps: steps(2),
        problem: None,
        platform: pleo(),
        accounting: found("Xero", "Love Crème GmbH", "Germany · HRB 55120"),
        doubt: Some("The two are in different countries. Look twice before you connect them.".into()),
        action: ACTION.into(),
        csrf: CSRF.into(),
    };
    for (name, html) in [
        ("customer-start.html", start.render()),
        ("customer-again.html", again.render()),
        ("customer-leave.html", leave.render()),
        ("customer-denied.html", denied.render()),
        ("customer-key.html", key.render()),
        ("customer-choose.html", choose.render()),
        ("customer-choose-none.html", nothing_free.render()),
        ("customer-confirm.html", confirm.render()),
    ] {
        let html = html.expect("the page renders");
        check(name, &html);
        assert_eq!(forms(&html), 1, "{name}");
        assert!(html.matches("class=\"primary\"").count() == 1, "{name}: one primary action");
        if name.starts_with("customer-choose") {
            // A browser sends a required choice back unless the button says that it does not need one.
            for (decision, label) in
                [("other_accounting", "Sign in to Xero as somebody else"), ("cancel", "Cancel")]
            {
                assert!(
                    html.contains(&format!("value=\"{decision}\" formnovalidate>{label}</button>")),
                    "{name}: {html}"
                );
            }
            assert_eq!(html.contains(">Continue</button>"), !name.contains("none"), "{name}");
            assert_eq!(html.contains("are connected already."), name.contains("none"), "{name}");
        }
    }
}

#[test]
fn a_finished_page_has_none() {
    let done = DonePage {
        layout: layout("Connected"),
        steps: Steps::connect("Xero", 4),
        heading: "The companies are connected".into(),
        sentence: "From now on expenses of Love Crème BV go to Xero. You will hear from us only if somebody has to sign in again.".into(),
        waiting: false,
        platform: pleo(),
        accounting: xero(),
        return_to: Some("https://app.example.com/settings".into()),
    };
    let wait = WaitPage {
        layout: layout("One moment"),
        steps: Steps::connect("Xero", 1),
        sentence: "Xero is being asked which companies your sign-in reaches.".into(),
        address: "/connect/walk".into(),
    };
    let stopped = StoppedPage {
        layout: layout("This link has been used already"),
        sentence: "Ask for a new one where you got it, if something is still to be done.".into(),
        kept: "What was set up with it stays as it is.".into(),
        button: Some(("Back to Ledgerly".into(), "https://app.example.com/".into())),
    };
    for (name, html) in [
        ("customer-done.html", done.render()),
        ("customer-wait.html", wait.render()),
        ("customer-stopped.html", stopped.render()),
    ] {
        let html = html.expect("the page renders");
        check(name, &html);
        assert_eq!(forms(&html), 0, "{name}");
    }
}

#[test]
fn names_of_companies_cannot_become_markup() {
    let stopped = StoppedPage {
        layout: layout("<script>alert(1)</script>"),
        sentence: "\"><img src=x onerror=alert(1)>".into(),
        kept: String::new(),
        button: Some(("<b>".into(), "/\" onclick=\"x".into())),
    };
    let html = stopped.render().expect("the page renders");
    assert!(
        !html.contains("<script>")
            && !html.contains("<img")
            && !html.contains("<b>")
            && !html.contains("\" onclick"),
        "{html}"
    );
}
