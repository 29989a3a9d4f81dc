use askama::Template;

use crate::shared::{FormErrors, Layout};

/// Somebody comes by themselves (the Initiation URI): which accounting system is it (`accounting`)?
#[derive(Debug, Template)]
#[template(path = "connect/begin.html")]
pub struct BeginPage {
    /// The frame.
    pub layout: Layout,
    /// The accounting systems: what the form sends, and the name.
    pub offered: Vec<(String, String)>,
    /// What is wrong with what was sent.
    pub errors: FormErrors,
    /// Where the form leads.
    pub action: String,
    /// The form's hidden value.
    pub csrf: String,
}
