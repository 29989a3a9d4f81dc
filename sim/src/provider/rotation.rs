use std::time::Duration;

use super::Issued;
use crate::plan::RotationKind;

/// The tokens of one grant. Pairs and refresh tokens are numbered from 1.
#[derive(Debug, Default)]
pub(crate) struct Family {
    withdrawn_at: Option<Duration>,
    /// By which request and when, if a token that was presented again killed everything.
    revoked: Option<(usize, Duration)>,
    pairs: Vec<Pair>,
    refresh_tokens: Vec<RefreshToken>,
}

#[derive(Debug)]
struct Pair {
    refresh: usize,
    expires_at: Duration,
    is_dead: bool,
}

#[derive(Debug)]
struct RefreshToken {
    parent: usize,
    issued_at: Duration,
    used_at: Option<Duration>,
    superseded_by: Option<(usize, Duration)>,
}

/// Why a refresh token is dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Death {
    /// The customer withdrew the grant.
    Withdrawn,
    /// This request presented an older token, and that killed everything.
    Revoked {
        /// The request.
        request: usize,
    },
    /// This request got a successor, or used one.
    Superseded {
        /// The request.
        request: usize,
    },
    /// Its time after its first use is over.
    GraceOver,
    /// There never was such a token.
    Unknown,
}

impl Family {
    pub(super) fn new(token_life: Duration) -> Self {
        let mut family = Self::default();
        let first = family.add_refresh(0, Duration::ZERO);
        family.issue(first, Duration::ZERO, token_life);
        family
    }

    pub(super) fn withdraw(&mut self, now: Duration) {
        self.withdrawn_at.get_or_insert(now);
    }

    pub(super) fn revoke(&mut self, request: usize, now: Duration) {
        self.revoked.get_or_insert((request, now));
    }

    /// The refresh token of a pair.
    pub(crate) fn refresh_of(&self, pair: usize) -> usize {
        self.pairs[pair - 1].refresh
    }

    /// The request that killed a refresh token by itself, apart from what killed everything.
    pub(crate) fn superseded_by(&self, refresh: usize) -> Option<usize> {
        self.refresh_tokens.get(refresh.checked_sub(1)?)?.superseded_by.map(|(request, _)| request)
    }

    /// Whether the customer has withdrawn the grant.
    pub(crate) fn is_withdrawn(&self) -> bool {
        self.withdrawn_at.is_some()
    }

    pub(super) fn accepts(&self, pair: usize, now: Duration) -> bool {
        let is_good = |pair: &Pair| !pair.is_dead && now < pair.expires_at;
        self.withdrawn_at.is_none()
            && self.revoked.is_none()
            && pair.checked_sub(1).and_then(|index| self.pairs.get(index)).is_some_and(is_good)
    }

    /// Why a token was dead at `now`, which may have passed.
    pub(super) fn death(
        &self,
        refresh: usize,
        now: Duration,
        kind: RotationKind,
        grace: Duration,
    ) -> Option<Death> {
        if let Some((request, _)) = self.revoked.filter(|(_, at)| *at <= now) {
            return Some(Death::Revoked { request });
        }
        let Some(token) = refresh.checked_sub(1).and_then(|index| self.refresh_tokens.get(index)) else {
            return Some(Death::Unknown);
        };
        if let Some((request, _)) = token.superseded_by.filter(|(_, at)| *at <= now) {
            return Some(Death::Superseded { request });
        }
        let over = |used_at: Duration| kind == RotationKind::LivesForAWhile && used_at + grace <= now;
        if token.used_at.is_some_and(over) {
            return Some(Death::GraceOver);
        }
        self.withdrawn_at.filter(|at| *at <= now).map(|_| Death::Withdrawn)
    }

    pub(super) fn access_life_left(&self, refresh: usize, now: Duration) -> Duration {
        let pair = self.pairs.iter().rev().find(|pair| pair.refresh == refresh);
        pair.map_or(Duration::ZERO, |pair| pair.expires_at.saturating_sub(now))
    }

    pub(super) fn age(&self, refresh: usize, now: Duration) -> Duration {
        now.saturating_sub(self.refresh_tokens[refresh - 1].issued_at)
    }

    pub(super) fn note_used(&mut self, refresh: usize, now: Duration) {
        self.refresh_tokens[refresh - 1].used_at.get_or_insert(now);
    }

    pub(super) fn supersede(&mut self, refresh: usize, request: usize, now: Duration) {
        self.refresh_tokens[refresh - 1].superseded_by.get_or_insert((request, now));
    }

    /// A new token has been used: what is older dies, and so do the other successors of its parent.
    pub(super) fn supersede_others(&mut self, refresh: usize, request: usize, now: Duration) {
        let parent = self.refresh_tokens[refresh - 1].parent;
        for (index, token) in self.refresh_tokens.iter_mut().enumerate() {
            let number = index + 1;
            if number < refresh || (token.parent == parent && number != refresh) {
                token.superseded_by.get_or_insert((request, now));
            }
        }
    }

    pub(super) fn kill_access(&mut self) {
        for pair in &mut self.pairs {
            pair.is_dead = true;
        }
    }

    pub(super) fn unused_successor(&self, refresh: usize, now: Duration) -> Option<Issued> {
        let next = self
            .refresh_tokens
            .iter()
            .position(|token| token.parent == refresh && token.used_at.is_none() && refresh > 0)?
            + 1;
        let (index, pair) = self.pairs.iter().enumerate().rev().find(|(_, pair)| pair.refresh == next)?;
        let expires_in = pair.expires_at.saturating_sub(now);
        // A successor whose access token is about to end is of no use: a new one is issued.
        (expires_in > Duration::from_secs(30)).then_some(Issued {
            pair: index + 1,
            refresh: next,
            expires_in,
        })
    }

    pub(super) fn add_refresh(&mut self, parent: usize, now: Duration) -> usize {
        self.refresh_tokens.push(RefreshToken { parent, issued_at: now, used_at: None, superseded_by: None });
        self.refresh_tokens.len()
    }

    pub(super) fn issue(&mut self, refresh: usize, now: Duration, life: Duration) -> Issued {
        self.pairs.push(Pair { refresh, expires_at: now + life, is_dead: false });
        Issued { pair: self.pairs.len(), refresh, expires_in: life }
    }
}
