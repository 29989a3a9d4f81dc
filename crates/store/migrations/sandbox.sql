-- A stand-in for an accounting system: its companies, who works in them, what clients reach, and the books.

-- last_number counts the company's entries: raised by the transaction that makes one.
CREATE TABLE standin_companies (
    id                  TEXT NOT NULL PRIMARY KEY,
    name                TEXT NOT NULL,
    country             TEXT NOT NULL,
    registration_number TEXT,
    last_number         BIGINT NOT NULL
);

CREATE TABLE standin_members (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    company_id TEXT NOT NULL REFERENCES standin_companies (id),
    PRIMARY KEY (account_id, company_id)
);

CREATE TABLE standin_connections (
    id         TEXT NOT NULL PRIMARY KEY,
    client_id  TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    company_id TEXT NOT NULL REFERENCES standin_companies (id),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX standin_connections_once ON standin_connections (client_id, account_id, company_id);

CREATE TABLE standin_entries (
    id         TEXT NOT NULL PRIMARY KEY,
    company_id TEXT NOT NULL REFERENCES standin_companies (id),
    number     BIGINT NOT NULL,
    client_id  TEXT NOT NULL,
    document   TEXT NOT NULL,
    booked_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX standin_entries_in_order ON standin_entries (company_id, number);

-- redirect_uris is a JSON list.
CREATE TABLE standin_applications (
    client_id     TEXT NOT NULL PRIMARY KEY,
    name          TEXT NOT NULL,
    secret_hash   BYTEA NOT NULL UNIQUE,
    redirect_uris TEXT NOT NULL
);

CREATE TABLE standin_agreements (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    client_id  TEXT NOT NULL,
    company_id TEXT NOT NULL REFERENCES standin_companies (id),
    granted_by TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX standin_agreements_by_client ON standin_agreements (client_id, company_id);
