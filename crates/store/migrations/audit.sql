-- What was done by whom. Rows are never changed; mac is a keyed check over all columns before it.
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
    key_id     TEXT NOT NULL
);
CREATE INDEX audit_records_by_subject ON audit_records (subject, id);
