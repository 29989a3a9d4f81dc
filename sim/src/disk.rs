//! The disk of a machine. What is written lies in the system's memory until it is synced; a killed process loses nothing of
//! that, a machine without power all of it, or a part.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use refresh::spill::{Spill, SpillError, SpillSlot, Spilled};
use refresh::{Memory, SealedCredential};

use crate::DeliberateFault;
use crate::clock::elapsed;
use crate::dice::Dice;
use crate::journal::Event;
use crate::life::Life;
use crate::plan::{EpisodeKind, Step};
use crate::scene::Scene;

/// What is on a disk.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    /// The slots for answers, by process and number.
    slots: Mutex<BTreeMap<(u32, u32), Slot>>,
    /// The newest rotation that was noted (rule 14).
    newest_rotation: Mutex<Option<u64>>,
}

#[derive(Debug, Default, Clone)]
struct Slot {
    /// What a reader of the file sees.
    seen: Option<Spilled>,
    /// What would be there after a power cut.
    synced: Option<Spilled>,
}

impl Disk {
    fn slots(&self) -> MutexGuard<'_, BTreeMap<(u32, u32), Slot>> {
        self.slots.lock().expect("no code panics while it holds a disk")
    }

    /// The power goes: what was not synced is as it was before, or torn, which is read as nothing. Says how many answers were lost.
    pub(crate) fn lose_power(&self, dice: &mut Dice) -> usize {
        let mut lost = 0;
        for slot in self.slots().values_mut().filter(|slot| slot.seen != slot.synced) {
            if slot.seen.is_some() {
                lost += 1;
            }
            // A write that clears may have come to the disk or not.
            let came = slot.seen.is_none() && dice.chance(500);
            if came {
                slot.synced = None;
            }
            slot.seen.clone_from(&slot.synced);
        }
        lost
    }

    /// What an instance has noted outside the database.
    pub(crate) fn note_newest_rotation(&self, position: u64) {
        *self.newest_rotation.lock().expect("no code panics while it holds a disk") = Some(position);
    }

    /// It is another disk.
    pub(crate) fn forget_newest_rotation(&self) {
        *self.newest_rotation.lock().expect("no code panics while it holds a disk") = None;
    }

    /// What was noted last.
    pub(crate) fn newest_rotation(&self) -> Option<u64> {
        *self.newest_rotation.lock().expect("no code panics while it holds a disk")
    }

    /// How many answers are on it.
    pub(crate) fn answers(&self) -> usize {
        self.slots().values().filter(|slot| slot.seen.is_some()).count()
    }
}

/// The disk as one process uses it.
#[derive(Debug)]
pub(crate) struct SimSpill {
    scene: Arc<Scene>,
    life: Arc<Life>,
    host: usize,
    number: u32,
    next: Mutex<u32>,
}

#[derive(Debug)]
struct SimSlot {
    scene: Arc<Scene>,
    life: Arc<Life>,
    host: usize,
    name: (u32, u32),
}

impl SimSpill {
    /// For the `number`-th life of a host.
    pub(crate) fn new(scene: Arc<Scene>, life: Arc<Life>, host: usize, number: u32) -> Self {
        Self { scene, life, host, number, next: Mutex::default() }
    }

    fn slot(&self, name: (u32, u32)) -> SimSlot {
        SimSlot { scene: self.scene.clone(), life: self.life.clone(), host: self.host, name }
    }
}

fn failed(action: &'static str) -> SpillError {
    SpillError { action, path: "a slot".to_owned(), cause: "the weather".to_owned() }
}

/// Works as long as a disk does, and fails as it does.
async fn work(scene: &Scene, life: &Life, host: usize, action: &'static str) -> Result<(), SpillError> {
    let trouble = scene.plan.weather(elapsed()).find_map(|episode| match episode {
        EpisodeKind::Disk { host: whose, per_mille, slow } if *whose == host => Some((*per_mille, *slow)),
        _ => None,
    });
    let (per_mille, slow) = trouble.unwrap_or((0, Duration::from_millis(20)));
    let (fails, takes) =
        scene.with_dice(life.place, |dice| (dice.chance(per_mille), dice.between(Duration::ZERO, slow)));
    tokio::time::sleep(takes).await;
    if fails {
        scene.note(life.place, Event::DiskFailed);
        return Err(failed(action));
    }
    Ok(())
}

#[async_trait]
impl Spill for SimSpill {
    async fn reserve(&self) -> Result<Box<dyn SpillSlot>, SpillError> {
        self.life.step(Step::Other, &self.scene).await;
        let number = {
            let mut next = self.next.lock().expect("no code panics while it counts");
            *next += 1;
            *next
        };
        // A slot that was made before costs no work on the disk.
        if self.scene.with_dice(self.life.place, |dice| dice.chance(200)) {
            work(&self.scene, &self.life, self.host, "reserve").await?;
        }
        Ok(Box::new(self.slot((self.number, number))))
    }

    async fn left_behind(&self) -> Result<Vec<(Spilled, Box<dyn SpillSlot>)>, SpillError> {
        self.life.step(Step::Other, &self.scene).await;
        work(&self.scene, &self.life, self.host, "list").await?;
        let slots = self.scene.machines[self.host].disk.slots();
        let of_others = slots.iter().filter(|((life, _), _)| *life != self.number);
        Ok(of_others
            .filter_map(|(name, slot)| {
                let slot_of_it: Box<dyn SpillSlot> = Box::new(self.slot(*name));
                slot.seen.clone().map(|spilled| (spilled, slot_of_it))
            })
            .collect())
    }
}

#[async_trait]
impl SpillSlot for SimSlot {
    async fn write(&mut self, spilled: &Spilled) -> Result<(), SpillError> {
        let (scene, life) = (self.scene.clone(), self.life.clone());
        let disk = &scene.machines[self.host].disk;
        life.step(Step::BeforeSpill, &scene).await;
        if scene.plan.options.fault == Some(DeliberateFault::SpillWithoutWriting) {
            self.note_synced(spilled);
            return Ok(());
        }
        disk.slots().entry(self.name).or_default().seen = Some(spilled.clone());
        life.step(Step::WithinSpill, &scene).await;
        work(&scene, &life, self.host, "write").await?;
        let slot = disk.slots().get(&self.name).cloned().unwrap_or_default();
        disk.slots().insert(self.name, Slot { synced: slot.seen.clone(), ..slot });
        self.note_synced(spilled);
        life.step(Step::AfterSpill, &scene).await;
        Ok(())
    }

    fn name(&self) -> String {
        format!("{:?}", self.name)
    }

    async fn clear(&mut self) -> Result<(), SpillError> {
        let (scene, life) = (self.scene.clone(), self.life.clone());
        let disk = &scene.machines[self.host].disk;
        life.step(Step::BeforeClear, &scene).await;
        disk.slots().entry(self.name).or_default().seen = None;
        work(&scene, &life, self.host, "clear").await?;
        disk.slots().remove(&self.name);
        scene.note(life.place, Event::Cleared);
        Ok(())
    }
}

/// The note outside the database, on the disk of a machine.
#[derive(Debug)]
pub(crate) struct SimMemory {
    scene: Arc<Scene>,
    life: Arc<Life>,
    host: usize,
}

impl SimMemory {
    /// For a process of a host.
    pub(crate) fn new(scene: Arc<Scene>, life: Arc<Life>, host: usize) -> Self {
        Self { scene, life, host }
    }
}

#[async_trait]
impl Memory for SimMemory {
    async fn recall(&self) -> std::io::Result<Option<u64>> {
        self.life.step(Step::Other, &self.scene).await;
        Ok(self.scene.machines[self.host].disk.newest_rotation())
    }

    async fn note(&self, position: u64) -> std::io::Result<()> {
        self.life.step(Step::Other, &self.scene).await;
        work(&self.scene, &self.life, self.host, "note").await.map_err(std::io::Error::other)?;
        self.scene.machines[self.host].disk.note_newest_rotation(position);
        Ok(())
    }
}

impl SimSlot {
    fn note_synced(&self, spilled: &Spilled) {
        let credential = SealedCredential {
            access_token: spilled.access_token.clone(),
            refresh_token: spilled.refresh_token.clone(),
        };
        let pair = self.scene.pair_of(spilled.grant, spilled.from_generation + 1, &credential);
        let grant = self.scene.number_of(spilled.grant);
        if let Some(pair) = pair {
            self.scene.note(self.life.place, Event::Synced { grant, pair });
        }
    }
}
