-- Tables of the room `connect`.

-- API tokens of the integration's backends. The secret part is kept as a keyed hash.
CREATE TABLE connect_api_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    mac_key TEXT NOT NULL,
    mac BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);

-- The integration's own OAuth clients, one for each provider and environment.
CREATE TABLE connect_clients (
    id TEXT NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL,
    environment TEXT NOT NULL,
    client_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (provider, environment)
);

-- Their live secrets, sealed; several while a rotation at the provider is under way.
CREATE TABLE connect_client_secrets (
    id TEXT NOT NULL PRIMARY KEY,
    client TEXT NOT NULL REFERENCES connect_clients (id),
    secret BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX connect_client_secrets_client ON connect_client_secrets (client);

-- Walks through the connecting pages. `open` is 1 while a walk can hold grants or a verifier.
CREATE TABLE connect_sessions (
    id TEXT NOT NULL PRIMARY KEY,
    link_mac_key TEXT NOT NULL,
    link_mac BYTEA NOT NULL,
    purpose TEXT NOT NULL,
    made_by TEXT,
    return_to TEXT,
    browser_mac_key TEXT,
    browser_mac BYTEA,
    flow TEXT NOT NULL,
    notice TEXT,
    verifier BYTEA,
    open BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX connect_sessions_open ON connect_sessions (expires_at) WHERE open = 1;
CREATE INDEX connect_sessions_over ON connect_sessions (expires_at) WHERE open = 0;

-- The pairs. One Pleo company belongs to one accounting company and the other way round (facts 17.85): each is in at most one
-- live connection. A pending or disconnected one reserves nothing.
CREATE TABLE connections (
    id TEXT NOT NULL PRIMARY KEY,
    reference TEXT,
    stage TEXT NOT NULL,
    told TEXT NOT NULL,
    platform_provider TEXT NOT NULL,
    platform_environment TEXT NOT NULL,
    platform_company_id TEXT NOT NULL,
    platform_company TEXT NOT NULL,
    platform_grant TEXT NOT NULL,
    platform_generation_base BIGINT NOT NULL,
    accounting_provider TEXT NOT NULL,
    accounting_environment TEXT NOT NULL,
    accounting_company_id TEXT NOT NULL,
    accounting_company TEXT NOT NULL,
    accounting_grant TEXT NOT NULL,
    accounting_generation_base BIGINT NOT NULL,
    settings TEXT NOT NULL,
    left_to_do TEXT NOT NULL,
    search TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    disconnected_at BIGINT,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX connections_platform_company
    ON connections (platform_provider, platform_environment, platform_company_id) WHERE stage = 'live';
CREATE UNIQUE INDEX connections_accounting_company
    ON connections (accounting_provider, accounting_environment, accounting_company_id) WHERE stage = 'live';
CREATE INDEX connections_platform_grant ON connections (platform_grant);
CREATE INDEX connections_accounting_grant ON connections (accounting_grant);
CREATE INDEX connections_reference ON connections (reference);
CREATE INDEX connections_told ON connections (told, id);

-- What happened, in commit order: a position is taken from a counter, which stays locked until the commit.
CREATE TABLE connect_events (
    position BIGINT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    connection TEXT NOT NULL,
    kind TEXT NOT NULL,
    is_public BIGINT NOT NULL,
    at BIGINT NOT NULL,
    data TEXT NOT NULL,
    sentence TEXT NOT NULL
);
CREATE INDEX connect_events_connection ON connect_events (connection, position);
CREATE INDEX connect_events_public ON connect_events (position) WHERE is_public = 1;

-- The newest position given out, and how far the events of grants have been told onward.
INSERT INTO counters (name, value) VALUES ('connect_events', 0), ('connect_grant_news', 0);
