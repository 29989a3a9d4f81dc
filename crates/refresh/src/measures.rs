//! What is counted of grants. By provider, never by grant.

use base::Timestamp;

use crate::{CredentialKind, EndReason, Grant};

/// New tokens were stored in the place of those of `grant`.
pub(crate) fn replaced(grant: &Grant, now: Timestamp) {
    let provider = || grant.provider.clone();
    let age = now.since(grant.obtained_at);
    metrics::histogram!("mainstay_refresh_replaced_age_seconds", "provider" => provider()).record(age);
    if let Some(expires_at) = grant.expires_at {
        let left = expires_at.since(now);
        metrics::histogram!("mainstay_refresh_life_left_seconds", "provider" => provider()).record(left);
    }
}

/// The access token of `grant` was taken out of the store to be lent.
pub(crate) fn lent(grant: &Grant, now: Timestamp) {
    if grant.kind == CredentialKind::OAuth {
        let age = now.since(grant.obtained_at);
        metrics::histogram!("mainstay_lent_token_age_seconds", "provider" => grant.provider.clone())
            .record(age);
    }
}

/// `grant` has ended and needs a person.
pub(crate) fn ended(grant: &Grant, reason: EndReason) {
    metrics::counter!("mainstay_refresh_ended_total", "provider" => grant.provider.clone(), "reason" => reason.code()).increment(1);
}
