use askama::Template;

use super::{Chart, Found};
use crate::shared::page::{Badge, Moment, Tone};
use crate::shared::{FormErrors, Layout};

/// An operator signs in (`email`, `password`).
#[derive(Debug, Template)]
#[template(path = "connect/sign_in.html")]
pub struct SignInPage {
    /// The frame.
    pub layout: Layout,
    /// The address as it was sent before.
    pub email: String,
    /// What is wrong with what was sent.
    pub errors: FormErrors,
    /// Where the form leads.
    pub action: String,
    /// The form's hidden value.
    pub csrf: String,
    /// Where to go afterwards: a path of this side.
    pub next: String,
}

/// How many connections are in a state, as a link to them.
#[derive(Debug, Clone)]
pub struct Count {
    /// The state's word in addresses, such as `attention`.
    pub state: &'static str,
    /// The state.
    pub badge: Badge,
    /// How many.
    pub number: u64,
    /// The address of the list of them.
    pub href: String,
    /// Whether the list below shows these.
    pub current: bool,
}

/// Two companies in a line.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The connection's page.
    pub href: String,
    /// The Pleo company's name.
    pub platform: String,
    /// The accounting company's name.
    pub accounting: String,
    /// The accounting system's name.
    pub system: String,
}

/// What needs a person now or within 30 days.
#[derive(Debug, Clone)]
pub struct Attention {
    /// Which connection.
    pub pair: Pair,
    /// Its state.
    pub badge: Badge,
    /// What is wrong, since when and why; or what will end when.
    pub sentence: String,
}

/// A connection in the list.
#[derive(Debug, Clone)]
pub struct ConnectionRow {
    /// Which.
    pub pair: Pair,
    /// The backend's own name for it; may be empty.
    pub reference: String,
    /// Its state.
    pub badge: Badge,
    /// Why it is not simply active; may be empty.
    pub reason: String,
    /// When either end was last proven good: the older of the two.
    pub proven_at: Moment,
}

/// All connections.
#[derive(Debug, Template)]
#[template(path = "connect/overview.html")]
pub struct OverviewPage {
    /// The frame.
    pub layout: Layout,
    /// By state.
    pub counts: Vec<Count>,
    /// What needs a person, the most urgent first.
    pub attention: Vec<Attention>,
    /// The filter's text.
    pub text: String,
    /// The filter's state; empty for all.
    pub state: String,
    /// The connections of this page of the list.
    pub rows: Vec<ConnectionRow>,
    /// Where the list goes on.
    pub next: Option<String>,
    /// Where the list begins, on a later page of it.
    pub first: Option<String>,
}

/// A name and a value.
#[derive(Debug, Clone)]
pub struct Fact {
    /// The name.
    pub name: String,
    /// The value in words; beside it a moment, if there is one.
    pub value: String,
    /// A moment; shown behind the value.
    pub moment: Option<Moment>,
}

impl Fact {
    /// A name and a value.
    pub fn text(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into(), moment: None }
    }

    /// A name and a moment.
    pub fn moment(name: impl Into<String>, moment: Moment) -> Self {
        Self { name: name.into(), value: String::new(), moment: Some(moment) }
    }
}

/// One end of a connection.
#[derive(Debug, Clone)]
pub struct EndView {
    /// `Pleo` or the accounting system's name, and the company.
    pub found: Found,
    /// Its state.
    pub badge: Badge,
    /// Why it is not simply active.
    pub reason: Option<String>,
    /// Kind of credential, scopes, generation, last proven good, next refresh, when it will end and how sure that is.
    pub facts: Vec<Fact>,
    /// Where "Sign in again" posts to; `None` where it is not possible.
    pub sign_in_again: Option<String>,
    /// Where a new API key is posted to (`api_key`); `None` where this end has none.
    pub replace_key: Option<String>,
    /// What is wrong with a key that was sent.
    pub errors: FormErrors,
}

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Happening {
    /// How it is meant.
    pub tone: Tone,
    /// What kind of event, in words.
    pub title: String,
    /// What a person needs to know.
    pub sentence: String,
    /// When.
    pub at: Moment,
}

/// One connection.
#[derive(Debug, Template)]
#[template(path = "connect/connection.html")]
pub struct ConnectionPage {
    /// The frame.
    pub layout: Layout,
    /// Its id.
    pub id: String,
    /// The backend's own name for it; may be empty.
    pub reference: String,
    /// Its state.
    pub badge: Badge,
    /// Why it is not simply active, and what then works meanwhile.
    pub reason: Option<String>,
    /// How the line between the companies is drawn: `joined`, `waiting` or `broken`.
    pub line: &'static str,
    /// Pleo's end.
    pub platform: EndView,
    /// The accounting end.
    pub accounting: EndView,
    /// When the pair was made.
    pub created_at: Moment,
    /// Refreshes and refusals.
    pub chart: Chart,
    /// What happened, newest first.
    pub timeline: Vec<Happening>,
    /// Where earlier events are.
    pub earlier: Option<String>,
    /// Where "Disconnect" posts to; `None` once it is over.
    pub disconnect: Option<String>,
    /// The forms' hidden value.
    pub csrf: String,
}

impl ConnectionPage {
    /// Both ends, in the order of a person's walk.
    fn ends(&self) -> [&EndView; 2] {
        [&self.platform, &self.accounting]
    }
}

/// A link for a customer was made; it is shown this once.
#[derive(Debug, Template)]
#[template(path = "connect/link.html")]
pub struct LinkPage {
    /// The frame.
    pub layout: Layout,
    /// The link. It holds a secret.
    pub url: String,
    /// For whom and for what, in a sentence.
    pub sentence: String,
    /// Until when it can be used.
    pub expires_at: Moment,
    /// Where one came from.
    pub back: String,
}
