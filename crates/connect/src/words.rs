//! What is said to people about a connection's state: which end, since when, why, and what to do.

use refresh::{DegradedReason, EndReason, GrantState};

use crate::{Connection, Directory, End, Reason, Side, Stage};

/// Why a connection is not simply active; `None` if it is.
pub fn reason(connection: &Connection, directory: &Directory) -> Option<Reason> {
    match &connection.stage {
        Stage::Pending => Some(Reason {
            code: "awaiting_confirmation".to_owned(),
            sentence:
                "Both ends are signed in. The application that made the link has yet to confirm the pair."
                    .to_owned(),
        }),
        Stage::Disconnected { at, left_to_do } => {
            let mut sentence = format!("Disconnected on {}.", at.to_sentence());
            for left in left_to_do {
                sentence.push(' ');
                sentence.push_str(left);
            }
            Some(Reason { code: "disconnected".to_owned(), sentence })
        }
        Stage::Live => {
            connection.worst_end().and_then(|(end, _)| side_reason(connection.side(end), directory))
        }
    }
}

/// Why an end is not simply active; `None` if it is.
pub fn side_reason(side: &Side, directory: &Directory) -> Option<Reason> {
    let name = directory.name(&side.provider);
    let company = &side.company.name;
    let (code, sentence) = match side.facts.state {
        GrantState::Active => return None,
        GrantState::Degraded { since, reason } => {
            let next = side
                .facts
                .next_action_at
                .map_or_else(String::new, |at| format!(" The next try is on {}.", at.to_sentence()));
            let since = since.to_sentence();
            (
                reason.code(),
                format!(
                    "{} since {since}. Nothing is lost, and it goes on by itself.{next}",
                    degraded(name, reason)
                ),
            )
        }
        GrantState::Unknown { since } => (
            "refresh_outcome_unknown",
            format!(
                "{name} has not answered a refresh that was sent on {}. It is being looked into; nothing has to be done for now.",
                since.to_sentence()
            ),
        ),
        GrantState::Ended { at, reason } => (
            reason.code(),
            format!(
                "{} since {}, because {}.",
                ended(name, company, reason),
                at.to_sentence(),
                because(reason)
            ),
        ),
    };
    Some(Reason { code: code.to_owned(), sentence })
}

fn degraded(name: &str, reason: DegradedReason) -> String {
    match reason {
        DegradedReason::ProviderUnreachable => format!("{name} cannot be reached"),
        DegradedReason::RateLimited => format!("{name} asks for fewer requests"),
        DegradedReason::ClientRefused => {
            format!("{name} refuses this integration's own client id or secret; the operator has to look")
        }
        DegradedReason::Misconfigured => {
            format!("{name} refuses the request as not allowed; the operator has to look")
        }
        DegradedReason::PossiblyRestored => format!(
            "this service looks restored from a backup, and the sign-in at {name} waits for the operator to decide"
        ),
    }
}

fn ended(name: &str, company: &str, reason: EndReason) -> String {
    match reason {
        EndReason::KeyRefused => format!("{name} no longer accepts the API key for {company}"),
        _ => format!("{name} no longer accepts our sign-in for {company}"),
    }
}

const fn because(reason: EndReason) -> &'static str {
    match reason {
        EndReason::AccessWithdrawn => "access was withdrawn or has ended there",
        EndReason::RefreshAnswerLost => "the answer to a refresh was lost and cannot be asked for again",
        EndReason::Expired => "its life has come to an end",
        EndReason::KeyRefused => "it was withdrawn or replaced there",
        EndReason::NoRefreshToken => "it has expired and cannot be refreshed",
        EndReason::Replaced => "a newer sign-in took its place",
        EndReason::Disconnected => "the connection was disconnected",
        EndReason::RestoredBackup => {
            "this service was restored from a backup, and the sign-in in it had been used up by then"
        }
    }
}

/// What a person has to do about it, and where.
pub fn request_for_sign_in(connection: &Connection, end: End, directory: &Directory) -> String {
    let side = connection.side(end);
    format!("Sign in at {} again, for {}.", directory.name(&side.provider), side.company.name)
}
