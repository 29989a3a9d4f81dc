//! What a token that was presented is, in view of the row it names. Pure, but for the reading of keys.

use base::{Scope, Timestamp};
use oauth::token_text::TokenText;
use seal::Keys;

use super::issue::{ACCESS_CONTEXT, REFRESH_CONTEXT};
use crate::authorisation::{ActiveTokens, EarlierTokens, IssuedAccess, IssuedRefresh, Predecessor};
use crate::token_kinds::{AccessToken, RefreshToken};

/// A refresh token in view of its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PresentedRefresh<'a> {
    /// The one that works now; it may have expired.
    Current(&'a IssuedRefresh),
    /// The one before it, whose successor is kept for a retry.
    Predecessor(&'a Predecessor),
    /// Stand-ins: one before it that still works.
    Earlier(&'a IssuedRefresh),
    /// One that was rotated out.
    RotatedOut,
    /// One this row does not know of: after the restoring of a backup, for example.
    Unknown,
}

/// What a refresh token is. Its text has passed the keyed check, so it was made here once.
pub(super) fn refresh<'a>(
    keys: &Keys,
    token: &TokenText<RefreshToken>,
    tokens: &'a ActiveTokens,
    earlier: &'a [EarlierTokens],
) -> PresentedRefresh<'a> {
    let is = |hash: &crate::KeyedHash, generation| {
        generation == token.generation
            && hash.matches(keys, REFRESH_CONTEXT, token.row.as_bytes(), token.secret.expose())
    };
    if let Some(current) = tokens.refresh.as_ref().filter(|refresh| is(&refresh.hash, refresh.generation)) {
        return PresentedRefresh::Current(current);
    }
    if let Some(predecessor) =
        tokens.predecessor.as_ref().filter(|before| is(&before.hash, before.generation))
    {
        return PresentedRefresh::Predecessor(predecessor);
    }
    let earlier = earlier.iter().filter_map(|row| row.refresh.as_ref());
    if let Some(earlier) = earlier.into_iter().find(|refresh| is(&refresh.hash, refresh.generation)) {
        return PresentedRefresh::Earlier(earlier);
    }
    let current = tokens.refresh.as_ref().map_or(tokens.generation, |refresh| refresh.generation);
    if token.generation < current { PresentedRefresh::RotatedOut } else { PresentedRefresh::Unknown }
}

/// An access token that works at `now`.
#[derive(Debug, Clone)]
pub(super) struct LiveAccess<'a> {
    pub(super) access: &'a IssuedAccess,
    pub(super) is_current: bool,
}

/// The access token, if it works.
pub(super) fn access<'a>(
    keys: &Keys,
    token: &TokenText<AccessToken>,
    tokens: &'a ActiveTokens,
    earlier: &'a [EarlierTokens],
    now: Timestamp,
) -> Option<LiveAccess<'a>> {
    let (found, is_current) = if token.generation == tokens.generation {
        (tokens.access.as_ref(), true)
    } else {
        let row = earlier.iter().find(|row| row.generation == token.generation);
        (row.and_then(|row| row.access.as_ref()), false)
    };
    let access = found.filter(|access| is_live(keys, token, access, now))?;
    Some(LiveAccess { access, is_current })
}

/// Whether this is the access token, and it works at `now`.
pub(super) fn is_live(
    keys: &Keys,
    token: &TokenText<AccessToken>,
    access: &IssuedAccess,
    now: Timestamp,
) -> bool {
    let row = token.row;
    now < access.expires_at
        && access.hash.matches(keys, ACCESS_CONTEXT, row.as_bytes(), token.secret.expose())
}

/// The scope of an access token, which is the authorisation's unless a refresh asked for less.
pub(super) fn scope_of(access: &IssuedAccess, granted: &Scope) -> Scope {
    access.narrowed_scope.as_ref().unwrap_or(granted).clone()
}

impl LiveAccess<'_> {
    /// Its scope.
    pub(super) fn scope(&self, granted: &Scope) -> Scope {
        scope_of(self.access, granted)
    }
}
