//! What goes wrong in a run.

use std::time::Duration;

use super::{Plan, signed};
use crate::dice::Dice;

/// A fault that lasts.
#[derive(Debug, Clone)]
pub struct Episode {
    /// From when.
    pub from: Duration,
    /// Until when.
    pub until: Duration,
    /// What it is.
    pub kind: EpisodeKind,
}

/// The faults that last.
#[derive(Debug, Clone)]
pub enum EpisodeKind {
    /// So many of a thousand requests meet one of these on their way or at the provider.
    Provider {
        /// How many.
        per_mille: u64,
        /// What they may meet.
        deliveries: Vec<Delivery>,
    },
    /// So many of a thousand questions (introspection) are not answered.
    Questions {
        /// How many.
        per_mille: u64,
    },
    /// So many of a thousand calls of the API are refused with 401 although the token is good.
    OwnRefusals {
        /// How many.
        per_mille: u64,
    },
    /// Nothing passes from an instance to the provider, or nothing back.
    Partition {
        /// Which instance.
        host: usize,
        /// Whether requests are lost.
        there: bool,
        /// Whether answers are lost.
        back: bool,
    },
    /// Messages between an instance and the provider take up to so long.
    Slow {
        /// Which instance.
        host: usize,
        /// How long at most.
        latency: Duration,
    },
    /// So many of a thousand transactions of one instance, or of all, meet this.
    Store {
        /// Which instance; all where `None`.
        host: Option<usize>,
        /// How many.
        per_mille: u64,
        /// What they meet.
        trouble: StoreTrouble,
    },
    /// So many of a thousand works on the disk of an instance fail; the others take up to so long.
    Disk {
        /// Which instance.
        host: usize,
        /// How many fail.
        per_mille: u64,
        /// How long the others take at most.
        slow: Duration,
    },
    /// The provider is not there at all.
    ProviderDown,
}

/// What a transaction can meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreTrouble {
    /// It is not run.
    Refused,
    /// It is run and kept, and its answer is lost.
    AnswerLost,
    /// It is run after up to so long.
    SlowBefore(Duration),
    /// It is run, and its answer takes up to so long.
    SlowAfter(Duration),
}

/// What becomes of a token request between the client's socket and the client's socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It is processed and answered.
    Plain,
    /// The connection is cut, and it is not processed.
    CutBefore,
    /// It is processed, and the connection is cut.
    CutAfter,
    /// A status without processing.
    StatusBefore(u16),
    /// A status after processing.
    StatusAfter(u16),
    /// A page of a gateway, with status 200 or 502, without processing.
    PageBefore(u16),
    /// A page of a gateway after processing.
    PageAfter(u16),
    /// `{"error":"invalid_grant"}` inside a 500, without processing.
    RefusalInside500,
    /// 429 with Retry-After.
    TooMany,
    /// 401 `invalid_client`.
    ClientRefused,
    /// 400 `invalid_request`, though nothing is wrong with it.
    Misconfigured,
    /// It is processed, and the answer breaks off in its body.
    Truncated,
    /// A gateway sends it on a second time; the answer to the first or to the second comes back.
    Twice {
        /// Whether it is the first one's answer.
        first_answers: bool,
    },
    /// It waits so many seconds, at most the number given, before it is processed.
    SlowBefore(u64),
    /// It is processed, and the answer waits so long.
    SlowAfter(u64),
    /// Nothing happens and nothing is said.
    Silence,
}

impl Delivery {
    const ALL: [Self; 20] = [
        Self::CutBefore,
        Self::CutAfter,
        Self::StatusBefore(500),
        Self::StatusBefore(503),
        Self::StatusBefore(408),
        Self::StatusAfter(500),
        Self::StatusAfter(504),
        Self::PageBefore(502),
        Self::PageBefore(200),
        Self::PageAfter(502),
        Self::RefusalInside500,
        Self::TooMany,
        Self::ClientRefused,
        Self::Misconfigured,
        Self::Truncated,
        Self::Twice { first_answers: true },
        Self::Twice { first_answers: false },
        Self::SlowBefore(55),
        Self::SlowAfter(70),
        Self::Silence,
    ];
}

/// A fault that happens.
#[derive(Debug, Clone)]
pub struct Moment {
    /// When.
    pub at: Duration,
    /// What it is.
    pub kind: MomentKind,
}

/// The faults that happen.
#[derive(Debug, Clone)]
pub enum MomentKind {
    /// A trap is set for an instance.
    Trap {
        /// Which.
        host: usize,
        /// What happens at which step.
        trap: Trap,
    },
    /// The clock of an instance steps.
    ClockStep {
        /// Which.
        host: usize,
        /// By how much, in milliseconds.
        millis: i64,
    },
    /// An instance is told to stop, and started again after so long.
    Stop {
        /// Which.
        host: usize,
        /// How long.
        down: Duration,
    },
    /// An instance is told to stop, and started again on a machine that has no memory (rule 14).
    Replace {
        /// Which.
        host: usize,
        /// How long it takes.
        down: Duration,
    },
    /// The customer withdraws a grant.
    Withdraw {
        /// Which.
        grant: usize,
    },
    /// The database is put back to what it was so long ago.
    Restore {
        /// How long.
        ago: Duration,
        /// Under the running instances; otherwise all are killed before it and started after it.
        running: bool,
        /// How long they are down.
        down: Duration,
    },
    /// The operator says that the database is the right one (`mainstay recover accept`).
    Accept,
}

/// Something that happens to an instance when it comes to a step.
#[derive(Debug, Clone, Copy)]
pub struct Trap {
    /// At which step; at the next one where `None`.
    pub step: Option<Step>,
    /// What.
    pub kind: TrapKind,
}

/// What a trap does.
#[derive(Debug, Clone, Copy)]
pub enum TrapKind {
    /// The process is killed and started again after so long.
    Kill {
        /// How long.
        down: Duration,
        /// Whether the machine loses its power, so that what was not synced is lost or torn.
        power: bool,
    },
    /// The process stands still for so long, as with SIGSTOP.
    Pause(Duration),
    /// From here on the store is away for so long, for this instance or for all.
    StoreAway {
        /// How long.
        lasts: Duration,
        /// Whether for all.
        for_all: bool,
    },
}

/// The places in a process where it can be killed or stopped: each await on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Before the lease is taken, and after it.
    BeforeLease,
    /// The lease is taken, its answer not seen.
    AfterLease,
    /// Before the marker is written.
    BeforeMarker,
    /// The marker is written, its answer not seen.
    AfterMarker,
    /// Before a connection is made.
    BeforeConnect,
    /// The connection is there, nothing has been sent.
    BeforeSend,
    /// The request has been sent.
    AfterSend,
    /// The answer has been received, nothing has been done with it.
    AfterAnswer,
    /// Before the answer is stored.
    BeforeStore,
    /// The answer is stored, which is not known yet.
    AfterStore,
    /// Before what came of an attempt is recorded.
    BeforeFailure,
    /// What came of an attempt is recorded, which is not known yet.
    AfterFailure,
    /// Before the answer is written to disk.
    BeforeSpill,
    /// The answer is written, not synced.
    WithinSpill,
    /// The answer is synced, which is not known yet.
    AfterSpill,
    /// Before a slot is cleared.
    BeforeClear,
    /// Before the lease is given back.
    BeforeRelease,
    /// Any other await.
    Other,
}

impl Step {
    /// The steps of a refresh.
    pub const NAMED: [Self; 17] = [
        Self::BeforeLease,
        Self::AfterLease,
        Self::BeforeMarker,
        Self::AfterMarker,
        Self::BeforeConnect,
        Self::BeforeSend,
        Self::AfterSend,
        Self::AfterAnswer,
        Self::BeforeStore,
        Self::AfterStore,
        Self::BeforeFailure,
        Self::AfterFailure,
        Self::BeforeSpill,
        Self::WithinSpill,
        Self::AfterSpill,
        Self::BeforeClear,
        Self::BeforeRelease,
    ];
}

pub(super) fn draw(plan: &mut Plan, dice: &mut Dice) {
    let minutes = plan.quiet_from.as_secs() / 60;
    for _ in 0..dice.below(2 + minutes) {
        let kind = episode(plan, dice);
        let from = dice.between(Duration::from_secs(10), plan.quiet_from);
        let length = if dice.chance(700) { dice.seconds(5, 60) } else { dice.seconds(60, 180) };
        plan.episodes.push(Episode { from, until: (from + length).min(plan.quiet_from), kind });
    }
    for _ in 0..dice.below(2 + minutes) {
        let kind = moment(plan, dice);
        let at = dice.between(Duration::from_secs(10), plan.quiet_from);
        plan.moments.push(Moment { at, kind });
    }
    if dice.chance(400) {
        an_answer_that_cannot_be_stored(plan, dice);
    }
    if dice.chance(250) || plan.options.restores {
        let at = dice.between(Duration::from_secs(90), plan.quiet_from);
        let (ago, running, down) = (dice.seconds(0, 200), dice.chance(200), dice.seconds(1, 60));
        plan.moments.push(Moment { at, kind: MomentKind::Restore { ago, running, down } });
        if dice.chance(500) {
            let at = dice.between(at, plan.quiet_from);
            plan.moments.push(Moment { at, kind: MomentKind::Accept });
        }
    }
    if dice.chance(200) {
        let at = dice.between(Duration::from_secs(30), plan.quiet_from);
        let (host, down) = (dice.index(plan.instances), dice.seconds(0, 20));
        plan.moments.push(Moment { at, kind: MomentKind::Replace { host, down } });
    }
    plan.moments.sort_by_key(|moment| moment.at);
}

/// Two faults that matter together: an answer is there and the store is away, and perhaps the process is killed at its disk.
fn an_answer_that_cannot_be_stored(plan: &mut Plan, dice: &mut Dice) {
    let at = dice.between(Duration::from_secs(30), plan.quiet_from);
    let host = dice.index(plan.instances);
    // The lease and the marker must have been taken before: the outage begins with the request, or with the answer.
    let step = dice.pick(&[Step::AfterSend, Step::AfterAnswer, Step::BeforeStore]);
    let kind = TrapKind::StoreAway { lasts: dice.seconds(1, 170), for_all: dice.chance(400) };
    let trap = Trap { step: Some(step), kind };
    plan.moments.push(Moment { at, kind: MomentKind::Trap { host, trap } });
    if dice.chance(600) {
        let step = dice.pick(&[
            Step::BeforeStore,
            Step::AfterStore,
            Step::BeforeSpill,
            Step::WithinSpill,
            Step::AfterSpill,
            Step::AfterSpill,
            Step::BeforeClear,
        ]);
        let kind = TrapKind::Kill { down: dice.seconds(1, 170), power: dice.chance(600) };
        let trap = Trap { step: Some(step), kind };
        plan.moments.push(Moment { at, kind: MomentKind::Trap { host, trap } });
    }
}

fn episode(plan: &Plan, dice: &mut Dice) -> EpisodeKind {
    let host = dice.index(plan.instances);
    let mostly = |dice: &mut Dice| dice.pick(&[50, 200, 500, 1000]);
    match dice.below(100) {
        0..40 => {
            let deliveries = match dice.below(4) {
                0 => Delivery::ALL.to_vec(),
                1 => vec![dice.pick(&Delivery::ALL), dice.pick(&Delivery::ALL)],
                // Rare by themselves, dear when they come.
                2 if dice.chance(100) => vec![Delivery::SlowBefore(120)],
                _ => vec![dice.pick(&Delivery::ALL)],
            };
            EpisodeKind::Provider { per_mille: mostly(dice), deliveries }
        }
        40..48 => EpisodeKind::Questions { per_mille: mostly(dice) },
        48..54 => EpisodeKind::OwnRefusals { per_mille: dice.pick(&[20, 100, 500]) },
        54..62 => {
            let (there, back) = dice.pick(&[(true, true), (true, false), (false, true)]);
            EpisodeKind::Partition { host, there, back }
        }
        62..68 => EpisodeKind::Slow { host, latency: dice.seconds(1, 20) },
        68..90 => {
            let trouble = match dice.below(8) {
                0..3 => StoreTrouble::Refused,
                3..5 => StoreTrouble::AnswerLost,
                5 => StoreTrouble::SlowBefore(dice.seconds(1, 90)),
                _ => StoreTrouble::SlowAfter(dice.seconds(1, 90)),
            };
            let host = if dice.chance(600) { Some(host) } else { None };
            EpisodeKind::Store { host, per_mille: mostly(dice), trouble }
        }
        90..96 => {
            EpisodeKind::Disk { host, per_mille: dice.pick(&[0, 300, 1000]), slow: dice.seconds(0, 10) }
        }
        _ => EpisodeKind::ProviderDown,
    }
}

fn moment(plan: &Plan, dice: &mut Dice) -> MomentKind {
    let host = dice.index(plan.instances);
    let step = match dice.below(10) {
        0..3 => None,
        3 => Some(Step::Other),
        _ => Some(dice.pick(&Step::NAMED)),
    };
    match dice.below(100) {
        0..50 => {
            let down = if dice.chance(700) { dice.seconds(1, 20) } else { dice.seconds(20, 150) };
            let kind = TrapKind::Kill { down, power: dice.chance(300) };
            MomentKind::Trap { host, trap: Trap { step, kind } }
        }
        50..70 => {
            let pause = if dice.chance(600) { dice.seconds(1, 30) } else { dice.seconds(30, 150) };
            MomentKind::Trap { host, trap: Trap { step, kind: TrapKind::Pause(pause) } }
        }
        70..86 => {
            let most = dice.pick(&[2_000, 30_000, 180_000]);
            MomentKind::ClockStep { host, millis: signed(dice, most) }
        }
        86..95 => MomentKind::Stop { host, down: dice.seconds(0, 30) },
        _ => MomentKind::Withdraw { grant: dice.index(plan.grants) },
    }
}
