//! A person who loses the right to give access while they are giving it.

use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use authserver::{AuthorisationState, Endpoint, Fault, FaultPoint, Faults, Moment};
use http::StatusCode;
use platform::{By, CompanyId, Platform, Role, Subject};

use super::app::{App, LOVE, LOVE_BV, LOVE_GMBH, Surroundings};
use super::browser::Browser;
use super::conformance::audited;

const ANNA: &str = "anna@example.com";

/// How the right is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    /// Anna becomes an employee of the company.
    LowerRole,
    /// Anna has nothing to do with the company any more.
    NoRole,
    /// The company is suspended.
    Suspension,
    /// Anna becomes an employee of one of the companies, where the whole organisation is asked for.
    LowerRoleInPart,
    /// Anna's account is disabled.
    Disabled,
}

impl Loss {
    const ALL: [Self; 5] =
        [Self::LowerRole, Self::NoRole, Self::Suspension, Self::LowerRoleInPart, Self::Disabled];

    /// Who asks, and what Anna picks.
    const fn asked(self) -> (&'static str, &'static str) {
        match self {
            Self::LowerRoleInPart => ("people", LOVE),
            _ => ("books", LOVE_BV),
        }
    }

    async fn happens(self, platform: &Platform) {
        let by = By::command_line();
        let anna = platform.identity().account_by_email(ANNA).await.unwrap().unwrap();
        let company = |id: &str| -> CompanyId { id.parse().unwrap() };
        let place = |id: &str| Subject::Company(company(id));
        match self {
            Self::LowerRole => platform.set_role(&by, &anna, place(LOVE_BV), Role::Employee).await,
            Self::NoRole => platform.remove_role(&by, &anna, place(LOVE_BV)).await,
            Self::Suspension => platform.suspend_company(&by, company(LOVE_BV)).await,
            Self::LowerRoleInPart => platform.set_role(&by, &anna, place(LOVE_GMBH), Role::Employee).await,
            // No more than this: what Anna had consented to has been ended before the consent on its way comes to be stored.
            Self::Disabled => platform.identity().disable(anna.id, Vec::new()).await.map_err(Into::into),
        }
        .unwrap();
    }
}

/// Lets something happen when a consent has just been stored, before its answer is made.
#[derive(Default)]
struct WhenStored(Mutex<Option<(Arc<Platform>, Loss)>>);

impl fmt::Debug for WhenStored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WhenStored")
    }
}

#[async_trait]
impl Faults for WhenStored {
    async fn at(&self, point: FaultPoint<'_>) -> Option<Fault> {
        if (point.endpoint, point.moment) == (Endpoint::Authorize, Moment::After) {
            let next = self.0.lock().unwrap().take();
            if let Some((platform, loss)) = next {
                loss.happens(&platform).await;
            }
        }
        None
    }
}

/// Anna in front of the consent page.
async fn in_front_of_the_page(app: &App, loss: Loss) -> Browser<'_> {
    let (client, chosen) = loss.asked();
    let mut browser = Browser::new(app);
    browser.sign_in(ANNA).await;
    let page = browser.get(&app.authorization(client, "companies:read").0).await;
    assert_eq!(page.status, StatusCode::OK, "{loss:?}: {}", page.body);
    assert!(page.body.contains(chosen), "{loss:?}: the page does not offer what is picked");
    browser
}

#[tokio::test]
async fn a_right_that_is_lost_in_front_of_the_page_gives_nothing() {
    for loss in Loss::ALL {
        let app = App::new().await;
        let mut browser = in_front_of_the_page(&app, loss).await;
        loss.happens(&app.platform).await;
        let allow = [("company", loss.asked().1), ("decision", "allow")];
        let answer = browser.submit("/oauth/authorize", &allow).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{loss:?}: {}", answer.body);
        let refused = audited(&app, "authorisation.refused").await;
        if loss == Loss::Disabled {
            // Whoever is disabled is signed out, and is not asked about rights.
            assert!(answer.body.contains("not signed in any more"), "{}", answer.body);
            assert_eq!(refused.len(), 0);
        } else {
            assert_eq!(refused.len(), 1, "{loss:?}");
            assert_eq!(refused[0].data["reason"], "no right to consent");
        }
        assert_eq!(audited(&app, "authorisation.granted").await.len(), 0, "{loss:?}: something was granted");
    }
}

#[tokio::test]
async fn a_right_that_is_lost_while_the_consent_is_stored_ends_it_before_anybody_has_its_code() {
    for loss in Loss::ALL {
        let when_stored = Arc::new(WhenStored::default());
        let app = App::in_surroundings(Surroundings {
            faults: Arc::clone(&when_stored) as _,
            ..Surroundings::default()
        })
        .await;
        let mut browser = in_front_of_the_page(&app, loss).await;
        *when_stored.0.lock().unwrap() = Some((Arc::clone(&app.platform), loss));
        let allow = [("company", loss.asked().1), ("decision", "allow")];
        let answer = browser.submit("/oauth/authorize", &allow).await;
        assert!(when_stored.0.lock().unwrap().is_none(), "{loss:?}: the right was never lost");
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{loss:?}: {}", answer.body);
        assert!(!answer.headers.contains_key(http::header::LOCATION), "{loss:?}: the client hears of it");
        let granted = audited(&app, "authorisation.granted").await;
        let ended = audited(&app, "authorisation.ended").await;
        assert_eq!((granted.len(), ended.len()), (1, 1), "{loss:?}");
        assert_eq!(ended[0].data["authorisation"], granted[0].data["authorisation"], "{loss:?}");
        let reason = if loss == Loss::Disabled { "user_disabled" } else { "administrative" };
        assert_eq!(ended[0].data["reason"], reason, "{loss:?}");
        let id = granted[0].data["authorisation"].parse().unwrap();
        let stored = app.platform.authorization_server().authorisation(id).await.unwrap().unwrap();
        assert!(matches!(stored.state, AuthorisationState::Ended { .. }), "{loss:?}: it lives on");
    }
}

/// The same walk with nothing in between.
#[tokio::test]
async fn a_right_that_is_kept_gives_what_was_picked() {
    for loss in [Loss::LowerRole, Loss::LowerRoleInPart] {
        let app = App::new().await;
        let mut browser = in_front_of_the_page(&app, loss).await;
        let allow = [("company", loss.asked().1), ("decision", "allow")];
        let answer = browser.submit("/oauth/authorize", &allow).await;
        assert!(answer.redirected("code").is_some(), "{}", answer.location());
        assert_eq!(audited(&app, "authorisation.ended").await.len(), 0);
    }
}
