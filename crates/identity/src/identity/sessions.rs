//! Live sessions, and what binds forms to them.

use std::time::Duration;

use audit::AuditRecord;
use base::{EntropyExt as _, Secret, StoreError, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use seal::{MacKey, Purpose};

use super::Identity;
use crate::account::{Account, AccountId};
use crate::session::{PreSession, Session, SessionSummary, StoredSession};

/// Uses are noted no more often than this, so that looking at pages writes next to nothing.
const NOTED_EVERY: Duration = Duration::from_mins(1);

impl Identity {
    pub(super) fn live(&self, stored: &StoredSession, account: Account, token: &str) -> Session {
        let csrf = self.derived("session form", token);
        Session {
            id: stored.id,
            account,
            signed_in_at: stored.created_at,
            expires_at: stored.expires_at,
            csrf,
        }
    }

    fn derived(&self, context: &str, from: &str) -> Secret<String> {
        Secret::new(
            URL_SAFE_NO_PAD.encode(self.keys.current(Purpose::Cookie).mac(context, &[from.as_bytes()])),
        )
    }

    /// The session of a cookie's value, if it is live; notes the use.
    pub async fn session(&self, token: &str) -> Result<Option<Session>, StoreError> {
        let Some((stored, account)) = self.find_session(token).await? else { return Ok(None) };
        let now = self.clock.now();
        if self.is_over(&stored, now) || account.disabled_at.is_some() {
            return Ok(None);
        }
        if now.since(stored.last_seen_at) >= NOTED_EVERY {
            self.store.touch_session(stored.id, now).await?;
        }
        Ok(Some(self.live(&stored, account, token)))
    }

    fn is_over(&self, stored: &StoredSession, now: Timestamp) -> bool {
        now >= stored.expires_at || now.since(stored.last_seen_at) >= self.settings.session_idle
    }

    /// The live sessions of the account, newest first.
    pub async fn sessions_of(&self, account: AccountId) -> Result<Vec<SessionSummary>, StoreError> {
        let (stored, now) = (self.store.sessions_of(account).await?, self.clock.now());
        let live = stored.into_iter().filter(|stored| !self.is_over(stored, now));
        Ok(live.map(SessionSummary::from).collect())
    }

    async fn find_session(&self, token: &str) -> Result<Option<(StoredSession, Account)>, StoreError> {
        if !has_form::<32>(token) {
            return Ok(None);
        }
        for key in self.keys.all(Purpose::Lookup) {
            if let Some(found) = self.store.session(&token_hash(&key, token)).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Ends the session of a cookie's value. Unknown values are no error: the person is signed out either way.
    pub async fn sign_out(&self, token: &str) -> Result<(), StoreError> {
        for key in self.keys.all(Purpose::Lookup) {
            if self.store.delete_session(&token_hash(&key, token)).await? {
                break;
            }
        }
        Ok(())
    }

    /// Ends all sessions of the account; how many there were.
    pub async fn sign_out_everywhere(
        &self,
        account: AccountId,
        audit: Vec<AuditRecord>,
    ) -> Result<usize, StoreError> {
        self.store.delete_sessions_of(account, audit).await
    }

    /// A new cookie for a browser without a session, and the value for the form shown in it.
    pub fn begin_pre_session(&self) -> PreSession {
        self.pre_session_of(Secret::new(self.entropy.text::<16>()))
    }

    /// The pre-session of a cookie's value, if it is one.
    pub fn pre_session(&self, cookie: &str) -> Option<PreSession> {
        has_form::<16>(cookie).then(|| self.pre_session_of(Secret::new(cookie.to_owned())))
    }

    fn pre_session_of(&self, cookie: Secret<String>) -> PreSession {
        let csrf = self.derived("pre-session form", cookie.expose());
        PreSession { cookie, csrf }
    }
}

pub(super) fn token_hash(key: &MacKey, token: &str) -> [u8; 32] {
    key.mac("session token", &[token.as_bytes()])
}

/// Whether a cookie's value could be one of ours, so that junk costs no read.
fn has_form<const BYTES: usize>(text: &str) -> bool {
    text.len() == (BYTES * 8).div_ceil(6)
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
