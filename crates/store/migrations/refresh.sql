-- Tables of the room `refresh`.

-- A grant: what one subject gave to one client at one provider. The credential is sealed, and NULL once it has been destroyed.
CREATE TABLE grants (
    id TEXT NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL,
    client_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    state_reason TEXT,
    state_since BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    access_token BYTEA,
    refresh_token BYTEA,
    scope TEXT,
    obtained_at BIGINT NOT NULL,
    expires_at BIGINT,
    refresh_token_expires_at BIGINT,
    granted_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    proven_at BIGINT NOT NULL,
    next_action_at BIGINT,
    failures BIGINT NOT NULL,
    lease_owner TEXT,
    lease_fence BIGINT NOT NULL,
    lease_renewals BIGINT NOT NULL,
    marker_attempt TEXT,
    marker_generation BIGINT,
    marker_at BIGINT,
    marker_unknown_in_a_row BIGINT,
    -- When a refresh was begun last because a caller had reported the token as refused; outlives generations.
    forced_at BIGINT,
    -- The attempt whose marker stood when the answer of an earlier one to the same refresh token was stored.
    overtaken_attempt TEXT,
    -- The epoch in which it was proven last; below the present one it is in doubt (a restored backup).
    epoch BIGINT NOT NULL,
    -- The attempt that brought the present generation, so that a commit whose answer was lost is known again.
    stored_attempt TEXT
);
-- The scheduler reads from the front of this; what is not due costs nothing.
CREATE INDEX grants_next_action ON grants (next_action_at) WHERE next_action_at IS NOT NULL;

-- Found by those who look for grants in doubt; between restores it is never read.
CREATE INDEX grants_epoch ON grants (epoch) WHERE state <> 'ended';

-- The trace of every attempt.
CREATE TABLE refresh_attempts (
    id TEXT NOT NULL PRIMARY KEY,
    grant_id TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT NOT NULL,
    instance TEXT NOT NULL,
    cause TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    lease_wait_millis BIGINT NOT NULL,
    generation_before BIGINT NOT NULL,
    generation_after BIGINT NOT NULL
);
CREATE INDEX refresh_attempts_grant ON refresh_attempts (grant_id, finished_at);

-- What happened to grants, in commit order: the position is taken from a counter row that stays locked until the commit.
CREATE TABLE grant_events (
    position BIGINT NOT NULL PRIMARY KEY,
    grant_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    change TEXT NOT NULL,
    reason TEXT,
    next_try_at BIGINT,
    flag BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('grant_events', 0), ('epoch', 1);
