//! What was read of authorisations whose access tokens are in use, so that introspection and resource servers need not ask SQLite each
//! time. SQLite itself tells of each row that is changed ([`RowWatcher`]), so that no statement, however it came to be, can
//! change one without this memory forgetting it.
//!
//! Forgotten is at the moment of the change, and nothing is remembered anew before the change is committed or undone:
//! whoever was told that a token is revoked finds it revoked. What was read before a change, and comes to be remembered after it, is
//! refused by the count of changes that the reader took along.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use authserver::{AuthorisationId, ClientId, PresentAccess};
use base::{Clock, Scope};

use crate::sqlite::RowWatcher;

/// How many are remembered: as many as fit into 2^17 places of a hash table, about 35 MB. Beyond it each new one takes the place of the one
/// that was remembered longest ago.
const CAPACITY: usize = 114_688;
/// How many different scopes and clients those have in common; all is forgotten where there are more.
const MAX_SHARED: usize = 4096;
/// How old the knowledge may be that nobody else has written to the file.
const STALENESS: Duration = Duration::from_secs(1);

/// A memory of [`PresentAccess`].
#[derive(Debug)]
pub(crate) struct AccessMemory {
    held: RwLock<Held>,
    clock: Arc<dyn Clock>,
    /// The reading, in microseconds plus one, of the last look for writes of others; 0 before the first.
    looked_at: AtomicU64,
    /// Somebody has set out to let the writer look again.
    is_look_wanted: AtomicBool,
}

#[derive(Debug, Default)]
struct Held {
    slots: Vec<Option<Slot>>,
    /// With what is asked for, so that a question need not visit the slot too.
    by_id: HashMap<AuthorisationId, (u32, Arc<PresentAccess>)>,
    by_row: HashMap<i64, u32>,
    free: Vec<u32>,
    /// The slot that is used again next when all are taken.
    oldest: u32,
    scopes: HashSet<Scope>,
    clients: HashSet<ClientId>,
    /// Counts what was settled, for those who read meanwhile.
    changes: u64,
    /// Changed and neither committed nor undone.
    unsettled: HashSet<i64>,
    is_all_unsettled: bool,
}

#[derive(Debug)]
struct Slot {
    id: AuthorisationId,
    row: i64,
}

/// What is no longer remembered; to be dropped once the lock is released.
type Forgotten = Option<Arc<PresentAccess>>;

/// Taken before a reading begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticket(u64);

/// What a question brought.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) access: Option<Arc<PresentAccess>>,
    /// Whether the caller is the one to let the writer look for writes of others.
    pub(crate) look_is_due: bool,
}

impl AccessMemory {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            held: RwLock::default(),
            clock,
            looked_at: AtomicU64::new(0),
            is_look_wanted: AtomicBool::new(false),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Held> {
        self.held.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is remembered of an authorisation.
    pub(crate) fn find(&self, id: AuthorisationId) -> Found {
        let looked_at = self.looked_at.load(Ordering::Acquire);
        let age = micros(self.clock.monotonic()).saturating_sub(looked_at.saturating_sub(1));
        let is_sure = looked_at > 0 && age < micros(STALENESS);
        let look_is_due =
            (!is_sure || age >= micros(STALENESS / 2)) && !self.is_look_wanted.swap(true, Ordering::Relaxed);
        let access = if is_sure { self.read().get(id) } else { None };
        Found { access, look_is_due }
    }

    /// The look that was due could not be asked for.
    pub(crate) fn look_failed(&self) {
        self.is_look_wanted.store(false, Ordering::Relaxed);
    }

    /// To be called before a row is read that is to be remembered.
    pub(crate) fn ticket(&self) -> Ticket {
        Ticket(self.read().changes)
    }

    /// Remembers what was read, unless it may be from before a change.
    pub(crate) fn keep(&self, ticket: Ticket, id: AuthorisationId, row: i64, access: PresentAccess) {
        let replaced = {
            let mut held = self.write();
            if held.changes != ticket.0 || held.is_all_unsettled || held.unsettled.contains(&row) {
                return;
            }
            held.keep(id, row, access)
        };
        // Not while others wait for the lock.
        drop(replaced);
    }

    fn forget_all(&self, and: impl FnOnce(&mut Held)) {
        let forgotten = {
            let mut held = self.write();
            let forgotten = held.take_all();
            and(&mut held);
            forgotten
        };
        drop(forgotten);
    }
}

impl RowWatcher for AccessMemory {
    fn changed(&self, table: &str, row: i64) {
        match table {
            "authorisations" => {
                let forgotten = {
                    let mut held = self.write();
                    held.unsettled.insert(row);
                    held.forget_row(row)
                };
                drop(forgotten);
            }
            // Few changes, each of which can be about any number of authorisations.
            "clients" | "suspended_subjects" => self.forget_all(|held| held.is_all_unsettled = true),
            _ => {}
        }
    }

    fn changed_by_others(&self) {
        self.forget_all(|held| held.changes += 1);
    }

    fn looked(&self, at: Duration) {
        self.looked_at.fetch_max(micros(at).saturating_add(1), Ordering::AcqRel);
        self.is_look_wanted.store(false, Ordering::Relaxed);
    }

    fn settled(&self) {
        let mut held = self.write();
        if held.is_all_unsettled || !held.unsettled.is_empty() {
            held.changes += 1;
            held.unsettled.clear();
            held.is_all_unsettled = false;
        }
    }
}

impl Held {
    fn get(&self, id: AuthorisationId) -> Option<Arc<PresentAccess>> {
        self.by_id.get(&id).map(|(_, access)| Arc::clone(access))
    }

    fn keep(
        &mut self,
        id: AuthorisationId,
        row: i64,
        mut access: PresentAccess,
    ) -> (Forgotten, Vec<Arc<PresentAccess>>) {
        let mut all = Vec::new();
        if self.scopes.len() > MAX_SHARED || self.clients.len() > MAX_SHARED {
            all = self.take_all();
        }
        access.scope = shared(&mut self.scopes, access.scope);
        access.access.narrowed_scope =
            access.access.narrowed_scope.map(|scope| shared(&mut self.scopes, scope));
        access.client_id = shared(&mut self.clients, access.client_id);
        // Somebody else may have read the same row at the same time.
        let before = self.forget_row(row).or_else(|| self.forget_id(id));
        let slot = self.free_slot();
        let replaced = self.forget_slot(slot);
        self.by_id.insert(id, (slot, Arc::new(access)));
        self.by_row.insert(row, slot);
        self.slots[slot as usize] = Some(Slot { id, row });
        all.extend(before);
        (replaced, all)
    }

    /// A slot for one more, which may be in use if all are.
    fn free_slot(&mut self) -> u32 {
        if let Some(slot) = self.free.pop() {
            return slot;
        }
        if self.slots.len() < CAPACITY {
            self.slots.push(None);
            return u32::try_from(self.slots.len() - 1).expect("the capacity is below 2^32");
        }
        let slot = self.oldest;
        self.oldest = if slot as usize + 1 < CAPACITY { slot + 1 } else { 0 };
        slot
    }

    fn forget_id(&mut self, id: AuthorisationId) -> Forgotten {
        let slot = self.by_id.get(&id)?.0;
        self.free.push(slot);
        self.forget_slot(slot)
    }

    fn forget_slot(&mut self, slot: u32) -> Forgotten {
        let Slot { id, row } = self.slots[slot as usize].take()?;
        self.by_row.remove(&row);
        self.by_id.remove(&id).map(|(_, access)| access)
    }

    fn forget_row(&mut self, row: i64) -> Forgotten {
        let slot = *self.by_row.get(&row)?;
        self.free.push(slot);
        self.forget_slot(slot)
    }

    fn take_all(&mut self) -> Vec<Arc<PresentAccess>> {
        self.slots.clear();
        self.by_row.clear();
        self.free.clear();
        self.oldest = 0;
        self.scopes.clear();
        self.clients.clear();
        std::mem::take(&mut self.by_id).into_values().map(|(_, access)| access).collect()
    }
}

/// The one of equal values that all share.
fn shared<T: Clone + Eq + Hash>(known: &mut HashSet<T>, value: T) -> T {
    if let Some(known) = known.get(&value) {
        return known.clone();
    }
    known.insert(value.clone());
    value
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
#[cfg(test)]
mod tests;
