//! The provider: its rotation, written from the facts and not from the catalogue, and the gateway before it.

mod gateway;
mod rotation;

pub(crate) use gateway::{PORT, serve};
pub(crate) use rotation::{Death, Family};

use std::time::Duration;

use crate::journal::Code;
use crate::plan::{Plan, RotationKind};

/// The state of a provider, which outlives its host.
#[derive(Debug)]
pub(crate) struct Provider {
    kind: RotationKind,
    token_life: Duration,
    grace: Duration,
    day: Duration,
    replay_kills: bool,
    same_successor: bool,
    families: Vec<Family>,
}

/// What a refresh brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Issued {
    /// The number of the pair.
    pub(crate) pair: usize,
    /// The number of its refresh token.
    pub(crate) refresh: usize,
    /// How long its access token lives from now.
    pub(crate) expires_in: Duration,
}

impl Provider {
    /// A provider that has given each grant its first pair.
    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            kind: plan.kind,
            token_life: plan.token_life,
            grace: plan.grace,
            day: plan.day,
            replay_kills: plan.replay_kills,
            same_successor: plan.same_successor,
            families: (0..plan.grants).map(|_| Family::new(plan.token_life)).collect(),
        }
    }

    /// The tokens of a grant.
    pub(crate) fn family(&self, grant: usize) -> &Family {
        &self.families[grant]
    }

    /// The customer withdraws a grant.
    pub(crate) fn withdraw(&mut self, grant: usize, now: Duration) {
        self.families[grant].withdraw(now);
    }

    /// Whether an access token is accepted.
    pub(crate) fn accepts(&self, grant: usize, pair: usize, now: Duration) -> bool {
        self.families.get(grant).is_some_and(|family| family.accepts(pair, now))
    }

    /// Whether a refresh token is dead, and why.
    pub(crate) fn death(&self, grant: usize, refresh: usize, now: Duration) -> Option<Death> {
        self.families[grant].death(refresh, now, self.kind, self.grace)
    }

    /// Processes a refresh.
    pub(crate) fn refresh(
        &mut self,
        grant: usize,
        refresh: usize,
        request: usize,
        now: Duration,
    ) -> Result<Issued, Code> {
        if let Some(death) = self.death(grant, refresh, now) {
            if self.replay_kills && self.kind.is_strict() && matches!(death, Death::Superseded { .. }) {
                self.families[grant].revoke(request, now);
            }
            return Err(Code::InvalidGrant);
        }
        let family = &mut self.families[grant];
        // Exact Online refuses before the last 30 s of the access token (facts 16.8).
        let too_early = family.access_life_left(refresh, now) > Duration::from_secs(30);
        if self.kind == RotationKind::UntilNewIsUsed && too_early {
            return Err(Code::InvalidRequest);
        }
        if self.kind == RotationKind::LivesForAWhile
            && self.same_successor
            && let Some(issued) = family.unused_successor(refresh, now)
        {
            return Ok(issued);
        }
        let changes = match self.kind {
            RotationKind::ChangesDaily => family.age(refresh, now) >= self.day,
            _ => true,
        };
        family.note_used(refresh, now);
        match self.kind {
            RotationKind::StrictWithQuestion | RotationKind::StrictWithout => {
                family.supersede(refresh, request, now);
            }
            RotationKind::ChangesDaily if changes => family.supersede(refresh, request, now),
            RotationKind::UntilNewIsUsed => family.supersede_others(refresh, request, now),
            _ => {}
        }
        if self.kind == RotationKind::StrictWithQuestion {
            family.kill_access();
        }
        let next = if changes { family.add_refresh(refresh, now) } else { refresh };
        Ok(family.issue(next, now, self.token_life))
    }
}
