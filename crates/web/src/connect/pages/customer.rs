use askama::Template;

use crate::shared::page::Moment;
use crate::shared::{FormErrors, Layout};

/// The line of steps on top of a customer's page.
#[derive(Debug, Clone)]
pub struct Steps {
    /// Their names.
    pub names: Vec<String>,
    /// Which of them is the present one, from 0.
    pub present: usize,
}

impl Steps {
    /// The way to a new connection: Pleo, the accounting system, the company, done. `present`: 0 to 3.
    pub fn connect(accounting: &str, present: usize) -> Self {
        let names = ["Pleo", accounting, "Company", "Done"].map(str::to_owned).to_vec();
        Self { names, present }
    }

    /// The way of signing in again: the system, done.
    pub fn sign_in_again(system: &str, present: usize) -> Self {
        Self { names: vec!["Start".to_owned(), system.to_owned(), "Done".to_owned()], present }
    }
}

/// A company that was found at a system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The system's name.
    pub system: String,
    /// The company's name.
    pub company: String,
    /// Country and registration number as far as they are known, such as `Netherlands · 12345678`; may be empty.
    pub detail: String,
}

/// A new connection is offered: `GET /connect/{token}` before anything was done. Looking at it changes nothing.
#[derive(Debug, Template)]
#[template(path = "connect/start.html")]
pub struct StartPage {
    /// The frame.
    pub layout: Layout,
    /// The line of steps.
    pub steps: Steps,
    /// Who asks, where that is known.
    pub asked_by: Option<String>,
    /// The accounting system's name.
    pub accounting: String,
    /// The first end takes a pasted key instead of a sign-in.
    pub with_key: bool,
    /// Whether the application still confirms at the end.
    pub confirmed_by_application: bool,
    /// Until when the link can be used.
    pub expires_at: Moment,
    /// Where the form leads.
    pub action: String,
    /// The form's hidden value; empty before a browser is known.
    pub csrf: String,
}

/// A new sign-in is asked for, for a connection that exists.
#[derive(Debug, Template)]
#[template(path = "connect/sign_in_again.html")]
pub struct SignInAgainPage {
    /// The frame.
    pub layout: Layout,
    /// The line of steps.
    pub steps: Steps,
    /// The system to sign in to.
    pub system: String,
    /// The company for which to sign in.
    pub company: String,
    /// Pleo's end.
    pub platform: Found,
    /// The accounting end.
    pub accounting: Found,
    /// Why it is needed, in a sentence; `None` when nothing is wrong.
    pub reason: Option<String>,
    /// What works meanwhile, in a sentence.
    pub meanwhile: String,
    /// A key is pasted instead of a sign-in.
    pub with_key: bool,
    /// Until when the link can be used.
    pub expires_at: Moment,
    /// Where the form leads.
    pub action: String,
    /// The form's hidden value.
    pub csrf: String,
}

/// Before a person is sent away to sign in: where to, and what to expect there. Also after a sign-in that came to nothing.
#[derive(Debug, Template)]
#[template(path = "connect/leave.html")]
pub struct LeavePage {
    /// The frame.
    pub layout: Layout,
    /// The line of steps.
    pub steps: Steps,
    /// What went wrong just now, in a sentence.
    pub problem: Option<String>,
    /// What was found at the step before.
    pub found: Option<Found>,
    /// The system to which one is sent.
    pub system: String,
    /// Its host, as the address bar will show it.
    pub host: String,
    /// What to expect there, in a sentence or two.
    pub expect: String,
    /// Whether the person was sent there already and has not come back: the button then sends them again.
    pub again: bool,
    /// Whether a button leads back to another Pleo company (`decision` = `other_platform`).
    pub may_change_platform: bool,
    /// Where the form leads.
    pub action: String,
    /// The form's hidden value.
    pub csrf: String,
}

/// A key is to be pasted.
#[derive(Debug, Template)]
#[template(path = "connect/key.html")]
pub struct KeyPage {
    /// The frame.
    pub layout: Layout,
    /// The line of steps.
    pub steps: Steps,
    /// The system that the key is of.
    pub system: String,
    /// How and where a key is made there, in a sentence or two.
    pub instructions: String,
    /// Where that is described or done, if there is an address.
    pub instructions_url: Option<String>,
    /// How a key begins, such as `plp_`; may be empty.
    pub key_prefix: String,
    /// What is wrong with the key that was sent. The key itself is never shown again.
    pub errors: FormErrors,
    /// Where the form leads.
    pub action: String,
    /// The form's hidden value.
    pub csrf: String,
}

impl KeyPage {
    fn help(&self) -> String {
        if self.key_prefix.is_empty() {
            String::new()
        } else {
            format!("It begins with {}.", self.key_prefix)
        }
    }
}

/// One of several companies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What the form sends as `company`.
    pub id: String,
    /// The name.
    pub name: String,
    /// What tells two of the same name apart: country, registration number, number in the system.
    pub detail: String,
    /// It belongs to another connection and cannot be picked.
    pub taken: bool,
}

/// A company is to be picked (`company`), or one signs in with another account or gives up (`decision`).
#[derive(Debug, Template)]
#[template(path = "connect/choose.html")]
pub struct ChoosePage {
    /// The frame.
    pub layout: Layout,
    /// The line of steps.
    pub steps: Steps,
    /// The system that has several companies.
    pub system: String,
    /// The company at the other end, as far as it is known.
    pub found: Option<Found>,
    /// The companies.
    pub choices: Vec<Choice>,
    /// The `decision` that leads back to the sign-in: `other_platform` or `other_accounting`.
    pub sign_in_anew: &'static str,
    /// What is wrong with what was sent.
    pub errors: FormErrors,
    /// Where the form leads.
    pub action: String,
    /// The form's hidden value.
    pub csrf: String,
}

impl ChoosePage {
    /// Every company belongs to another connection already: there is nothing to pick.
    fn nothing_is_free(&self) -> bool {
        self.choices.iter().all(|choice| choice.taken)
    }
}

/// The pair is shown before it is made (`decision` = `confirm` | `other_accounting` | `cancel`).
#[derive(Debug, Template)]
#[template(path = "connect/confirm.html")]
pub struct ConfirmPage {
    /// The frame.
    pub layout: Layout,
    /// The line of steps.
    pub steps: Steps,
    /// What went wrong just now, in a sentence.
    pub problem: Option<String>,
    /// Pleo's end.
    pub platform: Found,
    /// The accounting end.
    pub accounting: Found,
    /// Names or countries differ so much that a second look is due: in a sentence.
    pub doubt: Option<String>,
    /// Where the form leads.
    pub action: String,
    /// The form's hidden value.
    pub csrf: String,
}

/// It is done. No form.
#[derive(Debug, Template)]
#[template(path = "connect/done.html")]
pub struct DonePage {
    /// The frame.
    pub layout: Layout,
    /// The line of steps.
    pub steps: Steps,
    /// What came of it, such as `The companies are connected`.
    pub heading: String,
    /// What happens from now on, in a sentence or two.
    pub sentence: String,
    /// Whether the application still has to confirm: then the line between the companies is open.
    pub waiting: bool,
    /// Pleo's end.
    pub platform: Found,
    /// The accounting end.
    pub accounting: Found,
    /// Where to go on, if the application said so.
    pub return_to: Option<String>,
}

/// Something is being done that takes a moment; the page looks again by itself, or by its button.
#[derive(Debug, Template)]
#[template(path = "connect/wait.html")]
pub struct WaitPage {
    /// The frame.
    pub layout: Layout,
    /// The line of steps.
    pub steps: Steps,
    /// What is being done, in a sentence.
    pub sentence: String,
    /// The address of this page.
    pub address: String,
}

/// The walk cannot go on: a link that is used, old or wrong, a sign-in from elsewhere, or a person who chose not to.
#[derive(Debug, Template)]
#[template(path = "connect/stopped.html")]
pub struct StoppedPage {
    /// The frame.
    pub layout: Layout,
    /// What happened, in a sentence.
    pub sentence: String,
    /// What was kept, or what stays as it is.
    pub kept: String,
    /// What to do now: what the button says, and where it leads.
    pub button: Option<(String, String)>,
}
