-- The authorization server: clients, authorisations, their tokens. Secrets are keyed hashes (`mac_<id>:<hex>`), never texts.

-- spec is the client as it is set up, in JSON; state is awaiting_review, approved, suspended or removed.
CREATE TABLE clients (
    client_id  TEXT NOT NULL PRIMARY KEY,
    spec       TEXT NOT NULL,
    state      TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE client_secrets (
    id         TEXT NOT NULL PRIMARY KEY,
    client_id  TEXT NOT NULL REFERENCES clients (client_id),
    hash       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);
CREATE INDEX client_secrets_by_client ON client_secrets (client_id);

-- Where a client comes from, who may change it, and what was decided about it. Those of a seed may have no row. token_* is the
-- registration access token (RFC 7592), earlier_* the one before it until the present one is used.
CREATE TABLE client_registrations (
    client_id          TEXT NOT NULL PRIMARY KEY REFERENCES clients (client_id),
    owner              TEXT,
    registered_by      TEXT NOT NULL,
    pre_approved       BIGINT NOT NULL,
    token_generation   BIGINT,
    token_hash         TEXT,
    earlier_generation BIGINT,
    earlier_hash       TEXT,
    review_approved    BIGINT,
    review_reason      TEXT,
    reviewed_by        TEXT,
    reviewed_at        BIGINT,
    revision           BIGINT NOT NULL,
    changed_at         BIGINT NOT NULL
);
CREATE INDEX client_registrations_by_owner ON client_registrations (owner, client_id);

-- Logos of clients, fetched once from source: the picture, or why there is none. They go with the client. Stand-ins have none.
CREATE TABLE client_logos (
    client_id    TEXT NOT NULL PRIMARY KEY REFERENCES clients (client_id),
    source       TEXT NOT NULL,
    content_type TEXT,
    bytes        BYTEA,
    failure      TEXT,
    fetched_at   BIGINT NOT NULL
);

-- Tokens with which programs register clients (RFC 7591 section 3).
CREATE TABLE initial_access_tokens (
    id           TEXT NOT NULL PRIMARY KEY,
    hash         TEXT NOT NULL,
    note         TEXT NOT NULL,
    pre_approved BIGINT NOT NULL,
    uses_left    BIGINT NOT NULL,
    created_by   TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    revoked_at   BIGINT
);

-- One consent and the family of tokens that follows from it. state is awaiting_exchange, active or ended. The code is kept
-- until the exchange; predecessor_* and successor serve a retry window.
CREATE TABLE authorisations (
    id                      TEXT NOT NULL PRIMARY KEY,
    client_id               TEXT NOT NULL,
    subject                 TEXT NOT NULL,
    granted_by              TEXT NOT NULL,
    scope                   TEXT NOT NULL,
    created_at              BIGINT NOT NULL,
    last_used_at            BIGINT,
    state                   TEXT NOT NULL,
    ended_reason            TEXT,
    ended_at                BIGINT,
    code_hash               TEXT,
    code_expires_at         BIGINT,
    code_redirect_uri       TEXT,
    code_challenge          TEXT,
    generation              BIGINT NOT NULL,
    issued_at               BIGINT,
    access_hash             TEXT,
    access_expires_at       BIGINT,
    access_scope            TEXT,
    refresh_generation      BIGINT,
    refresh_hash            TEXT,
    refresh_issued_at       BIGINT,
    refresh_expires_at      BIGINT,
    absolute_expires_at     BIGINT,
    predecessor_generation  BIGINT,
    predecessor_hash        TEXT,
    predecessor_retry_until BIGINT,
    successor               BYTEA
);
CREATE INDEX authorisations_by_subject ON authorisations (subject, client_id);
-- Not those that have ended: they stay for good, and are never looked for by their client.
CREATE INDEX authorisations_by_client ON authorisations (client_id, id) WHERE state <> 'ended';
CREATE INDEX authorisations_by_giver ON authorisations (granted_by);

-- Stand-ins alone: tokens before the current generation that still work.
CREATE TABLE earlier_tokens (
    authorisation_id   TEXT NOT NULL REFERENCES authorisations (id),
    generation         BIGINT NOT NULL,
    access_hash        TEXT,
    access_expires_at  BIGINT,
    access_scope       TEXT,
    refresh_generation BIGINT,
    refresh_hash       TEXT,
    refresh_issued_at  BIGINT,
    refresh_expires_at BIGINT,
    expires_at         BIGINT NOT NULL,
    PRIMARY KEY (authorisation_id, generation)
);
CREATE INDEX earlier_tokens_by_expiry ON earlier_tokens (expires_at);

-- Subjects over which nothing works until they are resumed.
CREATE TABLE suspended_subjects (
    subject      TEXT NOT NULL PRIMARY KEY,
    suspended_at BIGINT NOT NULL
);

-- What was refreshed by whom. Only ever added to, at the end: an index over anything else would cost a page for each refresh.
-- mac is a keyed check over all columns before it. The generations of one authorisation have no gaps and end at its own.
CREATE TABLE rotations (
    at               BIGINT NOT NULL,
    authorisation_id TEXT NOT NULL,
    generation       BIGINT NOT NULL,
    client           TEXT NOT NULL,
    subject          TEXT NOT NULL,
    source           TEXT,
    request_id       TEXT,
    mac              BYTEA NOT NULL,
    key_id           TEXT NOT NULL,
    PRIMARY KEY (at, authorisation_id, generation)
);
