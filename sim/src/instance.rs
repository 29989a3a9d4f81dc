//! One instance: an authority, and callers that lend from it.

use std::sync::Arc;
use std::time::Duration;

use base::testing::SeededEntropy;
use outbound::{Body, HttpClient as _, SendOptions};
use refresh::{Authority, LendError, Lent, Parts, Settings};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::DeliberateFault;
use crate::clock::elapsed;
use crate::dice::Dice;
use crate::disk::{SimMemory, SimSpill};
use crate::http::SimHttp;
use crate::journal::{Event, Place};
use crate::life::Life;
use crate::plan::LAST_LOOK;
use crate::scene::{Scene, SimDirectory};
use crate::store::SimStore;
use crate::token;

/// The software of the host of an instance.
pub(crate) async fn run(scene: Arc<Scene>, host: usize) -> turmoil::Result {
    let life = scene.begin_life(host);
    let Place::Instance { life: number, .. } = life.place else { return Ok(()) };
    scene.note(life.place, Event::Began);
    let tracker = TaskTracker::new();
    let name = format!("i{host}.{number}");
    let entropy = Arc::new(SeededEntropy::new(Dice::new(scene.plan.seed, &name).number()));
    let authority = Authority::new(
        Parts {
            store: Arc::new(SimStore::new(scene.clone(), life.clone())),
            http: Arc::new(SimHttp { scene: scene.clone(), life: life.clone() }),
            directory: Arc::new(SimDirectory(scene.clone())),
            sealer: scene.sealer.clone(),
            spill: Arc::new(SimSpill::new(scene.clone(), life.clone(), host, number)),
            memory: Arc::new(SimMemory::new(scene.clone(), life.clone(), host)),
            clock: scene.machines[host].clock.clone(),
            entropy,
            tracker: tracker.clone(),
        },
        settings(&scene, name),
    );
    loop {
        match authority.recover().await {
            Ok(count) => {
                scene.note(life.place, Event::Recovered(count));
                break;
            }
            Err(_) => scene.note(life.place, Event::NotRecovered),
        }
        if tokio::time::timeout(Duration::from_secs(1), life.stop.cancelled()).await.is_ok() {
            return Ok(());
        }
    }
    let callers = TaskTracker::new();
    for number in 0..scene.plan.callers {
        let caller =
            Caller { scene: scene.clone(), life: life.clone(), authority: authority.clone(), number };
        callers.spawn(async move { caller.work().await });
    }
    authority.run(life.stop.clone()).await;
    for tracker in [callers, tracker] {
        tracker.close();
        tracker.wait().await;
    }
    Ok(())
}

fn settings(scene: &Scene, instance: String) -> Settings {
    let mut settings = Settings { poll: scene.plan.poll, ..Settings::new(instance) };
    match scene.plan.options.fault {
        Some(DeliberateFault::NoRetryPause) => {
            settings.retry.first = Duration::ZERO;
            settings.retry.cap = Duration::ZERO;
        }
        Some(DeliberateFault::ForcedAtWill) => settings.forced_refresh_interval = Duration::ZERO,
        _ => {}
    }
    settings
}

/// Somebody who wants tokens, uses them, and says when one is refused.
struct Caller {
    scene: Arc<Scene>,
    life: Arc<Life>,
    authority: Authority,
    number: usize,
}

/// What a call of the API brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Called {
    Accepted,
    Refused,
    Nothing,
}

impl Caller {
    async fn work(&self) {
        let Place::Instance { host, life } = self.life.place else { return };
        let mut dice = Dice::new(self.scene.plan.seed, &format!("caller {host}.{life}.{}", self.number));
        let stop = &self.life.stop;
        let last_look = self.scene.plan.ends_at.saturating_sub(LAST_LOOK);
        let pauses = |dice: &mut Dice| {
            // Towards the end every grant is looked at by every instance.
            if elapsed() >= last_look { dice.seconds(1, 3) } else { dice.seconds(1, 15) }
        };
        let mut next = dice.index(self.scene.grants.len());
        while !is_over(pauses(&mut dice), stop).await {
            let through_the_gate = dice.chance(500);
            self.use_grant(next, through_the_gate).await;
            next = if elapsed() >= last_look {
                (next + 1) % self.scene.grants.len()
            } else {
                dice.index(self.scene.grants.len())
            };
        }
    }

    async fn use_grant(&self, grant: usize, through_the_gate: bool) {
        let id = self.scene.grants[grant];
        let _permit = if through_the_gate {
            match self.authority.enter(id).await {
                Ok(permit) => Some(permit),
                Err(error) => return self.not_lent(grant, &error),
            }
        } else {
            None
        };
        let lent = match self.authority.lend(id).await {
            Ok(lent) => lent,
            Err(error) => return self.not_lent(grant, &error),
        };
        self.note_lent(grant, &lent, false);
        match self.call(&lent).await {
            Called::Accepted => self.note(Event::Served(grant)),
            Called::Nothing => {}
            Called::Refused => match self.authority.rejected(id, lent.generation).await {
                Ok(rejected) => {
                    self.note_lent(grant, &rejected.lent, true);
                    if rejected.refreshed && self.call(&rejected.lent).await == Called::Accepted {
                        self.note(Event::Served(grant));
                    }
                }
                Err(error) => self.not_lent(grant, &error),
            },
        }
    }

    fn note(&self, event: Event) {
        self.scene.note(self.life.place, event);
    }

    fn note_lent(&self, grant: usize, lent: &Lent, after_refusal: bool) {
        let pair = token::parse(lent.access_token.expose()).map_or(0, |(_, _, pair)| pair);
        self.note(Event::Lent { grant, generation: lent.generation, pair, after_refusal });
    }

    fn not_lent(&self, grant: usize, error: &LendError) {
        let over = matches!(error, LendError::Ended { .. });
        self.note(Event::NotLent { grant, over, why: error.to_string() });
    }

    async fn call(&self, lent: &Lent) -> Called {
        let url = format!("{}/anything", self.scene.access.endpoints.api_url.as_str().trim_end_matches('/'));
        let request = http::Request::get(url)
            .header(http::header::AUTHORIZATION, format!("Bearer {}", lent.access_token.expose()))
            .body(Body::empty())
            .expect("a token here is a header's text");
        let client = SimHttp { scene: self.scene.clone(), life: self.life.clone() };
        match client.send(request, &SendOptions::within(Duration::from_secs(8))).await {
            Ok(answer) if answer.status().is_success() => Called::Accepted,
            Ok(answer) if answer.status() == http::StatusCode::UNAUTHORIZED => Called::Refused,
            _ => Called::Nothing,
        }
    }
}

/// Waits; true once it is time to stop.
async fn is_over(pause: Duration, stop: &CancellationToken) -> bool {
    tokio::time::timeout(pause, stop.cancelled()).await.is_ok()
}
