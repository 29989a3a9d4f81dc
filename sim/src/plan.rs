//! What one run is made of: drawn from its seed before it begins.

mod weather;

use std::time::Duration;

use crate::dice::Dice;

pub(crate) use weather::{
    Delivery, Episode, EpisodeKind, Moment, MomentKind, Step, StoreTrouble, Trap, TrapKind,
};

/// What a run is to be like beside its seed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// A wrapper that breaks one invariant on purpose.
    pub fault: Option<crate::DeliberateFault>,
    /// Whether the database is restored from a copy (rule 14) in each run that has faults; otherwise in a quarter of them.
    pub restores: bool,
}

/// How the provider of a run rotates (facts 16.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotationKind {
    /// Everything earlier is dead at once; introspection tells (Pleo, facts 6).
    StrictWithQuestion,
    /// The old refresh token is dead at once, and nobody can be asked (Fortnox, facts 16.5).
    StrictWithout,
    /// The old one may be sent again for a while (Xero, facts 16.2).
    LivesForAWhile,
    /// The old one lives until the new one is used; no refresh before the last 30 s (Exact Online, facts 16.8).
    UntilNewIsUsed,
    /// The old one lives (Microsoft, facts 16.4).
    Lives,
    /// The value changes about every 24 hours, and then the old one is dead (`QuickBooks`, facts 16.3).
    ChangesDaily,
}

impl RotationKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::StrictWithQuestion,
        Self::StrictWithout,
        Self::LivesForAWhile,
        Self::UntilNewIsUsed,
        Self::Lives,
        Self::ChangesDaily,
    ];

    /// The catalogue's entry whose rules the client follows.
    pub const fn catalogue_id(self) -> &'static str {
        match self {
            Self::StrictWithQuestion => "pleo",
            Self::StrictWithout => "fortnox",
            Self::LivesForAWhile => "xero",
            Self::UntilNewIsUsed => "exact-online",
            Self::Lives => "business-central",
            Self::ChangesDaily => "quickbooks",
        }
    }

    /// Whether a refresh that issued a new refresh token has killed the old one.
    pub const fn is_strict(self) -> bool {
        matches!(self, Self::StrictWithQuestion | Self::StrictWithout | Self::ChangesDaily)
    }
}

/// One run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Its seed.
    pub seed: u64,
    /// What it is to be like.
    pub options: Options,
    /// How its provider rotates.
    pub kind: RotationKind,
    /// How many instances there are.
    pub instances: usize,
    /// How many grants they share.
    pub grants: usize,
    /// How many callers each instance has.
    pub callers: usize,
    /// How long an access token lives.
    pub token_life: Duration,
    /// How long an old refresh token lives on, at a provider where it does.
    pub grace: Duration,
    /// After how long the value of the refresh token changes, where it does daily.
    pub day: Duration,
    /// Whether a refresh token that is presented again kills everything (Pleo: "may give … a revoked session").
    pub replay_kills: bool,
    /// Whether a second use of an old refresh token brings the same successor again.
    pub same_successor: bool,
    /// Whether the newest of two client secrets is not known to the provider.
    pub newest_secret_refused: bool,
    /// How often follower and scheduler look.
    pub poll: Duration,
    /// The most that a message is under way in good weather.
    pub latency: Duration,
    /// By how much each host's clock is off at the beginning, in milliseconds.
    pub clock_offsets: Vec<i64>,
    /// When the last fault has ended and the quiet begins.
    pub quiet_from: Duration,
    /// When the run ends.
    pub ends_at: Duration,
    /// Faults that last.
    pub episodes: Vec<Episode>,
    /// Faults that happen, in order of time.
    pub moments: Vec<Moment>,
}

/// How far time moves from one look at the network to the next.
pub(crate) const TICK: Duration = Duration::from_millis(100);
/// How long a run goes on without faults: the bound of the invariant "liveness".
pub(crate) const QUIET: Duration = Duration::from_mins(6);
/// How long before the end every instance is asked for every grant.
pub(crate) const LAST_LOOK: Duration = Duration::from_secs(40);

impl Plan {
    /// The plan of a seed.
    pub fn draw(seed: u64, options: Options) -> Self {
        let mut dice = Dice::new(seed, "plan");
        let kind = match dice.below(20) {
            0..7 => RotationKind::StrictWithQuestion,
            7..12 => RotationKind::StrictWithout,
            12..14 => RotationKind::LivesForAWhile,
            14..16 => RotationKind::UntilNewIsUsed,
            16..18 => RotationKind::Lives,
            _ => RotationKind::ChangesDaily,
        };
        let instances = dice.pick(&[1, 2, 2, 2, 3, 3]);
        let quiet_from = dice.seconds(4 * 60, 10 * 60);
        let mut plan = Self {
            seed,
            options,
            kind,
            instances,
            grants: dice.pick(&[1, 1, 2, 2, 3, 4]),
            callers: dice.pick(&[1, 2, 3]),
            token_life: dice.seconds(80, 180),
            grace: dice.pick(&[Duration::from_mins(5), Duration::from_mins(30)]),
            day: dice.seconds(180, 400),
            replay_kills: dice.chance(500),
            same_successor: dice.chance(500),
            newest_secret_refused: dice.chance(150),
            poll: dice.pick(&[Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)]),
            latency: dice.pick(&[
                Duration::from_millis(50),
                Duration::from_millis(200),
                Duration::from_secs(1),
            ]),
            clock_offsets: (0..instances)
                .map(|_| if dice.chance(500) { 0 } else { signed(&mut dice, 90_000) })
                .collect(),
            quiet_from,
            ends_at: quiet_from + QUIET,
            episodes: Vec::new(),
            moments: Vec::new(),
        };
        // Some runs are calm: what goes wrong there goes wrong without an excuse.
        if !dice.chance(80) {
            weather::draw(&mut plan, &mut dice);
        }
        // What a clock that was ahead has put off comes that much later.
        plan.ends_at += plan.clock_spread().saturating_sub(QUIET / 3);
        plan
    }

    /// The episodes at `now`.
    pub fn weather(&self, now: Duration) -> impl Iterator<Item = &EpisodeKind> {
        self.episodes
            .iter()
            .filter(move |episode| episode.from <= now && now < episode.until)
            .map(|episode| &episode.kind)
    }

    /// Whether the store refuses or slows down within the half minute before `at`.
    pub fn has_store_trouble(&self, at: Duration) -> bool {
        self.episodes.iter().any(|episode| {
            matches!(episode.kind, EpisodeKind::Store { .. })
                && episode.from <= at
                && at < episode.until + Duration::from_mins(2)
        })
    }

    /// Whether the database is restored from a copy.
    pub fn has_restore(&self) -> bool {
        self.moments.iter().any(|moment| matches!(moment.kind, MomentKind::Restore { .. }))
    }

    /// The most by which two readings of the hosts' clocks can disagree in this run about how much time has passed.
    pub fn clock_spread(&self) -> Duration {
        let stepped = self.moments.iter().filter_map(|moment| match moment.kind {
            MomentKind::ClockStep { millis, .. } => Some(millis.unsigned_abs()),
            _ => None,
        });
        let offset = self.clock_offsets.iter().map(|offset| offset.unsigned_abs());
        // Any two hosts, and any of the steps between the two readings.
        Duration::from_millis(offset.sum::<u64>() + stepped.sum::<u64>())
    }
}

/// A number of milliseconds in either direction.
fn signed(dice: &mut Dice, most: i64) -> i64 {
    let spread = u64::try_from(2 * most + 1).unwrap_or(1);
    i64::try_from(dice.below(spread)).unwrap_or(0) - most
}
