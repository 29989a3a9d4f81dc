-- Keys for look-ups, cookies, fingerprints and checks, each sealed under the key ring. The highest version of a purpose is
-- the one new values are made with. The row of purpose `key_check` tells whether the key file is this database's.
CREATE TABLE keys (
    id         TEXT NOT NULL PRIMARY KEY,
    purpose    TEXT NOT NULL,
    version    BIGINT NOT NULL,
    sealed_key BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (purpose, version)
);
