use axum::response::{IntoResponse, Response};

use super::{Problem, Site, page};

/// A part of a server that answers refusals in one shape. A marker type: `Form<T, Pages>` refuses with a page.
///
/// A side defines its own where neither [`Api`] nor [`Pages`] fits, such as the OAuth endpoints (RFC 6749 section 5.2).
pub trait Surface: Send + Sync + 'static {
    /// Whether people reach it with a browser and cookies: then a POST from another site is refused.
    const BROWSER: bool = false;

    /// The answer that tells of `problem`.
    fn refuse(problem: Problem, site: &Site) -> Response;
}

/// Machines: refusals are RFC 9457 problem details.
#[derive(Debug, Clone, Copy)]
pub struct Api;

impl Surface for Api {
    fn refuse(problem: Problem, _site: &Site) -> Response {
        problem.into_response()
    }
}

/// People: refusals are pages.
#[derive(Debug, Clone, Copy)]
pub struct Pages;

impl Surface for Pages {
    const BROWSER: bool = true;

    fn refuse(problem: Problem, site: &Site) -> Response {
        page::refusal(&problem, site)
    }
}

/// A [`Surface`] as a value: what [`Site::manner_of`] finds for a path.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    pub(super) refuse: fn(Problem, &Site) -> Response,
    pub(super) browser: bool,
}

impl Manner {
    /// The manner of surface `S`.
    pub fn of<S: Surface>() -> Self {
        Self { refuse: S::refuse, browser: S::BROWSER }
    }

    /// The usual division: versioned paths, OAuth endpoints for machines, sandbox switches and the vital signs are an
    /// API; everything else is for people.
    pub fn by_path(path: &str) -> Self {
        const MACHINES: [&str; 11] = [
            "/v1",
            "/v2",
            "/v3",
            "/oauth/token",
            "/oauth/revoke",
            "/oauth/register",
            "/.well-known",
            "/sandbox",
            "/healthz",
            "/readyz",
            "/metrics",
        ];
        let below = |prefix: &str| {
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if MACHINES.into_iter().any(below) { Self::of::<Api>() } else { Self::of::<Pages>() }
    }
}
