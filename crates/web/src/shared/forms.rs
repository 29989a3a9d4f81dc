/// The name of the hidden field that carries a session's CSRF value in every form that somebody signed in posts.
///
/// The contract: `identity` makes the value from the session and checks it; a page puts it into the form by the macro
/// `ui::csrf`; the handler reads it as `csrf` and asks `identity` before it does anything. [`frame`](super::frame()) has refused
/// posts from other sites before that.
pub const CSRF_FIELD: &str = "csrf";

/// What is wrong with one field, for the person who filled it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name in the form.
    pub field: &'static str,
    /// One sentence: what is wrong and what would be right.
    pub message: String,
}

/// What is wrong with a form: shown in a summary on top, and beside each field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormErrors(Vec<FieldError>);

impl FormErrors {
    /// Nothing wrong.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// One thing wrong.
    pub fn one(field: &'static str, message: impl Into<String>) -> Self {
        let mut errors = Self::none();
        errors.add(field, message);
        errors
    }

    /// Adds what is wrong with `field`.
    pub fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.0.push(FieldError { field, message: message.into() });
    }

    /// Everything that is wrong with `field`; empty when nothing is.
    pub fn of(&self, field: &str) -> String {
        let messages = self.0.iter().filter(|error| error.field == field).map(|error| error.message.as_str());
        messages.collect::<Vec<_>>().join(" ")
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in the order of adding.
    pub fn iter(&self) -> std::slice::Iter<'_, FieldError> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a FormErrors {
    type Item = &'a FieldError;
    type IntoIter = std::slice::Iter<'a, FieldError>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
