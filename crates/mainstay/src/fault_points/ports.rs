//! The ports of the refresh authority with a fault point in them.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base::{StoreError, Timestamp};
use futures_util::future::{Either, select};
use http::{Request, Response};
use outbound::{Body, HttpClient, SendError, SendOptions, Unknown};
use refresh::spill::{Spill as SpillPort, SpillError, SpillSlot, Spilled};
use refresh::{
    AttemptRecord, Cause, DueGrant, Epoch, Failure, GivenCredential, Grant, GrantEvent, GrantId, Lease,
    LeaseAnswer, LeaseProof, Marker, NumberedGrantEvent, Rotation, RotationStored, Store as StorePort,
};

use super::{Step, Strike};

/// Around the store.
pub(super) struct Store {
    pub(super) inner: Arc<dyn StorePort>,
    pub(super) strike: Arc<Strike>,
}

#[async_trait]
impl StorePort for Store {
    async fn begin_attempt(
        &self,
        proof: &LeaseProof,
        marker: &Marker,
        cause: Cause,
    ) -> Result<bool, StoreError> {
        self.strike.reached(Step::BeforeMarker);
        let written = self.inner.begin_attempt(proof, marker, cause).await?;
        if written {
            self.strike.reached(Step::AfterMarker);
        }
        Ok(written)
    }

    async fn store_rotation(&self, rotation: &Rotation) -> Result<RotationStored, StoreError> {
        if self.strike.waits_at(Step::AfterSpill) {
            return Err(StoreError::Unavailable(
                "it refuses on purpose, until the answer is on disk".to_owned(),
            ));
        }
        self.strike.reached(Step::BeforeCommit);
        let stored = self.inner.store_rotation(rotation).await?;
        self.strike.reached(Step::AfterCommit);
        Ok(stored)
    }

    async fn grant(&self, id: GrantId) -> Result<Option<Grant>, StoreError> {
        self.inner.grant(id).await
    }

    async fn give(&self, given: &GivenCredential) -> Result<bool, StoreError> {
        self.inner.give(given).await
    }

    async fn take_lease(
        &self,
        id: GrantId,
        owner: &str,
        seen: Option<&Lease>,
    ) -> Result<LeaseAnswer, StoreError> {
        self.inner.take_lease(id, owner, seen).await
    }

    async fn renew_lease(&self, proof: &LeaseProof) -> Result<bool, StoreError> {
        self.inner.renew_lease(proof).await
    }

    async fn release_lease(&self, proof: &LeaseProof) -> Result<(), StoreError> {
        self.inner.release_lease(proof).await
    }

    async fn record_failure(&self, proof: &LeaseProof, failure: &Failure) -> Result<bool, StoreError> {
        self.inner.record_failure(proof, failure).await
    }

    async fn postpone(
        &self,
        id: GrantId,
        generation: u64,
        next_action_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.inner.postpone(id, generation, next_action_at).await
    }

    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<DueGrant>, StoreError> {
        self.inner.due(now, limit).await
    }

    async fn note_used(&self, used: &[(GrantId, Timestamp)]) -> Result<(), StoreError> {
        self.inner.note_used(used).await
    }

    async fn note_proven(&self, id: GrantId, generation: u64, at: Timestamp) -> Result<(), StoreError> {
        self.inner.note_proven(id, generation, at).await
    }

    async fn end(&self, id: GrantId, generation: u64, event: &GrantEvent) -> Result<bool, StoreError> {
        self.inner.end(id, generation, event).await
    }

    async fn events_after(&self, after: u64, limit: u32) -> Result<Vec<NumberedGrantEvent>, StoreError> {
        self.inner.events_after(after, limit).await
    }

    async fn last_event(&self) -> Result<u64, StoreError> {
        self.inner.last_event().await
    }

    async fn epoch(&self) -> Result<Epoch, StoreError> {
        self.inner.epoch().await
    }

    async fn raise_epoch(&self, from: u64, now: Timestamp) -> Result<bool, StoreError> {
        self.inner.raise_epoch(from, now).await
    }

    async fn beat(&self, now: Timestamp) -> Result<(), StoreError> {
        self.inner.beat(now).await
    }

    async fn clear_doubt(&self, proof: &LeaseProof, generation: u64, epoch: u64) -> Result<bool, StoreError> {
        self.inner.clear_doubt(proof, generation, epoch).await
    }

    async fn in_doubt(&self) -> Result<u64, StoreError> {
        self.inner.in_doubt().await
    }

    async fn accept_restored(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.inner.accept_restored(now).await
    }

    async fn attempts(&self, id: GrantId, limit: u32) -> Result<Vec<AttemptRecord>, StoreError> {
        self.inner.attempts(id, limit).await
    }
}

/// Around the way out. Refresh requests alone are struck at.
#[derive(Debug)]
pub(super) struct Http {
    pub(super) inner: Arc<dyn HttpClient>,
    pub(super) strike: Arc<Strike>,
}

/// Larger than any token request or answer.
const LARGEST: usize = 1024 * 1024;

/// By then a request to a provider on this machine has arrived there. It must hold its answer back for longer.
const ARRIVED: Duration = Duration::from_millis(500);

#[async_trait]
impl HttpClient for Http {
    async fn send(&self, request: Request<Body>, options: &SendOptions) -> Result<Response<Body>, SendError> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let (head, body) = request.into_parts();
        let body =
            body.collect_up_to(LARGEST).await.map_err(|_| SendError::BadRequest("its body broke off"))?;
        let is_refresh = body.windows(REFRESH.len()).any(|window| window == REFRESH);
        let request = Request::from_parts(head, Body::from(body));
        if !is_refresh {
            return self.inner.send(request, options).await;
        }
        let sending = self.inner.send(request, options);
        let answer = if self.strike.waits_at(Step::AfterSending) {
            match select(sending, pin!(tokio::time::sleep(ARRIVED))).await {
                Either::Left((answer, _)) => {
                    tracing::error!(event = "fault_point.missed", "the answer came before the strike");
                    answer
                }
                Either::Right(((), sending)) => {
                    self.strike.reached(Step::AfterSending);
                    sending.await
                }
            }
        } else {
            sending.await
        };
        let answer = answer?;
        if !self.strike.waits_at(Step::AfterAnswer) {
            return Ok(answer);
        }
        let (head, body) = answer.into_parts();
        let body = body
            .collect_up_to(LARGEST)
            .await
            .map_err(|error| Unknown::Cut { host, cause: error.to_string() })?;
        self.strike.reached(Step::AfterAnswer);
        Ok(Response::from_parts(head, Body::from(body)))
    }
}

/// What a refresh request has in its body and no other request (RFC 6749 section 6).
const REFRESH: &[u8] = b"grant_type=refresh_token";

/// Around the spill files.
#[derive(Debug)]
pub(super) struct Spill {
    pub(super) inner: Arc<dyn SpillPort>,
    pub(super) strike: Arc<Strike>,
}

#[async_trait]
impl SpillPort for Spill {
    async fn reserve(&self) -> Result<Box<dyn SpillSlot>, SpillError> {
        let inner = self.inner.reserve().await?;
        Ok(Box::new(Slot { inner, strike: Arc::clone(&self.strike) }))
    }

    async fn left_behind(&self) -> Result<Vec<(Spilled, Box<dyn SpillSlot>)>, SpillError> {
        self.inner.left_behind().await
    }
}

#[derive(Debug)]
struct Slot {
    inner: Box<dyn SpillSlot>,
    strike: Arc<Strike>,
}

#[async_trait]
impl SpillSlot for Slot {
    async fn write(&mut self, spilled: &Spilled) -> Result<(), SpillError> {
        self.inner.write(spilled).await?;
        self.strike.reached(Step::AfterSpill);
        Ok(())
    }

    fn name(&self) -> String {
        self.inner.name()
    }

    async fn clear(&mut self) -> Result<(), SpillError> {
        self.inner.clear().await
    }
}
