//! A walk as a page.

use ::connect::{Company, Connection, End, Finished, Flow, Method, Purpose, Walk};
use axum::Extension;
use axum::response::{IntoResponse as _, Response};
use base::Secret;
use http::StatusCode;
use std::time::Duration;

use super::stopped::{address, stopped};
use crate::connect::ConnectState;
use crate::connect::pages::{
    Choice, ChoosePage, ConfirmPage, DonePage, Found, KeyPage, LeavePage, SignInAgainPage, StartPage, Steps,
    WaitPage,
};
use crate::shared::page::Moment;
use crate::shared::{FormErrors, FormTargets, Layout, Page, country_name};

/// An exchange that takes longer than this was left standing by a process that died.
const LONGEST_EXCHANGE: Duration = Duration::from_secs(90);

/// The link's page, before anything was done.
pub(super) fn offer(state: &ConnectState, walk: &Walk, action: String, csrf: String) -> Response {
    let view = View { state, walk, csrf };
    match (&walk.session.purpose, &walk.connection) {
        (Purpose::Reauthorise { end, method, .. }, Some(connection)) => {
            view.offer_sign_in_again(connection, *end, *method, action)
        }
        (Purpose::Reauthorise { .. }, None) => stopped(
            &state.site,
            StatusCode::GONE,
            "This link has been used",
            "The connection that this link is for is not there any more.".to_owned(),
            None,
        ),
        (Purpose::Connect { method, confirm, .. }, _) => view.offer_connection(*method, *confirm, action),
    }
}

/// Where the walk stands. `refused`: as the answer to a step that was refused.
pub(super) fn page(state: &ConnectState, walk: &Walk, browser: &Secret<String>, refused: bool) -> Response {
    let view = View { state, walk, csrf: state.connect.form_value(browser, walk.session.id) };
    let status = if refused { view.status() } else { StatusCode::OK };
    match &walk.session.flow {
        // A walk that belongs to a browser has been started; this is for a row that says otherwise.
        Flow::Offered => view.leave(End::Platform, false, status),
        Flow::Ready { end, .. } => view.leave(*end, false, status),
        Flow::Away { end, .. } => view.leave(*end, true, status),
        Flow::Exchanging { end, since, .. } => {
            if state.site.clock.now().since(*since) > LONGEST_EXCHANGE {
                return view.leave(*end, true, status);
            }
            view.wait(format!("Your sign-in at {} is being completed.", view.name(*end)), status)
        }
        Flow::Identifying { end, .. } => {
            let asking = format!("{} is asked which company your sign-in is for.", view.name(*end));
            view.wait(walk.session.notice.as_ref().map_or(asking, |notice| notice.sentence.clone()), status)
        }
        Flow::AwaitingKey { end, .. } => view.key(*end, status),
        Flow::Choosing { end, companies, .. } => view.choose(*end, companies, status),
        Flow::Confirming { platform, accounting } => {
            view.confirm(&platform.company, &accounting.company, status)
        }
        Flow::Done { finished, .. } => view.done(*finished),
        Flow::Cancelled => {
            let sentence =
                "You chose not to go on, and what was signed in is forgotten. To connect after all, ask for a new link where you got this one."
                    .to_owned();
            let back =
                walk.session.return_to.clone().map(|to| ("Go back where you came from".to_owned(), to));
            stopped(&state.site, StatusCode::OK, "Nothing was connected", sentence, back)
        }
    }
}

struct View<'a> {
    state: &'a ConnectState,
    walk: &'a Walk,
    csrf: String,
}

impl View<'_> {
    fn offer_sign_in_again(
        &self,
        connection: &Connection,
        end: End,
        method: Method,
        action: String,
    ) -> Response {
        let side = connection.side(end);
        let system = self.name(end);
        let reason = ::connect::words::side_reason(side, self.state.connect.directory());
        let page = SignInAgainPage {
            layout: self.layout(format!("Sign in to {system} again")),
            steps: Steps::sign_in_again(&system, 0),
            company: with_detail(&side.company),
            platform: self.found(End::Platform, &connection.platform.company),
            accounting: self.found(End::Accounting, &connection.accounting.company),
            reason: reason.map(|reason| reason.sentence),
            meanwhile: meanwhile(connection, end, &self.name(end.other())),
            with_key: method == Method::ApiKey && end == End::Platform,
            system,
            expires_at: Moment(self.walk.session.expires_at),
            action,
            csrf: self.csrf.clone(),
        };
        self.leading_to(end, StatusCode::OK, page)
    }

    fn offer_connection(&self, method: Method, confirm: bool, action: String) -> Response {
        let accounting = self.name(End::Accounting);
        let page = StartPage {
            layout: self.layout(format!("Connect Pleo with {accounting}")),
            steps: Steps::connect(&accounting, 0),
            asked_by: self.asked_by(),
            accounting,
            with_key: method == Method::ApiKey,
            confirmed_by_application: confirm,
            expires_at: Moment(self.walk.session.expires_at),
            action,
            csrf: self.csrf.clone(),
        };
        self.leading_to(End::Platform, StatusCode::OK, page)
    }

    fn layout(&self, title: impl Into<String>) -> Layout {
        Layout::new(&self.state.site, title)
    }

    fn name(&self, end: End) -> String {
        match end {
            End::Platform => self.walk.platform.provider.name.clone(),
            End::Accounting => self
                .walk
                .accounting
                .as_ref()
                .map_or_else(|| "your accounting system".to_owned(), |access| access.provider.name.clone()),
        }
    }

    fn found(&self, end: End, company: &Company) -> Found {
        Found { system: self.name(end), company: company.name.clone(), detail: detail(company) }
    }

    fn action(&self) -> String {
        address(&self.state.site, self.walk.session.id)
    }

    fn problem(&self) -> Option<String> {
        self.walk.session.notice.as_ref().map(|notice| notice.sentence.clone())
    }

    fn is_new(&self) -> bool {
        matches!(self.walk.session.purpose, Purpose::Connect { .. })
    }

    /// Who asks: the application to which the person goes back.
    fn asked_by(&self) -> Option<String> {
        let address = self.walk.session.return_to.as_deref()?;
        url::Url::parse(address).ok()?.host_str().map(ToOwned::to_owned)
    }

    fn steps(&self, end: End, present: usize) -> Steps {
        if self.is_new() {
            Steps::connect(&self.name(End::Accounting), present)
        } else {
            Steps::sign_in_again(&self.name(end), present.clamp(1, 2))
        }
    }

    fn step_of(end: End) -> usize {
        match end {
            End::Platform => 0,
            End::Accounting => 1,
        }
    }

    /// What a notice is on the wire.
    fn status(&self) -> StatusCode {
        match self.walk.session.notice.as_ref().map(|notice| notice.code.as_str()) {
            Some("company_mismatch" | "company_taken") => StatusCode::CONFLICT,
            Some("access_denied") => StatusCode::FORBIDDEN,
            Some("provider_unavailable" | "client_refused" | "misconfigured") => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Some("sign_in_refused" | "no_code" | "code_refused") => StatusCode::BAD_REQUEST,
            Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
            None => StatusCode::OK,
        }
    }

    /// A page whose form leads to the provider's sign-in.
    fn leading_to<T: askama::Template>(&self, end: End, status: StatusCode, page: T) -> Response {
        let access = match end {
            End::Platform => Some(&self.walk.platform),
            End::Accounting => self.walk.accounting.as_ref(),
        };
        let targets = access.and_then(|access| access.endpoints.authorize_url.as_ref()).map(FormTargets::to);
        (status, Extension(targets.unwrap_or_default()), Page(page)).into_response()
    }

    fn leave(&self, end: End, again: bool, status: StatusCode) -> Response {
        let system = self.name(end);
        let access = match end {
            End::Platform => Some(&self.walk.platform),
            End::Accounting => self.walk.accounting.as_ref(),
        };
        let host = access
            .and_then(|access| access.endpoints.authorize_url.as_ref())
            .and_then(|url| {
                url.host_str()
                    .map(|host| url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
            })
            .unwrap_or_else(|| system.clone());
        let found = match end {
            End::Accounting => {
                self.walk.session.company(End::Platform).map(|company| self.found(End::Platform, company))
            }
            End::Platform => None,
        };
        let expect = match (end, &self.walk.connection) {
            (_, Some(connection)) => {
                let company = with_detail(&connection.side(end).company);
                format!("Sign in there and choose {company}. Another company is refused, so nothing can be mixed up.")
            }
            (End::Platform, None) => {
                "There you sign in, choose the company whose expenses are to be exported, and see what is asked for before you allow it.".to_owned()
            }
            (End::Accounting, None) => format!("There you sign in and allow access to your books in {system}."),
        };
        let page = LeavePage {
            layout: self.layout(format!("Sign in to {system}")),
            steps: self.steps(end, Self::step_of(end)),
            problem: self.problem(),
            may_change_platform: found.is_some(),
            found,
            system,
            host,
            expect,
            again,
            action: self.action(),
            csrf: self.csrf.clone(),
        };
        self.leading_to(end, status, page)
    }

    fn wait(&self, sentence: String, status: StatusCode) -> Response {
        let end = self.walk.session.flow.end().unwrap_or(End::Platform);
        let page = WaitPage {
            layout: self.layout("One moment"),
            steps: self.steps(end, Self::step_of(end)),
            sentence,
            address: self.action(),
        };
        (status, Page(page)).into_response()
    }

    fn key(&self, end: End, status: StatusCode) -> Response {
        let system = self.name(end);
        let (instructions, key_prefix) = match end {
            End::Platform => (
                "In Pleo, an administrator opens Settings, Accounting, chooses this integration and copies the key, which gives access \
                 to that company alone and is shown there once."
                    .to_owned(),
                String::new(),
            ),
            End::Accounting => (format!("An administrator finds it in {system} after installing this application there."), String::new()),
        };
        let errors =
            self.problem().map_or_else(FormErrors::none, |problem| FormErrors::one("api_key", problem));
        let page = KeyPage {
            layout: self.layout(format!("Paste the API key from {system}")),
            steps: self.steps(end, Self::step_of(end)),
            system,
            instructions,
            instructions_url: None,
            key_prefix,
            errors,
            action: self.action(),
            csrf: self.csrf.clone(),
        };
        (status, Page(page)).into_response()
    }

    fn choose(&self, end: End, companies: &[Company], status: StatusCode) -> Response {
        let system = self.name(end);
        let choices = companies
            .iter()
            .map(|company| Choice {
                id: company.id.clone(),
                name: company.name.clone(),
                detail: detail_among(company, companies),
                taken: self.walk.taken.contains(&company.id),
            })
            .collect();
        let errors =
            self.problem().map_or_else(FormErrors::none, |problem| FormErrors::one("company", problem));
        let page = ChoosePage {
            layout: self.layout(format!("Which company in {system}?")),
            steps: self.steps(end, 2),
            found: self.walk.session.company(End::Platform).map(|company| self.found(End::Platform, company)),
            system,
            choices,
            sign_in_anew: match end {
                End::Platform => "other_platform",
                End::Accounting => "other_accounting",
            },
            errors,
            action: self.action(),
            csrf: self.csrf.clone(),
        };
        (status, Page(page)).into_response()
    }

    fn confirm(&self, platform: &Company, accounting: &Company, status: StatusCode) -> Response {
        let page = ConfirmPage {
            layout: self.layout("Do these two belong together?"),
            steps: self.steps(End::Accounting, 2),
            problem: self.problem(),
            platform: self.found(End::Platform, platform),
            accounting: self.found(End::Accounting, accounting),
            doubt: doubt(platform, accounting),
            action: self.action(),
            csrf: self.csrf.clone(),
        };
        (status, Page(page)).into_response()
    }

    fn done(&self, finished: Finished) -> Response {
        let Some(connection) = &self.walk.connection else {
            let sentence = "What this link was for has been done.".to_owned();
            return stopped(&self.state.site, StatusCode::OK, "Done", sentence, None);
        };
        let (platform, accounting) = (&connection.platform.company, &connection.accounting.company);
        let (heading, sentence) = match finished {
            Finished::Connected => (
                "The companies are connected",
                format!("Expenses of {} now go into the books of {}. Nothing more has to be done here.", platform.name, accounting.name),
            ),
            Finished::AwaitingConfirmation => (
                "Both ends are signed in",
                "The application that sent you here has been asked to confirm the pair. Nothing more has to be done here.".to_owned(),
            ),
            Finished::Reauthorised => (
                "The connection goes on",
                format!("{} and {} are connected as before, with everything that was set up.", platform.name, accounting.name),
            ),
        };
        let steps = if self.is_new() {
            Steps::connect(&self.name(End::Accounting), 3)
        } else {
            self.steps(self.reauthorised_end(), 2)
        };
        let page = DonePage {
            layout: self.layout(heading),
            steps,
            heading: heading.to_owned(),
            sentence,
            waiting: finished == Finished::AwaitingConfirmation && !connection.is_live(),
            platform: self.found(End::Platform, platform),
            accounting: self.found(End::Accounting, accounting),
            return_to: self.walk.session.return_to.clone(),
        };
        Page(page).into_response()
    }

    fn reauthorised_end(&self) -> End {
        match self.walk.session.purpose {
            Purpose::Reauthorise { end, .. } => end,
            Purpose::Connect { .. } => End::Platform,
        }
    }
}

/// What tells a company from others of its name: country and registration number, or else an id that is short enough for a
/// person to know it, as a customer number is.
pub(in crate::connect::people) fn detail(company: &Company) -> String {
    const KNOWN_BY_HEART: usize = 16;
    let parts = [company.country.as_deref().map(country_name), company.registration_number.as_deref()];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    let short = company.id != company.name && company.id.len() <= KNOWN_BY_HEART;
    if parts.is_empty() && short { company.id.clone() } else { parts.join(" · ") }
}

/// A company in a sentence, told from others of its name.
fn with_detail(company: &Company) -> String {
    let detail = detail(company);
    if detail.is_empty() { company.name.clone() } else { format!("{} ({detail})", company.name) }
}

/// What tells a company in a list from the others, where another may have its name and nothing else may tell them apart.
fn detail_among(company: &Company, all: &[Company]) -> String {
    let detail = detail(company);
    let same = |other: &&Company| other.name == company.name && self::detail(other) == detail;
    if all.iter().filter(same).count() > 1 {
        format!("{detail} {}", company.id).trim().to_owned()
    } else {
        detail
    }
}

/// Whether a second look is due before two companies are put together.
fn doubt(platform: &Company, accounting: &Company) -> Option<String> {
    match (&platform.registration_number, &accounting.registration_number) {
        (Some(left), Some(right)) if digits(left) != digits(right) => Some(format!(
            "Their registration numbers differ: {left} at Pleo, {right} in the books. Look twice before you connect them."
        )),
        (Some(_), Some(_)) => None,
        _ if shared_word(&platform.name, &accounting.name) => None,
        _ => Some(format!(
            "“{}” and “{}” have no word in common. Look twice before you connect them.",
            platform.name, accounting.name
        )),
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

fn shared_word(left: &str, right: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.chars().count() > 2)
            .map(str::to_lowercase)
            .collect()
    };
    let right = words(right);
    words(left).iter().any(|word| right.contains(word))
}

fn meanwhile(connection: &Connection, end: End, other: &str) -> String {
    if connection.side(end).state() == ::connect::EndState::Ended {
        format!(
            "Until then nothing can be exported; the sign-in at {other} goes on working, and what is waiting is not lost."
        )
    } else {
        "Everything goes on working meanwhile.".to_owned()
    }
}
