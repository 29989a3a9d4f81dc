use std::time::Duration;

use base::Throttle;
use uuid::Uuid;

use crate::Subject;

const WINDOW: Duration = Duration::from_mins(1);

/// How often the resource APIs may be called, counted in this process: with two processes twice as much gets through. Only calls with
/// a good credential count, so nobody can use up what is another's.
#[derive(Debug)]
pub struct ApiLimits {
    each: Throttle<Uuid>,
    of_subject: Throttle<Subject>,
}

impl ApiLimits {
    /// Calls a minute with one access token (and those that follow it by refresh) or one API key.
    pub const EACH: u32 = 600;
    /// Calls a minute for one company or organisation, whatever the credentials.
    pub const OF_SUBJECT: u32 = 6000;

    /// Other limits than the usual ones.
    pub fn new(each: u32, of_subject: u32) -> Self {
        Self { each: Throttle::new(each, WINDOW), of_subject: Throttle::new(of_subject, WINDOW) }
    }

    /// Counts a call, or says how long to wait. A credential that has reached its limit does not use up its company's.
    pub(crate) fn admit(
        &self,
        credential: Uuid,
        subject: Subject,
        monotonic: Duration,
    ) -> Result<(), Duration> {
        self.each.admit(credential, monotonic)?;
        self.of_subject.admit(subject, monotonic)
    }
}

impl Default for ApiLimits {
    fn default() -> Self {
        Self::new(Self::EACH, Self::OF_SUBJECT)
    }
}

#[cfg(test)]
mod tests;
