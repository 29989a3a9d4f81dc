//! Unknown outcomes: a request left, and nobody knows whether it was processed (rule 8, *unknown*, and rule 9).

use std::time::Duration;

use base::Timestamp;
use oauth::introspection::TokenTypeHint;
use providers::{OldRefreshToken, Question, Rotation};

use crate::authority::Inner;
use crate::directory::ProviderAccess;
use crate::flight::Attempt;
use crate::store::Failure;
use crate::token_endpoint::QuestionAnswer;
use crate::{
    AttemptId, AttemptOutcome, DegradedReason, EndReason, Grant, GrantChange, GrantId, GrantState,
    LeaseProof, LendError, Lent, Marker,
};

/// What may be done about an unknown outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// The old refresh token still works: send the same again, with back-off.
    SendAgain,
    /// Wait until the request cannot be under way any more, then ask.
    AskThen,
    /// Wait until then, and as long as the old access token's life allows, then try: only a refusal ends the grant.
    TryLate,
}

/// Room for clocks that differ and requests that are slow, at the end of a window in which an old token is accepted.
const SKEW: Duration = Duration::from_mins(2);

/// What the rotation rule allows at `now` after a request that left at `sent_at`.
pub(crate) fn remedy(rotation: &Rotation, sent_at: Timestamp, now: Timestamp) -> Remedy {
    let old_one_works = match rotation.old_refresh_token {
        OldRefreshToken::Lives | OldRefreshToken::DiesWhenNewIsUsed => true,
        OldRefreshToken::LivesFor(seconds) => {
            now < sent_at + Duration::from_secs(seconds).saturating_sub(SKEW)
        }
        OldRefreshToken::DiesAtOnce => false,
    };
    match (old_one_works, rotation.question) {
        (true, _) => Remedy::SendAgain,
        (false, Question::Introspect | Question::Probe) => Remedy::AskThen,
        (false, Question::None) => Remedy::TryLate,
    }
}

impl Inner {
    /// The request left and its outcome is not known: the marker stays.
    pub(crate) async fn unknown(
        &self,
        proof: &LeaseProof,
        grant: &Grant,
        access: &ProviderAccess,
        attempt: &Attempt,
        marker: Marker,
        detail: String,
    ) -> Result<Lent, LendError> {
        self.stays_unknown(proof, grant, access, attempt, marker, AttemptOutcome::Unknown, detail).await
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one call writes the whole of what is known; a struct would only name them again"
    )]
    async fn stays_unknown(
        &self,
        proof: &LeaseProof,
        grant: &Grant,
        access: &ProviderAccess,
        attempt: &Attempt,
        marker: Marker,
        outcome: AttemptOutcome,
        detail: String,
    ) -> Result<Lent, LendError> {
        let now = self.now();
        let failures = grant.failures + 1;
        let pause = self.settings.retry_pause(failures, &*self.parts.entropy);
        let Some((_, rotation)) = access.rotating() else {
            return self.degraded(proof, grant, attempt, DegradedReason::Misconfigured, None, detail).await;
        };
        let settled = now + self.unsettled_for(grant.id, marker.attempt, rotation);
        let retry_at = match remedy(rotation, marker.at, now + pause) {
            Remedy::SendAgain => now + pause,
            Remedy::AskThen => settled.max(now + pause),
            Remedy::TryLate => {
                let late = grant.expires_at.map_or(settled, |at| at - self.settings.margin.floor);
                settled.max(late).max(now + pause)
            }
        };
        tracing::warn!(grant.id = %grant.id, provider = grant.provider, detail, failures, next_try_at = %retry_at, "the outcome of a refresh is not known");
        let since = match grant.state {
            GrantState::Unknown { since } => since,
            _ => marker.at,
        };
        let newly = !matches!(grant.state, GrantState::Unknown { .. });
        let failure = Failure {
            grant: grant.id,
            generation: grant.generation,
            state: GrantState::Unknown { since },
            marker: Some(marker),
            next_action_at: Some(retry_at),
            failures,
            event: newly.then(|| self.event(grant, GrantChange::Unknown { next_try_at: retry_at })),
            record: self.record(grant, attempt, outcome, detail, grant.generation),
        };
        self.fail(proof, grant, &failure, LendError::Pending { retry_at }).await
    }

    /// A marker stands: of an attempt that ended unknown, or of a holder that is gone (rule 9).
    pub(crate) async fn look_into(
        &self,
        proof: &LeaseProof,
        grant: Grant,
        marker: Marker,
        access: &ProviderAccess,
        attempt: Attempt,
    ) -> Result<Lent, LendError> {
        let Some((_, rotation)) = access.rotating() else {
            let detail = format!("{} has no OAuth", access.provider.name);
            return self.degraded(proof, &grant, &attempt, DegradedReason::Misconfigured, None, detail).await;
        };
        let now = self.now();
        let remedy = remedy(rotation, marker.at, now);
        let unsettled_for = self.unsettled_for(grant.id, marker.attempt, rotation);
        if remedy != Remedy::SendAgain && !unsettled_for.is_zero() {
            // The request may still be on its way: neither the question nor another try would be told the truth.
            if matches!(grant.state, GrantState::Unknown { .. }) {
                self.settling.put_off(grant.id);
                return Err(LendError::Pending { retry_at: now + unsettled_for });
            }
            let detail = "the process that sent the request is gone".to_owned();
            return self.unknown(proof, &grant, access, &attempt, marker, detail).await;
        }
        let unknown_before = marker.unknown_in_a_row;
        match remedy {
            Remedy::SendAgain | Remedy::TryLate => {
                self.refresh(proof, grant, access, attempt, unknown_before).await
            }
            Remedy::AskThen => match self.ask(&grant, access, rotation).await? {
                QuestionAnswer::Alive => {
                    tracing::info!(grant.id = %grant.id, "the lost refresh had not been processed");
                    self.refresh(proof, Grant { marker: None, ..grant }, access, attempt, 0).await
                }
                QuestionAnswer::Dead => {
                    let detail = "the refresh had been processed, and its answer was lost".to_owned();
                    let (reason, outcome) = (EndReason::RefreshAnswerLost, AttemptOutcome::FoundDead);
                    self.end(proof, &grant, &attempt, reason, outcome, detail).await
                }
                QuestionAnswer::NoAnswer => {
                    let detail = "the provider did not say whether the old token is alive".to_owned();
                    self.stays_unknown(
                        proof,
                        &grant,
                        access,
                        &attempt,
                        marker,
                        AttemptOutcome::NoAnswer,
                        detail,
                    )
                    .await
                }
            },
        }
    }

    /// For how long the request of this attempt may still be under way.
    fn unsettled_for(&self, grant: GrantId, attempt: AttemptId, rotation: &Rotation) -> Duration {
        let now = self.parts.clock.monotonic();
        let deadline = rotation.request_deadline();
        self.settling.settled_at(grant, attempt, now, deadline).saturating_sub(now)
    }

    /// For how long the request of an attempt that was overtaken may still be under way, where that matters: the new refresh token may
    /// be the one that it presents (QuickBooks, within its day), and is not to be presented beside it.
    pub(crate) fn overtaken_unsettled_for(&self, grant: &Grant, access: &ProviderAccess) -> Option<Duration> {
        let (overtaken, (_, rotation)) = (grant.overtaken?, access.rotating()?);
        if rotation.old_refresh_token != OldRefreshToken::DiesAtOnce {
            return None;
        }
        let unsettled_for = self.unsettled_for(grant.id, overtaken, rotation);
        (!unsettled_for.is_zero()).then_some(unsettled_for)
    }

    /// Asks by introspection whether the refresh token that was presented is still alive.
    pub(crate) async fn ask(
        &self,
        grant: &Grant,
        access: &ProviderAccess,
        rotation: &Rotation,
    ) -> Result<QuestionAnswer, LendError> {
        let Some(credential) = &grant.credential else { return Ok(QuestionAnswer::NoAnswer) };
        match (rotation.question, &credential.refresh_token) {
            (Question::Introspect, Some(sealed)) => {
                let place = Grant::refresh_place(grant.id, grant.generation);
                let token = self.parts.sealer.open_text(&place, sealed).map_err(|_| LendError::CannotOpen)?;
                let secrets = self.parts.directory.client_secrets(&grant.provider, &grant.client_id).await?;
                let hint = TokenTypeHint::RefreshToken;
                Ok(self.endpoint.introspect(access, &grant.client_id, &secrets, &token, hint).await)
            }
            (Question::Probe, _) if !grant.is_expired(self.now()) => {
                let place = Grant::access_place(grant.id, grant.generation);
                let token = self
                    .parts
                    .sealer
                    .open_text(&place, &credential.access_token)
                    .map_err(|_| LendError::CannotOpen)?;
                Ok(self.endpoint.probe(access, &token).await)
            }
            _ => Ok(QuestionAnswer::NoAnswer),
        }
    }

    /// Never presents what is known to have expired (rule 13): at Pleo that would kill every token of the authorisation.
    /// `None`: go on.
    pub(crate) async fn known_to_have_expired(
        &self,
        proof: &LeaseProof,
        grant: &Grant,
        access: &ProviderAccess,
        attempt: &Attempt,
    ) -> Option<Result<Lent, LendError>> {
        let now = self.now();
        let (_, rotation) = access.rotating()?;
        let hard_end = rotation.hard_end().map(|life| grant.granted_at + life);
        let told = [grant.refresh_token_expires_at, hard_end].into_iter().flatten().min();
        let expired = "the refresh token had expired; it was not presented".to_owned();
        if told.is_some_and(|at| at <= now) {
            let (reason, outcome) = (EndReason::Expired, AttemptOutcome::KnownExpired);
            return Some(self.end(proof, grant, attempt, reason, outcome, expired).await);
        }
        let past_floor = rotation.idle_limit_is_floor
            && rotation.idle_limit().is_some_and(|limit| grant.obtained_at + limit <= now);
        if !past_floor {
            return None;
        }
        match self.ask(grant, access, rotation).await {
            Err(error) => Some(Err(error)),
            Ok(QuestionAnswer::Alive) => None,
            Ok(QuestionAnswer::Dead) => Some(
                self.end(proof, grant, attempt, EndReason::Expired, AttemptOutcome::FoundDead, expired).await,
            ),
            Ok(QuestionAnswer::NoAnswer) => {
                let detail = "the refresh token is older than the provider promises, and nobody said whether it is alive";
                let reason = DegradedReason::ProviderUnreachable;
                Some(self.degraded(proof, grant, attempt, reason, None, detail.to_owned()).await)
            }
        }
    }
}

#[cfg(test)]
mod tests;
