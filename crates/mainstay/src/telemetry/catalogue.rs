use metrics::Unit;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder};

use Kind::{Counter, Gauge, Histogram};

/// One metric: `docs/metrics.md` has a row for each, and none may be recorded that is not here.
pub(crate) struct Metric {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) unit: Unit,
    /// None of them takes more values than there are providers, routes, statuses or words in the source: never an id.
    pub(crate) labels: &'static [&'static str],
    pub(crate) tells: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    /// With the buckets of that scale.
    Histogram(Scale),
}

/// What a histogram spans.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// From an answer out of memory to a provider that hardly answers.
    Durations,
    /// From a minute to a grant that is kept alive.
    Ages,
}

impl Scale {
    /// Upper bounds of the buckets, in seconds. Few, since each is a line for every route.
    const fn buckets(self) -> &'static [f64] {
        match self {
            Self::Durations => &[0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0],
            Self::Ages => &[60.0, 300.0, 900.0, 1800.0, 3600.0, 21_600.0, 86_400.0, 604_800.0, 2_592_000.0],
        }
    }
}

const fn metric(
    name: &'static str,
    kind: Kind,
    unit: Unit,
    labels: &'static [&'static str],
    tells: &'static str,
) -> Metric {
    Metric { name, kind, unit, labels, tells }
}

/// Every metric there is, by name.
#[rustfmt::skip]
pub(crate) const METRICS: &[Metric] = &[
    metric("mainstay_audit_cut_off_total", Counter, Unit::Count, &[],
        "Times the audit log was found to end before what had been sealed."),
    metric("mainstay_audit_records_sealed_total", Counter, Unit::Count, &[],
        "Records of the audit log that were chained."),
    metric("mainstay_connections", Gauge, Unit::Count, &["state"],
        "Connections by the state they were last told to be in; counted once a minute."),
    metric("mainstay_connections_refused_total", Counter, Unit::Count, &[],
        "TCP connections that were closed at once because their address has as many open as it may."),
    metric("mainstay_http_request_duration_seconds", Histogram(Scale::Durations), Unit::Seconds, &["side", "method", "route"],
        "How long requests took, by the pattern of their route."),
    metric("mainstay_http_requests_total", Counter, Unit::Count, &["side", "method", "route", "status"],
        "Requests that were answered."),
    metric("mainstay_lent_token_age_seconds", Histogram(Scale::Ages), Unit::Seconds, &["provider"],
        "How old an access token was when it was taken out of the store to be lent; lending it again from memory is not counted."),
    metric("mainstay_platform_held", Gauge, Unit::Count, &[],
        "1 while the platform's database looks restored and what was revoked waits for the operator, else 0."),
    metric("mainstay_platform_possible_restores_total", Counter, Unit::Count, &["sign"],
        "Times the platform's database looked restored from a backup, by the sign of it."),
    metric("mainstay_refresh_attempts_total", Counter, Unit::Count, &["provider", "outcome"],
        "Refresh requests by what came of them: `advanced`, `not_processed`, `refused`, `misconfigured`, `unknown`."),
    metric("mainstay_refresh_due", Gauge, Unit::Count, &[],
        "Grants that were due at the scheduler's last look, at most a batch."),
    metric("mainstay_refresh_ended_total", Counter, Unit::Count, &["provider", "reason"],
        "Grants that ended and need a person, by the reason; `refresh_answer_lost` is the one that this product is to prevent."),
    metric("mainstay_refresh_lease_wait_seconds", Histogram(Scale::Durations), Unit::Seconds, &[],
        "How long a refresh waited for its lease."),
    metric("mainstay_refresh_life_left_seconds", Histogram(Scale::Ages), Unit::Seconds, &["provider"],
        "How long the replaced access token would still have lived when the new one was stored; 0 where it had expired."),
    metric("mainstay_refresh_possible_restores_total", Counter, Unit::Count, &["sign"],
        "Times the database looked restored from a backup, by the sign of it."),
    metric("mainstay_refresh_replaced_age_seconds", Histogram(Scale::Ages), Unit::Seconds, &["provider"],
        "How long ago the grant had been rotated or given when the new tokens were stored: the age of the replaced pair."),
    metric("mainstay_refresh_replayed_total", Counter, Unit::Count, &[],
        "Answers that an earlier process left on disk and that were brought in at a start."),
    metric("mainstay_refresh_spilled_total", Counter, Unit::Count, &[],
        "Answers that were put on disk because the store did not take them in time."),
    metric("mainstay_refresh_store_refusals_total", Counter, Unit::Count, &[],
        "Times the store failed to take new tokens; each is tried again."),
    metric("mainstay_refresh_unreadable_spills_total", Counter, Unit::Count, &[],
        "Answers that an earlier process left on disk and that could not be unsealed; their files stay where they are."),
    metric("mainstay_refusals_total", Counter, Unit::Count, &["type"],
        "Refusals that the audit log counts together."),
    metric("mainstay_sign_ins_total", Counter, Unit::Count, &["outcome"],
        "Attempts of operators to sign in."),
    metric("mainstay_transaction_duration_seconds", Histogram(Scale::Durations), Unit::Seconds, &["side", "transaction"],
        "How long transactions took, the wait for their turn included."),
    metric("mainstay_transaction_errors_total", Counter, Unit::Count, &["side", "transaction", "error"],
        "Transactions that failed."),
    metric("mainstay_transaction_retries_total", Counter, Unit::Count, &["side", "transaction"],
        "Times a transaction was run again because the database asked for it."),
    metric("mainstay_transactions_total", Counter, Unit::Count, &["side", "transaction"],
        "Transactions."),
    metric("oauth_authorisations_ended_total", Counter, Unit::Count, &["by"],
        "Authorisations of the platform that ended, by what ended them."),
    metric("oauth_client_authentication_failures_total", Counter, Unit::Count, &[],
        "Clients that did not prove who they are."),
    metric("oauth_clients_registered_total", Counter, Unit::Count, &[],
        "Clients that registered themselves."),
    metric("oauth_registration_refused_tokens_total", Counter, Unit::Count, &[],
        "Registrations with an initial access token that does not count."),
    metric("oauth_lost_writes_found_total", Counter, Unit::Count, &[],
        "Token writes whose answer from the database was lost and that were found in the row."),
    metric("oauth_requests_total", Counter, Unit::Count, &["endpoint", "outcome"],
        "Requests at the platform's OAuth endpoints."),
    metric("oauth_successors_resent_total", Counter, Unit::Count, &[],
        "Refreshes that were answered with the same successor again because the first answer seemed lost."),
];

/// Buckets by name.
pub(crate) fn with_buckets(mut builder: PrometheusBuilder) -> Result<PrometheusBuilder, BuildError> {
    builder = builder.set_buckets(Scale::Durations.buckets())?;
    for Metric { name, kind, .. } in METRICS {
        if let Histogram(scale) = kind {
            builder = builder.set_buckets_for_metric(Matcher::Full((*name).to_owned()), scale.buckets())?;
        }
    }
    Ok(builder)
}

/// Gives the recorder that is in place each metric's unit and text.
pub(crate) fn describe() {
    for Metric { name, kind, unit, tells, .. } in METRICS {
        match kind {
            Counter => metrics::describe_counter!(*name, *unit, *tells),
            Gauge => metrics::describe_gauge!(*name, *unit, *tells),
            Histogram(_) => metrics::describe_histogram!(*name, *unit, *tells),
        }
    }
}
