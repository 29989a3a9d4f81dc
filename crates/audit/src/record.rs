use std::collections::BTreeMap;

use base::{Id, IdKind, Timestamp};
use seal::MacKeyId;
use serde::Serialize;

/// The kind of an audit record's id.
#[derive(Debug)]
pub struct AuditKind;

impl IdKind for AuditKind {
    const PREFIX: &'static str = "aud_";
}

/// The id of an audit record; later ones sort later.
pub type AuditId = Id<AuditKind>;

/// A row of the audit log. Immutable once written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditRecord {
    /// Its id.
    pub id: AuditId,
    /// When it was done.
    pub at: Timestamp,
    /// Noun and verb.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who did it, as text (see [`crate::Actor`]).
    pub actor: String,
    /// Whose affair it is.
    pub subject: Option<String>,
    /// The OAuth client concerned.
    pub client: Option<String>,
    /// The address it came from.
    pub source: Option<String>,
    /// The request it came with.
    pub request_id: Option<String>,
    /// Short texts.
    pub data: BTreeMap<String, String>,
    /// The keyed check over all of the above.
    #[serde(skip)]
    pub mac: [u8; 32],
    /// The key of the check.
    #[serde(skip)]
    pub key_id: MacKeyId,
}

impl AuditRecord {
    /// The bytes under the check, in parts; the data as JSON with sorted names.
    pub(crate) fn signed_parts(&self) -> Vec<Vec<u8>> {
        // "Absent" and "empty" are told apart by a leading byte.
        let optional = |text: &Option<String>| {
            text.as_ref().map_or_else(Vec::new, |text| format!("+{text}").into_bytes())
        };
        vec![
            self.id.uuid().as_bytes().to_vec(),
            self.at.as_millis().to_be_bytes().to_vec(),
            self.kind.clone().into_bytes(),
            self.actor.clone().into_bytes(),
            optional(&self.subject),
            optional(&self.client),
            optional(&self.source),
            optional(&self.request_id),
            serde_json::to_vec(&self.data).expect("a map of texts is always JSON"),
        ]
    }
}
