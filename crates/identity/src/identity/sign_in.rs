//! Signing in.

use std::time::Duration;

use base::{EntropyExt as _, Secret};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use seal::Purpose;

use super::sessions::token_hash;
use super::{Identity, SignInError};
use crate::account::{Account, Email, InvalidEmail};
use crate::session::{SessionId, SignedIn, StoredSession};
use crate::throttle::{Admission, Attempt};

impl Identity {
    /// Signs a person in who comes from `source` ([`base::source_of`] the client's address).
    ///
    /// Work and answer are the same for an address without an account, a wrong password and a disabled account.
    pub async fn sign_in(
        &self,
        email: &str,
        password: &Secret<String>,
        source: &str,
    ) -> Result<SignedIn, SignInError> {
        let outcome = self.try_sign_in(email, password, source).await;
        let label = match &outcome {
            Ok(_) => "signed_in",
            Err(SignInError::Refused) => "refused",
            Err(SignInError::TooManyAttempts { .. }) => "delayed",
            Err(SignInError::Busy) => "busy",
            Err(SignInError::Store(_)) => "store_error",
        };
        metrics::counter!("mainstay_sign_ins_total", "outcome" => label).increment(1);
        outcome
    }

    async fn try_sign_in(
        &self,
        email: &str,
        password: &Secret<String>,
        source: &str,
    ) -> Result<SignedIn, SignInError> {
        let attempt = self.begin_attempt(email, source).await?;
        let stored = match email.parse::<Email>() {
            Ok(email) => self.store.account_by_email(&email).await?,
            Err(InvalidEmail) => None,
        };
        let (account, hash) = match stored {
            Some(stored) => (Some(stored.account), stored.password_hash),
            None => (None, None),
        };
        let right = self.hasher.verify(password, hash.clone()).await?;
        let (Some(account), Some(hash), true) = (account, hash, right) else {
            return Err(SignInError::Refused);
        };
        if account.disabled_at.is_some() {
            return Err(SignInError::Refused);
        }
        let signed_in = self.begin_session(&account);
        if !self.store.insert_session(&signed_in.1, &hash).await? {
            // Disabled, or given another password, since it was looked at.
            return Err(SignInError::Refused);
        }
        if let Some(attempt) = attempt {
            self.store.forgive_attempt(&attempt).await?;
        }
        if self.hasher.is_outdated(&hash) {
            // Where there is no room for that now, the next sign-in does it.
            if let Ok(better) = self.hasher.hash(password).await {
                self.store.replace_password_hash(account.id, &hash, &better).await?;
            }
        }
        Ok(signed_in.0)
    }

    async fn begin_attempt(&self, email: &str, source: &str) -> Result<Option<Attempt>, SignInError> {
        let Some(limits) = self.settings.limits else { return Ok(None) };
        // What was typed may be a password in the wrong field, so not even its hash is kept without a key.
        let typed =
            email.parse::<Email>().map_or_else(|_| email.trim().to_owned(), |email| email.to_string());
        let key = self.keys.current(Purpose::Lookup);
        let hashed = |what: &str, text: &str| {
            URL_SAFE_NO_PAD.encode(key.mac("sign-in attempts", &[what.as_bytes(), text.as_bytes()]))
        };
        let at = self.clock.now();
        let attempt = Attempt {
            account_key: hashed("account", &typed),
            source_key: hashed("source", source),
            limits,
            at,
        };
        match self.store.begin_attempt(&attempt).await? {
            Admission::Admitted => Ok(Some(attempt)),
            Admission::BlockedUntil(until) => {
                let seconds = until.since(at).as_millis().div_ceil(1000).max(1);
                let retry_after = Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX));
                Err(SignInError::TooManyAttempts { retry_after })
            }
        }
    }

    fn begin_session(&self, account: &Account) -> (SignedIn, StoredSession) {
        let token = Secret::new(self.entropy.text::<32>());
        let key = self.keys.current(Purpose::Lookup);
        let now = self.clock.now();
        let stored = StoredSession {
            id: SessionId::new(&*self.clock, &*self.entropy),
            token_hash: token_hash(&key, token.expose()),
            key_id: key.id().clone(),
            account_id: account.id,
            created_at: now,
            last_seen_at: now,
            expires_at: now + self.settings.session_absolute,
        };
        let session = self.live(&stored, account.clone(), token.expose());
        (SignedIn { token, session }, stored)
    }
}
