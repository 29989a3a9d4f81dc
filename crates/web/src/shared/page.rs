//! The frame of every page, and pages that refuse.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use base::Timestamp;

use super::{Problem, Site, assets, current_request};

/// A template as an answer: `(StatusCode::…, Page(template))` or alone with 200.
#[derive(Debug)]
pub struct Page<T>(pub T);

impl<T: Template> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        match self.0.render() {
            Ok(html) => Html(html).into_response(),
            Err(error) => {
                tracing::error!(%error, "a page could not be rendered");
                Problem::internal().into_response()
            }
        }
    }
}

impl<T: Template> Page<T> {
    /// A page that was made, or one that tells why it was not.
    pub fn or_refusal<E>(made: Result<T, E>, site: &Site) -> Response
    where
        Problem: From<E>,
    {
        match made {
            Ok(page) => Self(page).into_response(),
            Err(error) => refusal(&Problem::from(error), site),
        }
    }
}

/// One entry of the navigation in the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NavigationItem {
    /// What is read.
    pub label: &'static str,
    /// Where it leads, below the public URL: `/settings`.
    pub path: &'static str,
    /// Whether it is the place where one is.
    pub current: bool,
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their name, or their email address where no name is known.
    pub name: String,
    /// The value for the CSRF field of the sign-out form.
    pub csrf: String,
}

/// How a notice is meant. It is shown as a word and a mark, not by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It worked; all is well.
    Good,
    /// For information.
    Plain,
    /// Worth a look.
    Warning,
    /// It failed, or a person is needed.
    Bad,
}

impl Tone {
    /// The class in the stylesheet.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Plain => "plain",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }

    /// The mark beside the word, so that nothing is told by colour alone.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Good => "\u{2713}",
            Self::Plain => "\u{2022}",
            Self::Warning => "!",
            Self::Bad => "\u{2715}",
        }
    }
}

/// A sentence on top of a page that tells what has just happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// How it is meant.
    pub tone: Tone,
    /// The sentence.
    pub text: String,
}

/// A state as a word with a mark, for the macro `ui::badge`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Badge {
    /// How it is meant: decides colour and mark.
    pub tone: Tone,
    /// The word.
    pub label: String,
}

impl Badge {
    /// A badge.
    pub fn new(tone: Tone, label: impl Into<String>) -> Self {
        Self { tone, label: label.into() }
    }
}

/// What the frame of a page needs. Every page's struct has it as its field `layout`, and its template begins with
/// `{% extends "layout.html" %}`.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The page's title: what it is about, without the product's name.
    pub title: String,
    /// The public URL's path: every link begins with it (`{{ layout.base }}/settings`).
    pub base: String,
    /// What stands beside the product's name in the header.
    pub side: String,
    /// Shown as a mark in the header, such as `Staging`.
    pub environment: Option<String>,
    /// The navigation; empty on pages for customers.
    pub navigation: Vec<NavigationItem>,
    /// Who is signed in; then the header has a sign-out button (`POST /logout`).
    pub person: Option<Person>,
    /// What has just happened.
    pub notice: Option<Notice>,
    /// For operators' pages: twice the width.
    pub wide: bool,
}

impl Layout {
    /// The frame of a narrow page without navigation.
    pub fn new(site: &Site, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            base: site.base_path().to_owned(),
            side: site.side.title().to_owned(),
            environment: site.environment.clone(),
            navigation: Vec::new(),
            person: None,
            notice: None,
            wide: false,
        }
    }

    /// Another name in the header, such as that of one accounting stand-in.
    #[must_use]
    pub fn side(mut self, side: impl Into<String>) -> Self {
        self.side = side.into();
        self
    }

    /// With navigation.
    #[must_use]
    pub fn navigation(mut self, items: Vec<NavigationItem>) -> Self {
        self.navigation = items;
        self
    }

    /// With somebody signed in.
    #[must_use]
    pub fn person(mut self, name: impl Into<String>, csrf: impl Into<String>) -> Self {
        self.person = Some(Person { name: name.into(), csrf: csrf.into() });
        self
    }

    /// With a sentence on what has just happened.
    #[must_use]
    pub fn notice(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.notice = Some(Notice { tone, text: text.into() });
        self
    }

    /// At twice the width.
    #[must_use]
    pub fn wide(mut self) -> Self {
        self.wide = true;
        self
    }

    /// The stylesheet's address.
    pub fn style(&self) -> String {
        format!("{}{}", self.base, assets::STYLE.path())
    }

    /// The script's address.
    pub fn script(&self) -> String {
        format!("{}{}", self.base, assets::SCRIPT.path())
    }

    /// The icon's address.
    pub fn icon(&self) -> String {
        format!("{}{}", self.base, assets::ICON.path())
    }
}

/// A moment for the macro `ui::time`: a sentence in UTC that the script turns into the reader's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub Timestamp);

impl Moment {
    /// For `datetime`: RFC 3339.
    pub fn machine(self) -> String {
        self.0.to_string()
    }

    /// For people.
    pub fn sentence(self) -> String {
        self.0.to_sentence()
    }

    /// The day alone, for people.
    pub fn day(self) -> String {
        let text = self.0.to_sentence();
        text.split(',').next().unwrap_or_default().to_owned()
    }
}

#[derive(Debug, Template)]
#[template(path = "layout/refusal.html")]
struct RefusalPage {
    layout: Layout,
    detail: String,
    /// What the link to the side's first page says, which leads to the sign-in whoever is not signed in.
    way_on: Option<&'static str>,
    request_id: Option<String>,
}

/// The page that tells of a problem.
pub(super) fn refusal(problem: &Problem, site: &Site) -> Response {
    let (title, detail) = match problem.kind() {
        "method-not-allowed" => (
            "This page cannot be opened by its address",
            "This page is only reached by sending a form. Start again from the page with the form.",
        ),
        _ => (problem.title(), problem.detail_text().unwrap_or_default()),
    };
    let way_on = match problem.kind() {
        "signed-out" | "unauthorized" => "Sign in",
        _ => "Go to the start page",
    };
    let page = RefusalPage {
        layout: Layout::new(site, title),
        detail: detail.to_owned(),
        way_on: Some(way_on),
        request_id: current_request().map(|id| id.to_string()),
    };
    let mut response = (problem.status(), Page(page)).into_response();
    problem.decorate(&mut response);
    response
}
