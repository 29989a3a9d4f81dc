use url::Url;

use crate::{Browser, Form, Seen, Unexpected};

/// What a page asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Sign in at Pleo.
    PleoSignIn,
    /// Consent at Pleo.
    PleoConsent,
    /// Sign in at the accounting system.
    AccountingSignIn,
    /// Consent at the accounting system.
    AccountingConsent,
    /// Start, or go on to a provider.
    Start,
    /// Pick one of several companies of the accounting system.
    Company,
    /// Paste a key.
    Key,
    /// Confirm the pair.
    Confirm,
    /// Nothing: a finished page.
    Finished,
    /// Nothing: a refusal.
    Refused,
}

/// More doors than the longest honest way has.
const MOST_DOORS: usize = 20;

/// Where the servers are, by which a page is known. What is at neither is the accounting system's.
#[derive(Debug, Clone)]
pub struct Places {
    /// The connect side.
    pub connect: Url,
    /// Pleo's side.
    pub platform: Url,
}

/// What a person knows and wants.
#[derive(Debug, Clone)]
pub struct Person {
    /// The sign-in at Pleo: address and password.
    pub pleo: (String, String),
    /// The id of the company in Pleo.
    pub company: String,
    /// The sign-in at the accounting system: address and password.
    pub accounting: (String, String),
    /// The id of the company there.
    pub books: String,
}

/// A walk so far: the page it stopped at, and the doors behind it.
#[derive(Debug)]
pub struct Walked {
    /// The page.
    pub seen: Seen,
    /// The doors that were passed, in order.
    pub doors: Vec<Door>,
    /// Where the browser was sent by redirects.
    pub hops: Vec<Url>,
}

impl Walked {
    /// Insists on the doors that were passed, in order.
    pub fn expect_doors(&self, doors: &[Door]) -> Result<(), Unexpected> {
        if self.doors == doors {
            return Ok(());
        }
        Err(Unexpected(format!(
            "the way led through {:?} where {doors:?} was expected; it ended at {}",
            self.doors,
            self.seen.place()
        )))
    }
}

/// The form that a page is about: not the one that signs out.
fn main_form(seen: &Seen) -> Option<Form> {
    seen.forms().into_iter().find(|form| !form.action.path().ends_with("/logout") && form.post)
}

impl Places {
    /// Which door a page is.
    pub fn door(&self, seen: &Seen) -> Door {
        if seen.status.is_client_error() || seen.status.is_server_error() {
            return Door::Refused;
        }
        let Some(form) = main_form(seen) else { return Door::Finished };
        let origin = seen.url.origin();
        if self.connect.origin() == origin {
            let confirms = form.choices("decision").contains(&"confirm");
            return match () {
                () if confirms => Door::Confirm,
                () if form.has("api_key") => Door::Key,
                () if form.has("company") => Door::Company,
                () => Door::Start,
            };
        }
        match (self.platform.origin() == origin, form.has("password")) {
            (true, true) => Door::PleoSignIn,
            (true, false) => Door::PleoConsent,
            (false, true) => Door::AccountingSignIn,
            (false, false) => Door::AccountingConsent,
        }
    }
}

impl Person {
    /// Goes on from a page until the door `until` is in front, or there is nothing to do.
    pub async fn go_on(
        &self,
        browser: &mut Browser,
        places: &Places,
        from: Seen,
        until: Option<Door>,
    ) -> Result<Walked, Unexpected> {
        let mut hops = from.hops.clone();
        let mut walked = Walked { seen: from, doors: Vec::new(), hops: Vec::new() };
        loop {
            let here = places.door(&walked.seen);
            if Some(here) == until || matches!(here, Door::Finished | Door::Refused) {
                walked.hops = hops;
                return Ok(walked);
            }
            if walked.doors.len() == MOST_DOORS {
                return Err(Unexpected(format!("the way has no end: {:?}", walked.doors)));
            }
            let Some(form) = main_form(&walked.seen) else {
                return Err(Unexpected::new("a page lost its form"));
            };
            let filled = self.fill(form, here)?;
            walked.doors.push(here);
            walked.seen = browser.submit(&filled).await?;
            hops.extend(walked.seen.hops.iter().cloned());
        }
    }

    fn fill(&self, form: Form, door: Door) -> Result<Form, Unexpected> {
        let choose = |form: Form, company: &str| {
            if form.choices("company").contains(&company) {
                Ok(form.with("company", company))
            } else {
                let offered = form.choices("company");
                Err(Unexpected(format!("the company is not offered; offered are {offered:?}")))
            }
        };
        let sign_in = |form: Form, (email, password): &(String, String)| {
            form.with("email", email).with("password", password)
        };
        Ok(match door {
            Door::PleoSignIn => sign_in(form, &self.pleo),
            Door::PleoConsent => choose(form, &self.company)?.with("decision", "allow"),
            Door::AccountingSignIn => sign_in(form, &self.accounting),
            Door::AccountingConsent if form.has("company") => {
                choose(form, &self.books)?.with("decision", "allow")
            }
            Door::AccountingConsent => form.with("decision", "allow"),
            Door::Company => choose(form, &self.books)?,
            Door::Confirm => form.with("decision", "confirm"),
            Door::Start | Door::Finished | Door::Refused => form,
            Door::Key => {
                return Err(Unexpected::new("a key is asked for where a sign-in was expected"));
            }
        })
    }
}
