use base::StoreError;

/// Why a call of the resource API is refused. `code` is what the wire shows as `type` (facts 7.1 and 12.1).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// 401: no credential came along (RFC 6750 section 3: the challenge then carries no error code).
    #[error(
        "send a credential: `Authorization: Bearer <access token>`, or Basic with the API key as user name"
    )]
    NoCredential,
    /// 401: the credential is unknown, expired, revoked, or the wrong kind for its scheme. Says no more than that.
    #[error("the credential is not valid")]
    InvalidCredential,
    /// 400: two credentials at once (RFC 6750 section 2).
    #[error("send one credential, in the Authorization header alone")]
    TwoCredentials,
    /// 429: too many calls with this credential, or for its company.
    #[error("too many calls; the next one is possible in {} s", pause.as_secs().max(1))]
    TooManyCalls {
        /// How long to wait.
        pause: std::time::Duration,
    },
    /// 403: the credential is good, but lacks a scope.
    #[error("the credential lacks the scope {needed}")]
    InsufficientScope {
        /// The scope that is needed.
        needed: &'static str,
    },
    /// 403: the company exists, but this credential is not for it, or the company is suspended.
    #[error("the credential does not reach this company")]
    ForeignCompany,
    /// 404.
    #[error("{message}")]
    NotFound {
        /// The `type`.
        code: &'static str,
        /// What was not found.
        message: &'static str,
    },
    /// 400: something in the request is wrong.
    #[error("{message}")]
    Invalid {
        /// The `type`.
        code: &'static str,
        /// What, and how it should be.
        message: String,
    },
    /// 409: the installation is there already.
    #[error("this application is already installed")]
    AlreadyInstalled,
    /// 400: an entry lacks a contra account.
    #[error("at least one accounting entry has no contra account yet")]
    MissingContraAccounts,
    /// 409: one running job a company.
    #[error("an export of this company is still running")]
    ExportInProgress,
    /// 413: too many items in one update.
    #[error("at most 100 items can be updated at once")]
    ItemLimit,
    /// 422: the job has ended, or expired.
    #[error("the export job has ended; its items can no longer change")]
    JobFinished,
    /// 422: the event does not fit where the job stands.
    #[error("the export job cannot go there from where it stands")]
    IllegalEvent,
    /// 500 or 503.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// 500: the authorization server or the key ring failed; the cause is for the log.
    #[error("{0}")]
    Internal(String),
}

impl ApiError {
    /// A parameter of the query is missing or wrong.
    pub fn parameter(message: impl Into<String>) -> Self {
        Self::Invalid { code: "PARAMETER_VALIDATION_FAILED", message: message.into() }
    }

    /// A field of the body is missing or wrong.
    pub fn field(message: impl Into<String>) -> Self {
        Self::Invalid { code: "VALIDATION_FAILED", message: message.into() }
    }

    /// The `type` on the wire.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoCredential | Self::InvalidCredential => "UNAUTHORIZED",
            Self::TwoCredentials => "PARAMETER_VALIDATION_FAILED",
            Self::TooManyCalls { .. } => "TOO_MANY_REQUESTS",
            Self::InsufficientScope { .. } | Self::ForeignCompany => "ACCESS_DENIED",
            Self::NotFound { code, .. } | Self::Invalid { code, .. } => code,
            Self::AlreadyInstalled => "INSTALLATION_ALREADY_EXISTS",
            Self::MissingContraAccounts => "MISSING_CONTRA_ACCOUNTS",
            Self::ExportInProgress => "EXPORT_ALREADY_IN_PROGRESS",
            Self::ItemLimit => "EXPORT_JOB_ITEMS_UPDATE_LIMIT",
            Self::JobFinished => "EXPORT_JOB_STATUS_UNPROCESSABLE",
            Self::IllegalEvent => "INVALID_EXPORT_JOB_STATUS_CHANGE",
            Self::Store(StoreError::Unavailable(_) | StoreError::NotWritable(_)) => "SERVICE_UNAVAILABLE",
            Self::Store(_) | Self::Internal(_) => "INTERNAL_ERROR",
        }
    }
}

/// No such company.
pub(crate) const NO_COMPANY: ApiError =
    ApiError::NotFound { code: "COMPANY_NOT_FOUND", message: "there is no such company" };
/// No such employee, or not one that the credential reaches.
pub(crate) const NO_EMPLOYEE: ApiError =
    ApiError::NotFound { code: "EMPLOYEE_NOT_FOUND", message: "there is no such employee" };
/// No installation of this application for this subject.
pub(crate) const NO_INSTALLATION: ApiError =
    ApiError::NotFound { code: "INSTALLATION_NOT_FOUND", message: "this application is not installed here" };
/// No such job, or not one that the credential reaches.
pub(crate) const NO_JOB: ApiError =
    ApiError::NotFound { code: "EXPORT_NOT_FOUND", message: "there is no such export job" };
