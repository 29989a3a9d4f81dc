-- What every side keeps about itself.

-- Settings that a running server writes: the sandbox clock's offset, the mark of the last writability check.
CREATE TABLE server_settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- Named counters that are raised inside the transaction that needs the number.
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
