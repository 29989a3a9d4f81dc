//! One run: the hosts, the weather, and what is left at the end.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use refresh::{AttemptRecord, DegradedReason, Grant, GrantState, NumberedGrantEvent, Store as _};
use turmoil::{Builder, Sim};

use crate::clock::right_time;
use crate::dice::Dice;
use crate::instance;
use crate::journal::{Entry, Event, Place};
use crate::plan::{EpisodeKind, LAST_LOOK, MomentKind, Options, Plan, TICK};
use crate::provider::{self, Provider};
use crate::scene::{PROVIDER, Scene};

/// How long a process that was told to stop is given; then it is killed.
const PATIENCE: Duration = Duration::from_secs(90);

/// Everything that a run leaves behind.
#[derive(Debug)]
pub struct Record {
    /// The plan.
    pub plan: Plan,
    /// What happened.
    pub entries: Vec<Entry>,
    /// A number that two different traces will not share.
    pub fingerprint: u64,
    /// The rows of the grants at the end.
    pub rows: Vec<Grant>,
    /// Which pair each row holds.
    pub pairs: Vec<Option<usize>>,
    /// Each grant's attempts, oldest first.
    pub attempts: Vec<Vec<AttemptRecord>>,
    /// The events of all grants.
    pub events: Vec<NumberedGrantEvent>,
    /// The provider at the end.
    pub(crate) provider: Provider,
    /// Answers that are on disks at the end.
    pub left_on_disk: usize,
    /// What panicked, if anything did.
    pub panicked: Option<String>,
}

thread_local! {
    static PANICKED: Cell<Option<String>> = const { Cell::new(None) };
}

/// Remembers panics of tasks, which the runtime would swallow, for the run on the thread where they happen.
pub fn watch_panics() {
    std::panic::set_hook(Box::new(|info| PANICKED.set(Some(info.to_string()))));
}

/// Runs a seed.
pub fn run(seed: u64, options: Options) -> Record {
    PANICKED.set(None);
    let scene = Arc::new(Scene::new(Plan::draw(seed, options)));
    let mut stage = Stage::new(&scene);
    while stage.now() < scene.plan.ends_at {
        stage.tick();
    }
    drop(stage);
    record(&scene)
}

fn record(scene: &Arc<Scene>) -> Record {
    let database = &scene.database;
    let rows: Vec<Grant> = scene
        .grants
        .iter()
        .map(|id| Scene::inline(database.grant(*id)).ok().flatten().expect("a grant's row stays"))
        .collect();
    let pair = |row: &Grant| scene.pair_of(row.id, row.generation, row.credential.as_ref()?);
    let attempts = scene
        .grants
        .iter()
        .map(|id| {
            let mut attempts = Scene::inline(database.attempts(*id, u32::MAX)).expect("the rows can be read");
            attempts.reverse();
            attempts
        })
        .collect();
    let events = Scene::inline(database.events_after(0, u32::MAX)).expect("the rows can be read");
    let mut journal = scene.journal();
    let fingerprint = journal.fingerprint();
    Record {
        pairs: rows.iter().map(pair).collect(),
        rows,
        attempts,
        events,
        entries: std::mem::take(&mut journal.entries),
        fingerprint,
        provider: std::mem::replace(&mut *scene.provider(), Provider::new(&scene.plan)),
        left_on_disk: scene.machines.iter().map(|machine| machine.disk.answers()).sum(),
        panicked: PANICKED.take(),
        plan: scene.plan.clone(),
    }
}

/// A simulation under way.
struct Stage<'a> {
    scene: &'a Arc<Scene>,
    sim: Sim<'a>,
    hosts: Vec<HostState>,
    provider_is_down: bool,
    next_moment: usize,
    next_change: Duration,
    next_sample: Duration,
    dice: Dice,
    copies: Vec<(Duration, store::Snapshot)>,
}

#[derive(Debug, Default)]
struct HostState {
    name: String,
    /// When it is started again.
    up_at: Option<Duration>,
    /// Told to stop: how long it stays down then, and when it is killed.
    stopping: Option<(Duration, Duration)>,
    /// It comes up on another machine, which remembers nothing.
    forgets: bool,
    link: Link,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Link {
    there_is_cut: bool,
    back_is_cut: bool,
    latency: Duration,
}

impl<'a> Stage<'a> {
    fn new(scene: &'a Arc<Scene>) -> Self {
        let plan = &scene.plan;
        let mut sim = Builder::new()
            .tick_duration(TICK)
            .simulation_duration(plan.ends_at * 2)
            .epoch(std::time::UNIX_EPOCH)
            .min_message_latency(Duration::from_millis(1))
            .max_message_latency(plan.latency)
            .rng_seed(Dice::new(plan.seed, "network").number())
            .build();
        sim.host(PROVIDER, || provider::serve(scene.clone()));
        let mut hosts = Vec::new();
        for host in 0..plan.instances {
            let name = format!("i{host}");
            sim.host(name.as_str(), move || instance::run(scene.clone(), host));
            let link = Link { latency: plan.latency, ..Link::default() };
            hosts.push(HostState { name, link, ..HostState::default() });
        }
        let dice = Dice::new(plan.seed, "stage");
        let next_sample = plan.ends_at.saturating_sub(LAST_LOOK);
        Self {
            scene,
            sim,
            hosts,
            provider_is_down: false,
            next_moment: 0,
            next_change: Duration::ZERO,
            next_sample,
            dice,
            copies: Vec::new(),
        }
    }

    fn now(&self) -> Duration {
        self.sim.elapsed()
    }

    fn note(&self, place: Place, event: Event) {
        self.scene.journal().note(self.now(), place, event);
    }

    fn tick(&mut self) {
        let now = self.now();
        if !self.scene.is_quiet() && now >= self.scene.plan.quiet_from {
            self.become_quiet();
        }
        if now >= self.next_change {
            self.change_weather(now);
        }
        while let Some(moment) = self.scene.plan.moments.get(self.next_moment)
            && moment.at <= now
            && !self.scene.is_quiet()
        {
            self.next_moment += 1;
            self.happen(&moment.kind);
        }
        self.look_after_hosts(now);
        if let Err(error) = self.sim.step() {
            // A host's software does not end by itself: this is a panic in its main task.
            PANICKED.set(Some(PANICKED.take().unwrap_or_else(|| error.to_string())));
        }
        self.take_copy(now);
        if now >= self.next_sample {
            self.next_sample = now + Duration::from_secs(1);
            self.sample();
        }
    }

    fn happen(&mut self, kind: &MomentKind) {
        match *kind {
            MomentKind::Trap { host, trap } => self.scene.set_trap(host, trap),
            MomentKind::ClockStep { host, millis } => {
                self.scene.machines[host].clock.step(millis);
                self.note(Place::Instance { host, life: 0 }, Event::ClockStepped(millis));
            }
            MomentKind::Stop { host, down } => self.stop(host, down),
            MomentKind::Replace { host, down } => {
                self.stop(host, down);
                self.hosts[host].forgets = true;
            }
            MomentKind::Withdraw { grant } => {
                self.scene.provider().withdraw(grant, self.now());
                self.note(Place::Outside, Event::Withdrawn(grant));
            }
            MomentKind::Restore { ago, running, down } => self.restore(ago, running, down),
            MomentKind::Accept => {
                let now = right_time(self.now());
                Scene::inline(self.scene.database.accept_restored(now)).expect("the rows can be written");
                self.note(Place::Outside, Event::Accepted);
            }
        }
    }

    fn stop(&mut self, host: usize, down: Duration) {
        if let Some(life) = self.scene.life(host)
            && self.hosts[host].stopping.is_none()
        {
            life.stop.cancel();
            self.note(life.place, Event::ToldToStop);
            self.hosts[host].stopping = Some((down, self.now() + PATIENCE));
        }
    }

    fn restore(&mut self, ago: Duration, running: bool, down: Duration) {
        let then = self.now().saturating_sub(ago);
        let Some(index) = self.copies.iter().rposition(|(at, _)| *at <= then) else { return };
        for host in 0..if running { 0 } else { self.hosts.len() } {
            if let Some(life) = self.scene.life(host) {
                self.sim.crash(self.hosts[host].name.as_str());
                self.gone(host, life.place, false, down);
            }
        }
        let database = &self.scene.database;
        database.restore(&self.copies[index].1).expect("the copy was made of this database");
        let rows = self.scene.grants.iter().map(|id| {
            let row = Scene::inline(database.grant(*id)).ok().flatten().expect("a grant's row stays");
            let pair =
                row.credential.as_ref().and_then(|sealed| self.scene.pair_of(*id, row.generation, sealed));
            (row.generation, pair.unwrap_or_default())
        });
        let rows = rows.collect();
        let newest = Scene::inline(database.last_event()).expect("the rows can be read");
        let machines = &self.scene.machines;
        let remembers = |host: &usize| machines[*host].disk.newest_rotation() > Some(newest);
        let remembered_by = (0..machines.len()).filter(remembers).collect();
        self.note(
            Place::Outside,
            Event::Restored { copied_at: self.copies[index].0, rows, running, remembered_by },
        );
    }

    /// From now on no faults: everybody is up, connected, and knows the time within half a second.
    fn become_quiet(&mut self) {
        self.scene.become_quiet();
        self.note(Place::Outside, Event::Quiet);
        for host in 0..self.hosts.len() {
            self.scene.set_free(host);
            let offset = i64::try_from(self.dice.below(1000)).unwrap_or(0) - 500;
            self.scene.machines[host].clock.set_offset(offset);
            if self.hosts[host].up_at.is_some() {
                self.hosts[host].up_at = Some(Duration::ZERO);
            }
        }
    }

    fn change_weather(&mut self, now: Duration) {
        let plan = &self.scene.plan;
        let boundaries = plan.episodes.iter().flat_map(|episode| [episode.from, episode.until]);
        self.next_change = boundaries.filter(|at| *at > now).min().unwrap_or(Duration::MAX);
        for (host, state) in self.hosts.iter_mut().enumerate() {
            let mut link = Link { latency: plan.latency, ..Link::default() };
            for kind in plan.weather(now) {
                match *kind {
                    EpisodeKind::Partition { host: whose, there, back } if whose == host => {
                        link.there_is_cut |= there;
                        link.back_is_cut |= back;
                    }
                    EpisodeKind::Slow { host: whose, latency } if whose == host => {
                        link.latency = link.latency.max(latency);
                    }
                    _ => {}
                }
            }
            if link == state.link {
                continue;
            }
            let name = state.name.as_str();
            self.sim.set_link_max_message_latency(name, PROVIDER, link.latency);
            self.sim.repair(name, PROVIDER);
            if link.there_is_cut {
                self.sim.partition_oneway(name, PROVIDER);
            }
            if link.back_is_cut {
                self.sim.partition_oneway(PROVIDER, name);
            }
            state.link = link;
        }
        let is_down = plan.weather(now).any(|kind| matches!(kind, EpisodeKind::ProviderDown));
        if is_down != self.provider_is_down {
            self.provider_is_down = is_down;
            if is_down {
                self.sim.crash(PROVIDER);
            } else {
                self.sim.bounce(PROVIDER);
            }
        }
    }

    fn look_after_hosts(&mut self, now: Duration) {
        for host in 0..self.hosts.len() {
            let name = self.hosts[host].name.clone();
            if self.hosts[host].up_at.is_some_and(|at| at <= now) {
                self.hosts[host].up_at = None;
                if std::mem::take(&mut self.hosts[host].forgets) {
                    self.scene.machines[host].disk.forget_newest_rotation();
                    self.note(Place::Instance { host, life: 0 }, Event::Forgot);
                }
                self.sim.bounce(name.as_str());
                continue;
            }
            let Some(life) = self.scene.life(host) else { continue };
            if let Some((down, power)) = life.killed() {
                self.sim.crash(name.as_str());
                self.gone(host, life.place, false, down);
                if power {
                    let lost = self.scene.machines[host].disk.lose_power(&mut self.dice);
                    for _ in 0..lost {
                        self.note(life.place, Event::LostOnDisk);
                    }
                }
            } else if let Some((down, until)) = self.hosts[host].stopping {
                let is_running = self.sim.is_host_running(name.as_str());
                if !is_running || now >= until {
                    if is_running {
                        self.sim.crash(name.as_str());
                    }
                    self.gone(host, life.place, !is_running, down);
                }
            }
        }
    }

    fn gone(&mut self, host: usize, place: Place, orderly: bool, down: Duration) {
        self.scene.end_life(host);
        self.note(place, Event::Gone { orderly });
        self.hosts[host].stopping = None;
        let up_at = if self.scene.is_quiet() { Duration::ZERO } else { self.now() + down };
        self.hosts[host].up_at = Some(up_at.min(self.scene.plan.quiet_from));
    }

    fn take_copy(&mut self, now: Duration) {
        let is_time = self.copies.last().is_none_or(|(at, _)| now >= *at + Duration::from_secs(10));
        if self.scene.plan.has_restore() && is_time {
            let copy = self.scene.database.snapshot().expect("a database in memory has snapshots");
            self.copies.push((now, copy));
        }
    }

    /// Looks whether anything waits for something.
    fn sample(&mut self) {
        for (number, id) in self.scene.grants.iter().enumerate() {
            let Ok(Some(row)) = Scene::inline(self.scene.database.grant(*id)) else { continue };
            let waits = match row.state {
                GrantState::Ended { .. } => row.lease.owner.is_some() || row.credential.is_some(),
                GrantState::Active => row.lease.owner.is_some() || row.marker.is_some(),
                // The operator decides, and may take his time.
                GrantState::Degraded { reason: DegradedReason::PossiblyRestored, .. } => false,
                GrantState::Degraded { .. } | GrantState::Unknown { .. } => true,
            };
            self.note(
                Place::Outside,
                if waits {
                    let owner = row.lease.owner.as_deref().unwrap_or("nobody");
                    let marker = if row.marker.is_some() { "marked" } else { "no marker" };
                    let text = format!("{}, held by {owner}, {marker}", row.state.as_str());
                    Event::NotAtRest(number, text)
                } else {
                    Event::AtRest(number)
                },
            );
        }
    }
}
