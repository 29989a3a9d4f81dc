//! A healthy grant is never condemned (rule 8): one that ended was withdrawn by the customer, or its refresh was processed and the answer
//! was lost in one of the windows that nobody can close.

use refresh::EndReason;

use super::once::DEADLINE;
use super::story::{End, Refresh, Story};
use super::{Findings, Invariant, Window};
use crate::journal::{Ended, RequestId};
use crate::plan::{Delivery, TICK};
use crate::provider::Death;
use crate::run::Record;

pub(super) fn check(record: &Record, story: &Story, findings: &mut Findings) {
    for end in &story.ends {
        findings.checked(Invariant::HealthyNeverCondemned);
        let pair = story.pair_at(end.grant, end.point);
        let refresh = record.provider.family(end.grant).refresh_of(pair);
        let death = record.provider.death(end.grant, refresh, end.point.at + TICK);
        let cause = match death {
            None => Err("and yet its refresh token is good".to_owned()),
            Some(death) => cause(record, story, end, death, 0),
        };
        match cause {
            Ok((window, by)) => {
                findings.went_through(window);
                if let Some(what) =
                    told_wrongly(end, window).filter(|_| !marker_was_restored_away(story, end, by))
                {
                    findings.violated(Invariant::HealthyNeverCondemned, end.point.at, what);
                }
            }
            Err(why) => {
                let what = format!("the grant {} was ended with {}, {why}", end.grant, end.reason);
                findings.violated(Invariant::HealthyNeverCondemned, end.point.at, what);
            }
        }
    }
}

/// How the token of a grant that ended had died, and by which request.
fn cause(
    record: &Record,
    story: &Story,
    end: &End,
    death: Death,
    depth: u32,
) -> Result<(Window, Option<RequestId>), String> {
    match death {
        Death::Unknown => Err("and its refresh token was never issued".to_owned()),
        Death::GraceOver => Ok((Window::GraceOver, None)),
        Death::Withdrawn => match story.withdrawn(end.grant) {
            Some(point) if point <= end.point => Ok((Window::Withdrawn, None)),
            _ => Err("before the customer withdrew it".to_owned()),
        },
        Death::Superseded { request } | Death::Revoked { request } => {
            let by = &story.refreshes[&request];
            if by.processed.first().is_none_or(|(point, _)| *point > end.point) {
                return Err("before the request that killed its refresh token was processed".to_owned());
            }
            if matches!(by.delivery, Some(Delivery::Twice { .. })) {
                return Ok((Window::SentTwiceByGateway, Some(request)));
            }
            if was_processed_late(story, by) {
                return Ok((Window::ProcessedLate, Some(request)));
            }
            let sent_late = by.marker.map(|marker| marker.point).zip(by.sent);
            if sent_late.is_some_and(|(from, until)| story.was_paused(by.place, from, until)) {
                return Ok((Window::StoppedBeforeSending, Some(request)));
            }
            if matches!(death, Death::Revoked { .. }) {
                // It presented a token that had been used before: how did it come to that?
                let family = record.provider.family(end.grant);
                let presented = family.superseded_by(by.refresh);
                let held = story.pair_at(end.grant, end.point);
                // It was marked, which is the last look at the row, before the answer was there.
                let came_later = by.marker.zip(story.stored_at(end.grant, held));
                let came_later = came_later.is_some_and(|(marked, stored)| marked.point < stored);
                return match presented.filter(|_| depth < 3) {
                    // The answer came after all, to a grant that had been given up and everything of which was dead.
                    Some(_) if by.refresh < family.refresh_of(held) && came_later => {
                        Ok((Window::KilledByRetry, Some(request)))
                    }
                    Some(request) => cause(record, story, end, Death::Superseded { request }, depth + 1),
                    None => Err(format!("after the request {request} had killed everything")),
                };
            }
            fate_of_answer(story, end, by).map(|window| (window, Some(request)))
        }
    }
}

/// Whether the marker of the request that killed a token had gone with a restore: then nobody knows that an answer is missing.
fn marker_was_restored_away(story: &Story, end: &End, by: Option<RequestId>) -> bool {
    let marker = by.and_then(|request| story.refreshes[&request].marker);
    marker.is_some_and(|marker| story.restored_between(marker.point, end.point).is_some())
}

/// Whether the provider worked on it when its sender had given it up, or was gone, and nobody could expect it any more.
fn was_processed_late(story: &Story, by: &Refresh) -> bool {
    let Some((processed, _)) = by.processed.first() else { return false };
    let given_up = matches!(by.over, Some((over, Ended::Unanswered)) if over < *processed);
    let is_orphan = by.sent.is_some_and(|sent| {
        sent.at + DEADLINE <= processed.at && by.over.is_none() && story.was_killed_after(by.place, sent)
    });
    given_up || is_orphan
}

fn fate_of_answer(story: &Story, end: &End, by: &Refresh) -> Result<Window, String> {
    match by.over {
        None => Ok(Window::KilledWaiting),
        Some((_, Ended::NotSent)) => {
            Err(format!("the request {} was processed without having been sent", by.id))
        }
        Some((_, Ended::Unanswered | Ended::Answered { issued: None, .. })) => Ok(Window::AnswerLost),
        Some((received, Ended::Answered { issued: Some(pair), .. })) => {
            let stored = story.stored_at(end.grant, pair);
            // An answer that was under way may have come to a row that was put back meanwhile: before the end, or between the end
            // and what would have revived the grant.
            let came_in_vain = story.came_in_vain(end.grant, pair);
            let in_vain = came_in_vain.and(by.marker).map(|marker| marker.point);
            let may_revive = came_in_vain.filter(|_| end.reason == EndReason::RefreshAnswerLost);
            if story.restored_between(stored.or(in_vain).unwrap_or(received), end.point).is_some()
                || may_revive.is_some_and(|came| story.restored_between(end.point, came).is_some())
            {
                Ok(Window::Restored)
            } else if stored.is_some_and(|stored| stored > end.point) {
                Ok(Window::Revived)
            } else if story.was_killed_after(by.place, received) {
                Ok(Window::KilledBeforeSafe)
            } else {
                Err(format!("although {} had the answer", by.place))
            }
        }
    }
}

/// The reason must be the one by which a late answer may revive the grant, where one might come.
fn told_wrongly(end: &End, window: Window) -> Option<String> {
    let lost = matches!(
        window,
        Window::AnswerLost | Window::KilledWaiting | Window::KilledBeforeSafe | Window::Revived
    );
    (lost && end.reason != EndReason::RefreshAnswerLost).then(|| {
        format!(
            "the grant {} was ended with {}, although an answer was lost: {}",
            end.grant,
            end.reason,
            window.name()
        )
    })
}
