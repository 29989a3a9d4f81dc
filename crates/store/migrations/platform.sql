-- Pleo's side: organisations, companies, people's places in them, API keys, installations, exports.

CREATE TABLE organisations (
    id   TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL
);

CREATE TABLE companies (
    id                  TEXT NOT NULL PRIMARY KEY,
    organisation_id     TEXT NOT NULL,
    name                TEXT NOT NULL,
    country             TEXT NOT NULL,
    registration_number TEXT,
    standalone_api_keys BIGINT NOT NULL,
    suspended_at        BIGINT
);
CREATE INDEX companies_by_organisation ON companies (organisation_id, id);

CREATE TABLE employees (
    id         TEXT NOT NULL PRIMARY KEY,
    company_id TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    email      TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name  TEXT NOT NULL,
    role       TEXT NOT NULL
);
CREATE UNIQUE INDEX employees_once ON employees (user_id, company_id);
CREATE INDEX employees_by_company ON employees (company_id, id);

CREATE TABLE platform_admins (
    account_id TEXT NOT NULL PRIMARY KEY
);

-- application_id is the client's id for an integrated key; name is set for a standalone one.
CREATE TABLE api_keys (
    id             TEXT NOT NULL PRIMARY KEY,
    application_id TEXT,
    name           TEXT,
    subject        TEXT NOT NULL,
    scope          TEXT NOT NULL,
    secret_hash    TEXT NOT NULL,
    last_four      TEXT NOT NULL,
    created_by     TEXT,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT,
    last_used_at   BIGINT,
    revoked_at     BIGINT
);
CREATE INDEX api_keys_by_subject ON api_keys (subject, created_at);
-- One live integrated key an installation.
CREATE UNIQUE INDEX api_keys_one_integrated ON api_keys (application_id, subject)
    WHERE application_id IS NOT NULL AND revoked_at IS NULL;

CREATE TABLE installations (
    id             TEXT NOT NULL PRIMARY KEY,
    application_id TEXT NOT NULL,
    subject        TEXT NOT NULL,
    status         TEXT NOT NULL,
    error_code     TEXT,
    metadata       TEXT,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL
);
CREATE UNIQUE INDEX installations_once ON installations (application_id, subject);
CREATE INDEX installations_by_subject ON installations (subject, created_at);

CREATE TABLE expenses (
    id                     TEXT NOT NULL PRIMARY KEY,
    company_id             TEXT NOT NULL,
    employee_id            TEXT,
    kind                   TEXT NOT NULL,
    amount_minor           BIGINT NOT NULL,
    currency               TEXT NOT NULL,
    spent_on               TEXT NOT NULL,
    note                   TEXT,
    missing_contra_account BIGINT NOT NULL
);
CREATE INDEX expenses_by_company ON expenses (company_id, id);

CREATE TABLE export_jobs (
    id                       TEXT NOT NULL PRIMARY KEY,
    company_id               TEXT NOT NULL,
    status                   TEXT NOT NULL,
    number_of_items          BIGINT NOT NULL,
    is_interactive           BIGINT NOT NULL,
    vendor_based_bookkeeping BIGINT NOT NULL,
    employee_id              TEXT,
    created_by               TEXT NOT NULL,
    created_at               BIGINT NOT NULL,
    started_at               BIGINT,
    completed_at             BIGINT,
    expired_at               BIGINT,
    last_updated_at          BIGINT NOT NULL,
    failure_reason           TEXT,
    failure_reason_type      TEXT
);
CREATE INDEX export_jobs_by_company ON export_jobs (company_id, id);
-- One running job a company (facts 12.1).
CREATE UNIQUE INDEX export_jobs_one_running ON export_jobs (company_id) WHERE status IN ('pending', 'in_progress');

CREATE TABLE export_job_items (
    job_id              TEXT NOT NULL,
    expense_id          TEXT NOT NULL,
    status              TEXT NOT NULL,
    exported_at         BIGINT,
    external_id         TEXT,
    external_url        TEXT,
    failure_reason      TEXT,
    failure_reason_type TEXT,
    updated_at          BIGINT NOT NULL,
    PRIMARY KEY (job_id, expense_id)
);
