use authserver::{ClientError, ClientId};
use base::StoreError;
use identity::AccountError;

/// Why an act of a person or an operator is refused.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// They may not: only an admin or bookkeeper of the company may.
    #[error("only an admin or bookkeeper of the company may do this")]
    NotAllowed,
    /// What it is about is not there.
    #[error("there is no {what}")]
    NotFound {
        /// What, with its name.
        what: String,
    },
    /// A field has a value that cannot be.
    #[error("{message}")]
    Invalid {
        /// The field's name in the form.
        field: &'static str,
        /// What is wrong, and what would be right.
        message: String,
    },
    /// The account could not be changed.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The client could not be changed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ActError {
    pub(crate) fn no_client(client_id: &ClientId) -> Self {
        Self::NotFound { what: format!("application {client_id}") }
    }

    pub(crate) fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { field, message: message.into() }
    }
}
