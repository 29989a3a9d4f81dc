-- What was done by whom. mac is a keyed check over all columns before it. A row is written once; afterwards it only gets its position,
-- when the block that holds it is sealed.
CREATE TABLE audit_records (
    id         TEXT NOT NULL PRIMARY KEY,
    at         BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    actor      TEXT NOT NULL,
    subject    TEXT,
    client     TEXT,
    source     TEXT,
    request_id TEXT,
    data       TEXT NOT NULL,
    mac        BYTEA NOT NULL,
    key_id     TEXT NOT NULL,
    -- Its place in the chain, from 1 without gaps; NULL until it is sealed.
    position   BIGINT
);
CREATE INDEX audit_records_by_subject ON audit_records (subject, id);
CREATE UNIQUE INDEX audit_records_by_position ON audit_records (position) WHERE position IS NOT NULL;
-- Twice a second it is looked what waits; as a rule nothing does.
CREATE INDEX audit_records_waiting ON audit_records (id) WHERE position IS NULL;

-- The chain: each block is a keyed check over its columns before mac, the mac of the block before, and those of its records in order.
CREATE TABLE audit_blocks (
    number         BIGINT NOT NULL PRIMARY KEY,
    first_position BIGINT NOT NULL,
    record_count   BIGINT NOT NULL,
    sealed_at      BIGINT NOT NULL,
    mac            BYTEA NOT NULL,
    key_id         TEXT NOT NULL
);
