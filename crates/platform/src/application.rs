use authserver::{Client, ClientState, Presentation};
use base::Scope;

use crate::SubjectType;

/// The name under which a client keeps whether its installations start as AUTHORIZED.
pub(crate) const SETUP_REQUIRED: &str = "setup_required";
/// The name under which a client keeps whether installing it makes an integrated API key.
pub(crate) const INTEGRATED_API_KEYS: &str = "integrated_api_keys";

/// The name under which a client keeps whether it is in the directory of integrations.
pub(crate) const DIRECTORY: &str = "directory";
/// What stands there if it is.
pub(crate) const LISTED: &str = "listed";

/// An OAuth client as Pleo's side sees it: how it is shown to people, and how it is installed (facts 3 and 11).
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own with a yes or a no")]
pub struct Application {
    /// The client it belongs to.
    pub client_id: String,
    /// The brand name, shown at consent.
    pub name: String,
    /// What it works on.
    pub subject_type: SubjectType,
    /// Whether an installation starts as AUTHORIZED and must be activated by the integration (facts 11).
    pub setup_required: bool,
    /// Whether installing it from the directory makes an integrated API key (facts 10.2).
    pub integrated_api_keys: bool,
    /// The scopes it may ask for; those of an integrated key are exactly these.
    pub scope: Scope,
    /// Whether Pleo has approved it as it is now: people may give it access.
    pub approved: bool,
    /// Whether what it was given works: also while a change of it waits for review.
    pub serves: bool,
    /// Whether it is to be in the directory of integrations. Registering a client does not put it there; one of the seed that
    /// is installed with an API key is there, as people could not install it otherwise.
    pub in_directory: bool,
    /// What people see of it.
    pub presentation: Presentation,
}

impl From<&Client> for Application {
    fn from(client: &Client) -> Self {
        let spec = &client.spec;
        let is_set = |name: &str| spec.attributes.get(name).is_some_and(|value| value == "true");
        Self {
            client_id: spec.client_id.as_str().to_owned(),
            name: spec.name.clone(),
            // A word of a newer version is read as the narrower of the two.
            subject_type: spec.subject_type.as_deref().and_then(|word| word.parse().ok()).unwrap_or_default(),
            setup_required: is_set(SETUP_REQUIRED),
            integrated_api_keys: is_set(INTEGRATED_API_KEYS),
            scope: spec.scope.clone(),
            approved: client.state == ClientState::Approved,
            serves: client.state.serves(),
            in_directory: match spec.attributes.get(DIRECTORY) {
                Some(word) => word == LISTED,
                None => is_set(INTEGRATED_API_KEYS),
            },
            presentation: spec.presentation.clone(),
        }
    }
}
