//! [`identity::Store`] on all databases.

use async_trait::async_trait;
use audit::AuditRecord;
use base::{StoreError, Timestamp};
use identity::{
    Account, AccountId, AccountSelection, Admission, Attempt, Email, PasswordHash, Rule, SessionId, Store,
    StoredAccount, StoredSession,
};

use crate::audit::append;
use crate::sql::containing;
use crate::{Database, Row, Tx, params};

#[async_trait]
impl Store for Database {
    async fn insert_account(&self, stored: &StoredAccount) -> Result<bool, StoreError> {
        let StoredAccount { account, password_hash } = stored.clone();
        self.run_tx("identity.insert_account", move |tx| {
            let inserted = tx.execute(
                "INSERT INTO accounts (id, email, name, password_hash, disabled_at, created_at) \
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (email) DO NOTHING",
                params![
                    account.id,
                    account.email.as_str(),
                    account.name,
                    password_hash.as_ref().map(PasswordHash::to_phc),
                    account.disabled_at,
                    account.created_at
                ],
            )?;
            Ok(inserted == 1)
        })
        .await
    }

    async fn account_by_email(&self, email: &Email) -> Result<Option<StoredAccount>, StoreError> {
        let email = email.clone();
        self.read("identity.account_by_email", move |tx| {
            let sql = "SELECT id, email, name, password_hash, disabled_at, created_at FROM accounts WHERE email = $1";
            tx.query_opt(sql, params![email.as_str()])?.as_ref().map(stored_account).transpose()
        })
        .await
    }

    async fn account(&self, id: AccountId) -> Result<Option<StoredAccount>, StoreError> {
        self.read("identity.account", move |tx| {
            let sql =
                "SELECT id, email, name, password_hash, disabled_at, created_at FROM accounts WHERE id = $1";
            tx.query_opt(sql, params![id])?.as_ref().map(stored_account).transpose()
        })
        .await
    }

    async fn list_accounts(
        &self,
        text: &str,
        selection: AccountSelection,
        after: Option<&Email>,
        limit: u32,
    ) -> Result<Vec<Account>, StoreError> {
        let after = after.map_or(String::new(), Email::to_string);
        // SQLite's lower() knows ASCII alone, so that other letters are found as they are written too.
        let (lower, written) = (containing(&text.to_lowercase()), containing(text));
        self.read("identity.list_accounts", move |tx| {
            let rows = tx.query(
                "SELECT id, email, name, disabled_at, created_at FROM accounts WHERE email > $1 \
                 AND (email LIKE $3 ESCAPE '\\' OR lower(name) LIKE $3 ESCAPE '\\' OR name LIKE $4 ESCAPE '\\') \
                 AND (CAST($5 AS BIGINT) = 0 OR disabled_at IS NOT NULL) ORDER BY email LIMIT $2",
                params![after, limit, lower, written, selection == AccountSelection::Disabled],
            )?;
            rows.iter().map(account).collect()
        })
        .await
    }

    async fn set_password(
        &self,
        id: AccountId,
        hash: &PasswordHash,
        audit: Vec<AuditRecord>,
    ) -> Result<bool, StoreError> {
        let hash = hash.to_phc();
        self.run_tx("identity.set_password", move |tx| {
            let changed =
                tx.execute("UPDATE accounts SET password_hash = $2 WHERE id = $1", params![id, hash])?;
            tx.execute("DELETE FROM sessions WHERE account_id = $1", params![id])?;
            told(tx, changed == 1, &audit)
        })
        .await
    }

    async fn replace_password_hash(
        &self,
        id: AccountId,
        from: &PasswordHash,
        to: &PasswordHash,
    ) -> Result<bool, StoreError> {
        let (from, to) = (from.to_phc(), to.to_phc());
        self.run_tx("identity.replace_password_hash", move |tx| {
            let sql = "UPDATE accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2";
            Ok(tx.execute(sql, params![id, from, to])? == 1)
        })
        .await
    }

    async fn set_disabled(
        &self,
        id: AccountId,
        disabled_at: Option<Timestamp>,
        audit: Vec<AuditRecord>,
    ) -> Result<bool, StoreError> {
        self.run_tx("identity.set_disabled", move |tx| {
            let Some(at) = disabled_at else {
                let sql = "UPDATE accounts SET disabled_at = NULL WHERE id = $1";
                let changed = tx.execute(sql, params![id])?;
                return told(tx, changed == 1, &audit);
            };
            let sql = "UPDATE accounts SET disabled_at = COALESCE(disabled_at, $2) WHERE id = $1";
            let changed = tx.execute(sql, params![id, at])?;
            tx.execute("DELETE FROM sessions WHERE account_id = $1", params![id])?;
            told(tx, changed == 1, &audit)
        })
        .await
    }

    async fn begin_attempt(&self, attempt: &Attempt) -> Result<Admission, StoreError> {
        let Attempt { account_key, source_key, limits, at } = attempt.clone();
        self.run_tx("identity.begin_attempt", move |tx| {
            // Always the source first: two attempts that share both rows must not wait for each other.
            let mut admission = count(tx, "source", &source_key, limits.source, at)?;
            if admission == Admission::Admitted {
                admission = count(tx, "account", &account_key, limits.account, at)?;
            }
            if admission != Admission::Admitted {
                // An attempt that is not made is not counted, for its source neither.
                tx.discard();
            }
            Ok(admission)
        })
        .await
    }

    async fn forgive_attempt(&self, attempt: &Attempt) -> Result<(), StoreError> {
        let Attempt { account_key, source_key, at, .. } = attempt.clone();
        self.run_tx("identity.forgive_attempt", move |tx| {
            tx.execute(
                "UPDATE sign_in_attempts SET failures = failures - 1, blocked_until = $2 \
                 WHERE kind = 'source' AND bucket = $1 AND failures > 0",
                params![source_key, at],
            )?;
            tx.execute(
                "DELETE FROM sign_in_attempts WHERE kind = 'account' AND bucket = $1",
                params![account_key],
            )?;
            Ok(())
        })
        .await
    }

    async fn insert_session(
        &self,
        session: &StoredSession,
        checked: &PasswordHash,
    ) -> Result<bool, StoreError> {
        let (session, checked) = (session.clone(), checked.to_phc());
        self.run_tx("identity.insert_session", move |tx| {
            // The lock makes a change of password or state wait, so that it then finds this session and ends it.
            let good = tx.query_opt(
                "SELECT id FROM accounts WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL {for_update}",
                params![session.account_id, checked],
            )?;
            if good.is_none() {
                return Ok(false);
            }
            tx.execute(
                "INSERT INTO sessions (id, token_hash, key_id, account_id, created_at, last_seen_at, expires_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
                params![
                    session.id,
                    session.token_hash,
                    session.key_id.as_str(),
                    session.account_id,
                    session.created_at,
                    session.last_seen_at,
                    session.expires_at
                ],
            )?;
            Ok(true)
        })
        .await
    }

    async fn session(&self, token_hash: &[u8; 32]) -> Result<Option<(StoredSession, Account)>, StoreError> {
        let token_hash = *token_hash;
        self.read("identity.session", move |tx| {
            let row = tx.query_opt(
                "SELECT accounts.id AS id, email, name, disabled_at, accounts.created_at AS created_at, \
                 sessions.id AS session_id, token_hash, key_id, sessions.created_at AS signed_in_at, last_seen_at, expires_at \
                 FROM sessions JOIN accounts ON accounts.id = sessions.account_id WHERE token_hash = $1",
                params![token_hash],
            )?;
            row.as_ref().map(session_with_account).transpose()
        })
        .await
    }

    async fn touch_session(&self, id: SessionId, seen_at: Timestamp) -> Result<(), StoreError> {
        self.run_tx("identity.touch_session", move |tx| {
            let sql = "UPDATE sessions SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2";
            tx.execute(sql, params![id, seen_at]).map(drop)
        })
        .await
    }

    async fn delete_session(&self, token_hash: &[u8; 32]) -> Result<bool, StoreError> {
        let token_hash = *token_hash;
        self.run_tx("identity.delete_session", move |tx| {
            Ok(tx.execute("DELETE FROM sessions WHERE token_hash = $1", params![token_hash])? == 1)
        })
        .await
    }

    async fn sessions_of(&self, account: AccountId) -> Result<Vec<StoredSession>, StoreError> {
        self.read("identity.sessions_of", move |tx| {
            let rows = tx.query(
                "SELECT id AS session_id, token_hash, key_id, account_id, created_at AS signed_in_at, last_seen_at, expires_at \
                 FROM sessions WHERE account_id = $1 ORDER BY id DESC",
                params![account],
            )?;
            rows.iter().map(|row| session(row, account)).collect()
        })
        .await
    }

    async fn delete_sessions_of(
        &self,
        account: AccountId,
        audit: Vec<AuditRecord>,
    ) -> Result<usize, StoreError> {
        self.run_tx("identity.delete_sessions_of", move |tx| {
            let ended = tx.execute("DELETE FROM sessions WHERE account_id = $1", params![account])?;
            told(tx, ended > 0, &audit)?;
            Ok(ended)
        })
        .await
    }

    async fn sweep(
        &self,
        now: Timestamp,
        seen_before: Timestamp,
        attempts_before: Timestamp,
    ) -> Result<usize, StoreError> {
        self.run_tx("identity.sweep", move |tx| {
            let sessions = tx.execute(
                "DELETE FROM sessions WHERE expires_at < $1 OR last_seen_at < $2",
                params![now, seen_before],
            )?;
            let attempts =
                tx.execute("DELETE FROM sign_in_attempts WHERE last_at < $1", params![attempts_before])?;
            Ok(sessions + attempts)
        })
        .await
    }
}

/// Counts an attempt as failed, unless the bucket is blocked.
fn count(tx: &mut Tx, kind: &str, bucket: &str, rule: Rule, at: Timestamp) -> Result<Admission, StoreError> {
    // A block further ahead than any rule sets was set by a clock that ran ahead (the sandbox moves it): it does not hold.
    let counted = tx.query_opt(
        "INSERT INTO sign_in_attempts (kind, bucket, failures, last_at, blocked_until) VALUES ($1, $2, 1, $3, $3) \
         ON CONFLICT (kind, bucket) DO UPDATE SET \
         failures = CASE WHEN sign_in_attempts.last_at <= $4 THEN 1 ELSE sign_in_attempts.failures + 1 END, last_at = $3 \
         WHERE sign_in_attempts.blocked_until <= $3 OR sign_in_attempts.blocked_until > $5 \
         RETURNING failures",
        params![kind, bucket, at, at - rule.forget_after, at + rule.longest_delay],
    )?;
    let Some(counted) = counted else {
        let blocked = tx.query_one(
            "SELECT blocked_until FROM sign_in_attempts WHERE kind = $1 AND bucket = $2",
            params![kind, bucket],
        )?;
        return Ok(Admission::BlockedUntil(blocked.get("blocked_until")?));
    };
    tx.execute(
        "UPDATE sign_in_attempts SET blocked_until = $3 WHERE kind = $1 AND bucket = $2",
        params![kind, bucket, rule.blocked_until(counted.get("failures")?, at)],
    )?;
    Ok(Admission::Admitted)
}

fn account(row: &Row) -> Result<Account, StoreError> {
    Ok(Account {
        id: row.get("id")?,
        email: row.parse("email")?,
        name: row.get("name")?,
        disabled_at: row.get("disabled_at")?,
        created_at: row.get("created_at")?,
    })
}

fn stored_account(row: &Row) -> Result<StoredAccount, StoreError> {
    Ok(StoredAccount { account: account(row)?, password_hash: row.parse_opt("password_hash")? })
}

fn session(row: &Row, account_id: AccountId) -> Result<StoredSession, StoreError> {
    Ok(StoredSession {
        id: row.get("session_id")?,
        token_hash: row.get("token_hash")?,
        key_id: row.parse("key_id")?,
        account_id,
        created_at: row.get("signed_in_at")?,
        last_seen_at: row.get("last_seen_at")?,
        expires_at: row.get("expires_at")?,
    })
}

fn session_with_account(row: &Row) -> Result<(StoredSession, Account), StoreError> {
    let account = account(row)?;
    Ok((session(row, account.id)?, account))
}

/// Appends the records of what was done, if it was.
fn told(tx: &mut Tx, done: bool, audit: &[AuditRecord]) -> Result<bool, StoreError> {
    if done {
        append(tx, audit)?;
    }
    Ok(done)
}
