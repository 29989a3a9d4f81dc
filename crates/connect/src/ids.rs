use base::{Id, IdKind};

macro_rules! kind {
    ($kind:ident, $id:ident, $prefix:literal, $what:literal) => {
        #[doc = concat!("The kind of [`", stringify!($id), "`].")]
        #[derive(Debug, Clone, Copy)]
        pub struct $kind;
        impl IdKind for $kind {
            const PREFIX: &'static str = $prefix;
        }
        #[doc = $what]
        pub type $id = Id<$kind>;
    };
}

kind!(ConnectionKind, ConnectionId, "con_", "The pair of one Pleo company and one accounting company.");
kind!(ConnectSessionKind, ConnectSessionId, "cse_", "One walk through the connecting pages.");
kind!(EventKind, EventId, "evt_", "Something that happened; also the `webhook-id` it is delivered under.");
kind!(ApiTokenKind, ApiTokenId, "atk_", "An API token of a backend.");
kind!(
    OAuthClientKind,
    OAuthClientId,
    "ocl_",
    "The integration's own OAuth client at one provider and environment."
);
kind!(ClientSecretKind, ClientSecretId, "ocs_", "One of the live secrets of such a client.");
