//! Acts that somebody was refused, put on record. An act is named as its record would have been had it been done, or by its door.

use audit::AuditEvent;

use crate::{By, Platform, Subject};

impl Platform {
    /// Puts on record that somebody may not do an act. `client`: a client that exists; what a stranger typed is not repeated.
    pub async fn tell_act_refused(
        &self,
        by: &By,
        act: &str,
        about: (Option<Subject>, Option<&str>),
        reason: &str,
    ) {
        let Some(ledger) = &self.ledger else { return };
        let (subject, client) = about;
        let mut event = AuditEvent::new("act.refused", by.actor.clone()).origin(&by.origin);
        event.subject = subject.map(|subject| subject.to_string());
        event.client = client.map(ToOwned::to_owned);
        ledger.refused(event.with("act", act).with("reason", reason)).await;
    }

    /// The same where the person has no role that allows it.
    pub(crate) async fn tell_no_right(
        &self,
        by: &By,
        act: &str,
        subject: Option<Subject>,
        client: Option<&str>,
    ) {
        self.tell_act_refused(by, act, (subject, client), "no right to do this").await;
    }
}
