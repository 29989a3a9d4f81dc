use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use base::{StoreError, Timestamp};
use seal::{MacKeyId, Purpose};

use crate::{AuditEvent, Auditor, ExportFilter, Origin, Problem, Store, VerifyError};

/// What the check is over.
const CONTEXT: &str = "rotation 1";
/// Where a record tells how far the authorisation had come.
const REACHED: &str = "reached_generation";
/// How many are read at once when all are verified.
const PAGE: u32 = 1000;

/// One refresh of tokens, as its own log keeps it.
///
/// Refreshes are the only acts of which a server does thousands a second, so they are not sealed in blocks one behind the other.
/// Instead each authorisation's rotations are a chain of their own: generations have no gaps and end at the generation of the
/// authorisation itself, without which no token works. A row that was changed is told by its check, one that is missing or cut off
/// by the count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// When.
    pub at: Timestamp,
    /// The id of the authorisation.
    pub authorisation: String,
    /// The generation that it reached.
    pub generation: u32,
    /// The client that refreshed.
    pub client: String,
    /// Whose affair it is.
    pub subject: String,
    /// The address it came from.
    pub source: Option<String>,
    /// The request it came with.
    pub request_id: Option<String>,
    /// The keyed check over all of the above.
    pub mac: [u8; 32],
    /// The key of the check.
    pub key_id: MacKeyId,
}

/// An authorisation whose log does not hold as many rotations as its generation tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotationGap {
    /// The id of the authorisation.
    pub authorisation: String,
    /// How many there must be.
    pub expected: u64,
    /// How many there are.
    pub found: u64,
}

/// Where rotations lie. They are written by the port that rotates.
#[async_trait]
pub trait RotationStore: Send + Sync {
    /// Up to `limit` rotations by moment, authorisation and generation, after the given one.
    async fn rotations(&self, after: Option<Rotation>, limit: u32) -> Result<Vec<Rotation>, StoreError>;

    /// Some authorisation with more or fewer rotations than it must have; one that is not there must have none.
    async fn rotation_gap(&self) -> Result<Option<RotationGap>, StoreError>;

    /// The generations of those of these authorisations that are there. At least one is asked for.
    async fn generations(&self, authorisations: Vec<String>) -> Result<BTreeMap<String, u64>, StoreError>;
}

impl Auditor {
    /// The log's row of a refresh that happens at `at`.
    pub fn rotation(
        &self,
        at: Timestamp,
        authorisation: String,
        generation: u32,
        (client, subject): (String, String),
        origin: &Origin,
    ) -> Rotation {
        let key = self.keys.current(Purpose::Audit);
        let (source, request_id) = (origin.source.clone(), origin.request_id.clone());
        let key_id = key.id().clone();
        let mut rotation = Rotation {
            at,
            authorisation,
            generation,
            client,
            subject,
            source,
            request_id,
            mac: [0; 32],
            key_id,
        };
        rotation.mac = rotation.with_parts(|parts| key.mac(CONTEXT, parts));
        rotation
    }

    /// Whether a rotation is as it was written.
    pub fn verify_rotation(&self, rotation: &Rotation) -> Result<(), VerifyError> {
        let key = self.keys.by_id(Purpose::Audit, &rotation.key_id).ok_or(VerifyError::UnknownKey)?;
        let is_right = rotation.with_parts(|parts| key.verify(CONTEXT, parts, &rotation.mac));
        if is_right { Ok(()) } else { Err(VerifyError::Changed) }
    }
}

impl Rotation {
    /// The bytes under the check.
    fn with_parts<T>(&self, work: impl FnOnce(&[&[u8]]) -> T) -> T {
        // "Absent" and "empty" are told apart by a part more.
        let (source, request_id) = (self.source.as_deref(), self.request_id.as_deref());
        work(&[
            &self.at.as_millis().to_be_bytes(),
            self.authorisation.as_bytes(),
            &self.generation.to_be_bytes(),
            self.client.as_bytes(),
            self.subject.as_bytes(),
            &[u8::from(source.is_some()), u8::from(request_id.is_some())],
            source.unwrap_or_default().as_bytes(),
            request_id.unwrap_or_default().as_bytes(),
        ])
    }
}

/// Verifies all rotations; how many there are, and the first thing that is wrong.
pub async fn verify_rotations(
    store: &dyn RotationStore,
    auditor: &Auditor,
) -> Result<(u64, Option<Problem>), StoreError> {
    let (mut verified, mut after) = (0, None);
    loop {
        let page = store.rotations(after, PAGE).await?;
        for rotation in &page {
            if let Err(error) = auditor.verify_rotation(rotation) {
                let place = format!("rotation {} of {}", rotation.generation, rotation.authorisation);
                return Ok((verified, Some(Problem { place, what: error.to_string() })));
            }
            verified += 1;
        }
        let is_last = page.len() < PAGE as usize;
        after = page.into_iter().next_back();
        if is_last {
            break;
        }
    }
    let gap = store.rotation_gap().await?.map(|gap| Problem {
        place: format!("authorisation {}", gap.authorisation),
        what: format!("its row tells of {} refreshes and the log holds {}", gap.expected, gap.found),
    });
    Ok((verified, gap))
}

/// Holds the authorisations against the records that tell how far they had come ([`reached`]): the first one that is not there or has
/// fallen back, if there is one. Rows of authorisations that were exchanged are never deleted by Mainstay.
pub async fn verify_reached(
    records: &dyn Store,
    rotations: &dyn RotationStore,
) -> Result<Option<Problem>, StoreError> {
    let mut filter = ExportFilter::default();
    loop {
        let page = records.export_audit(filter.clone(), PAGE).await?;
        let told: Vec<(&String, u64)> = page.iter().filter_map(|record| told_by(&record.data)).collect();
        if !told.is_empty() {
            let ids: BTreeSet<&String> = told.iter().map(|(id, _)| *id).collect();
            let found = rotations.generations(ids.into_iter().cloned().collect()).await?;
            for (id, reached) in told {
                let what = match found.get(id) {
                    None => "its code was exchanged, and it is not there".to_owned(),
                    Some(&generation) if generation < reached => {
                        format!("it had come to generation {reached}, and its row tells of {generation}")
                    }
                    Some(_) => continue,
                };
                return Ok(Some(Problem { place: format!("authorisation {id}"), what }));
            }
        }
        if page.len() < PAGE as usize {
            return Ok(None);
        }
        filter.after = page.last().map(|record| record.id);
    }
}

fn told_by(data: &BTreeMap<String, String>) -> Option<(&String, u64)> {
    Some((data.get("authorisation")?, data.get(REACHED)?.parse().ok()?))
}

/// `event` about the authorisation that it names, with the generation that this has reached at least.
#[must_use]
pub fn reached(event: AuditEvent, generation: u32) -> AuditEvent {
    event.with(REACHED, generation)
}
