//! A person in front of the browser: reads which door a page is, and does what one does there.

use super::connecting::Wanted;
use super::world::World;
use crate::demo::browser::{Form, Seen, Unexpected};
use crate::demo::cast;

/// What a page asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
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

/// A walk so far: the page it stopped at, and the doors behind it.
pub(super) struct Walked {
    pub(super) seen: Seen,
    pub(super) doors: Vec<Door>,
    /// Where the browser was sent by redirects.
    pub(super) hops: Vec<url::Url>,
}

impl Walked {
    /// Insists on the doors that were passed, in order.
    pub(super) fn expect_doors(&self, doors: &[Door]) -> Result<(), Unexpected> {
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

/// Which door a page is.
pub(super) fn door(world: &World<'_>, seen: &Seen) -> Door {
    if seen.status.is_client_error() || seen.status.is_server_error() {
        return Door::Refused;
    }
    let Some(form) = main_form(seen) else { return Door::Finished };
    let origin = seen.url.origin();
    let is_at = |address: &str| super::world::url(address).origin() == origin;
    let addresses = &world.house.addresses;
    if is_at(&addresses.connect) {
        let confirms = form.choices("decision").contains(&"confirm");
        return match () {
            () if confirms => Door::Confirm,
            () if form.has("api_key") => Door::Key,
            () if form.has("company") => Door::Company,
            () => Door::Start,
        };
    }
    match (is_at(&addresses.platform), form.has("password")) {
        (true, true) => Door::PleoSignIn,
        (true, false) => Door::PleoConsent,
        (false, true) => Door::AccountingSignIn,
        (false, false) => Door::AccountingConsent,
    }
}

/// Goes on from a page until the door `until` is in front, or there is nothing to do.
pub(super) async fn go_on(
    world: &mut World<'_>,
    from: Seen,
    wanted: &Wanted,
    until: Option<Door>,
) -> Result<Walked, Unexpected> {
    let mut hops = from.hops.clone();
    let mut walked = Walked { seen: from, doors: Vec::new(), hops: Vec::new() };
    loop {
        let here = door(world, &walked.seen);
        if Some(here) == until || matches!(here, Door::Finished | Door::Refused) {
            walked.hops = hops;
            return Ok(walked);
        }
        if walked.doors.len() == MOST_DOORS {
            return Err(Unexpected(format!("the way has no end: {:?}", walked.doors)));
        }
        let Some(form) = main_form(&walked.seen) else { return Err(Unexpected::new("a page lost its form")) };
        let filled = fill(world, form, here, wanted)?;
        walked.doors.push(here);
        walked.seen = world.browser.submit(&filled).await?;
        hops.extend(walked.seen.hops.iter().cloned());
    }
}

fn fill(world: &World<'_>, form: Form, door: Door, wanted: &Wanted) -> Result<Form, Unexpected> {
    let secrets = &world.house.secrets;
    let choose = |form: Form, company: &str| {
        if form.choices("company").contains(&company) {
            Ok(form.with("company", company))
        } else {
            Err(Unexpected(format!("the company is not offered; offered are {:?}", form.choices("company"))))
        }
    };
    Ok(match door {
        Door::PleoSignIn => {
            form.with("email", cast::ADMIN.email).with("password", &secrets.of(cast::ADMIN.email))
        }
        Door::PleoConsent => choose(form, wanted.company.id)?.with("decision", "allow"),
        Door::AccountingSignIn => {
            form.with("email", wanted.system.email).with("password", &secrets.of(wanted.system.email))
        }
        Door::AccountingConsent if form.has("company") => {
            choose(form, wanted.books.id)?.with("decision", "allow")
        }
        Door::AccountingConsent => form.with("decision", "allow"),
        Door::Company => choose(form, wanted.books.id)?,
        Door::Confirm => form.with("decision", "confirm"),
        Door::Start | Door::Finished | Door::Refused => form,
        Door::Key => return Err(Unexpected::new("a key is asked for where a sign-in was expected")),
    })
}
