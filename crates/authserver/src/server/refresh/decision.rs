//! What a refresh does: the rotation rules as a pure function.

use std::time::Duration;

use base::Timestamp;

use super::super::presented::PresentedRefresh;
use crate::authorisation::{ActiveTokens, EarlierTokens, EndReason, IssuedRefresh};
use crate::rotation::{ReplayRule, RotationPolicy, RotationRules};

/// How often the value changes under [`RotationPolicy::ChangesDaily`].
const DAY: Duration = Duration::from_hours(24);

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision {
    /// `invalid_grant`, and nothing is changed.
    Refuse,
    /// Refused, as the access token lives too long yet.
    TooEarly,
    /// The authorisation ends, then `invalid_grant`.
    End(EndReason),
    /// The same answer again.
    Resend,
    /// The next generation.
    Rotate(Box<Plan>),
}

/// How the next generation is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    /// The refresh token that was presented.
    pub(super) used: IssuedRefresh,
    /// The refresh token of the answer.
    pub(super) next: NextRefresh,
    /// What of the present generation goes on working.
    pub(super) retire: Option<EarlierTokens>,
    /// Whether refresh tokens retired before are dead from now on.
    pub(super) forget_earlier_refresh: bool,
}

/// The refresh token of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NextRefresh {
    /// A new one.
    New,
    /// The presented one.
    Same(IssuedRefresh),
}

/// Decides. `tokens` are those of the row, `presented` is what the request brought in view of them.
pub(super) fn decide(
    rules: &RotationRules,
    tokens: &ActiveTokens,
    presented: &PresentedRefresh<'_>,
    now: Timestamp,
) -> Decision {
    let over = |reason| match rules.replay {
        ReplayRule::EndsAuthorisation => Decision::End(reason),
        ReplayRule::IsRefused => Decision::Refuse,
    };
    match presented {
        PresentedRefresh::Unknown => Decision::Refuse,
        PresentedRefresh::RotatedOut => over(EndReason::RefreshTokenReplayed),
        PresentedRefresh::Predecessor(before) => {
            if before.successor.is_some() && now < before.retry_until {
                Decision::Resend
            } else {
                over(EndReason::RefreshTokenReplayed)
            }
        }
        PresentedRefresh::Current(used) if now >= used.expires_at => over(EndReason::RefreshTokenExpired),
        PresentedRefresh::Earlier(used) if now >= used.expires_at => over(EndReason::RefreshTokenReplayed),
        PresentedRefresh::Current(_) | PresentedRefresh::Earlier(_) if is_too_early(rules, tokens, now) => {
            Decision::TooEarly
        }
        PresentedRefresh::Current(used) => Decision::Rotate(Box::new(plan(rules, tokens, used, true, now))),
        PresentedRefresh::Earlier(used) => Decision::Rotate(Box::new(plan(rules, tokens, used, false, now))),
    }
}

fn is_too_early(rules: &RotationRules, tokens: &ActiveTokens, now: Timestamp) -> bool {
    let left = tokens.access.as_ref().map_or(Duration::ZERO, |access| access.expires_at.since(now));
    rules.earliest_refresh_before_expiry.is_some_and(|earliest| left > earliest)
}

fn plan(
    rules: &RotationRules,
    tokens: &ActiveTokens,
    used: &IssuedRefresh,
    is_current: bool,
    now: Timestamp,
) -> Plan {
    let same_for_today = rules.policy == RotationPolicy::ChangesDaily && now < used.issued_at + DAY;
    let next = if same_for_today { NextRefresh::Same(used.clone()) } else { NextRefresh::New };
    let current = tokens.refresh.clone();
    let kept_refresh = match rules.policy {
        // When an older one is used again, the successor nobody used is dropped with it, except where all live on.
        RotationPolicy::GracePeriod { seconds } if is_current => current.map(|refresh| {
            let expires_at = refresh.expires_at.min(now + Duration::from_secs(seconds));
            IssuedRefresh { expires_at, ..refresh }
        }),
        RotationPolicy::OldDiesWhenNewIsUsed if is_current => current,
        RotationPolicy::OldLives => current,
        _ => None,
    };
    let kept_access = if rules.kills_access_token { None } else { tokens.access.clone() };
    let retire = rules.keeps_earlier() && (kept_refresh.is_some() || kept_access.is_some());
    Plan {
        used: used.clone(),
        next,
        retire: retire.then_some(EarlierTokens {
            generation: tokens.generation,
            access: kept_access,
            refresh: kept_refresh,
        }),
        forget_earlier_refresh: is_current && rules.policy == RotationPolicy::OldDiesWhenNewIsUsed,
    }
}

#[cfg(test)]
mod tests;
