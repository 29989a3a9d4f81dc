-- People: accounts, sessions in browsers, counts of attempts to sign in.

CREATE TABLE accounts (
    id            TEXT NOT NULL PRIMARY KEY,
    email         TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    password_hash TEXT,
    disabled_at   BIGINT,
    created_at    BIGINT NOT NULL
);

-- token_hash is a keyed hash; the token itself is in the browser's cookie alone.
CREATE TABLE sessions (
    id           TEXT NOT NULL PRIMARY KEY,
    token_hash   BYTEA NOT NULL UNIQUE,
    key_id       TEXT NOT NULL,
    account_id   TEXT NOT NULL REFERENCES accounts (id),
    created_at   BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX sessions_by_account ON sessions (account_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- kind is `account` or `source`; bucket a keyed hash of what was typed, or of where it came from.
CREATE TABLE sign_in_attempts (
    kind          TEXT NOT NULL,
    bucket        TEXT NOT NULL,
    failures      BIGINT NOT NULL,
    last_at       BIGINT NOT NULL,
    blocked_until BIGINT NOT NULL,
    PRIMARY KEY (kind, bucket)
);
