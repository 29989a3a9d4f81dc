use std::sync::Arc;

use authserver::{IssuedAccess, KeyedHash};
use base::Timestamp;
use base::testing::{ManualClock, SeededEntropy};

use super::*;

struct World {
    memory: AccessMemory,
    clock: Arc<ManualClock>,
    hash: KeyedHash,
}

fn id(number: u32) -> AuthorisationId {
    format!("aut_0190a5b8-7c2e-7000-8000-{number:012}").parse().unwrap()
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::new());
        let memory = AccessMemory::new(Arc::clone(&clock) as _);
        memory.looked(clock.monotonic());
        let keys = seal::testing::keys(&SeededEntropy::new(1));
        Self { memory, clock, hash: KeyedHash::make(&keys, "access", b"row", b"secret") }
    }

    fn access(&self) -> PresentAccess {
        PresentAccess {
            client_id: ClientId::from("c"),
            subject: "s".into(),
            granted_by: "u".into(),
            scope: "a b".parse().unwrap(),
            generation: 1,
            issued_at: Timestamp::from_millis(0),
            access: IssuedAccess {
                hash: self.hash.clone(),
                expires_at: Timestamp::from_millis(1),
                narrowed_scope: None,
            },
            is_kept_for_retry: false,
        }
    }

    /// Reads and keeps row and authorisation of one number; whether it is remembered then.
    fn keep(&self, number: u32) -> bool {
        self.keep_since(self.memory.ticket(), number)
    }

    fn keep_since(&self, ticket: Ticket, number: u32) -> bool {
        self.memory.keep(ticket, id(number), i64::from(number), self.access());
        self.holds(number)
    }

    fn holds(&self, number: u32) -> bool {
        self.memory.find(id(number)).access.is_some()
    }

    fn count(&self) -> usize {
        let held = self.memory.read();
        assert_eq!(held.by_id.len(), held.by_row.len());
        assert_eq!(held.by_id.len(), held.slots.iter().flatten().count());
        held.by_id.len()
    }
}

#[test]
fn a_row_that_changes_is_forgotten_at_once_and_alone() {
    let world = World::new();
    assert!(world.keep(1) && world.keep(2));
    world.memory.changed("authorisations", 1);
    assert!(!world.holds(1) && world.holds(2));
    assert_eq!(world.count(), 1);
}

#[test]
fn nothing_is_remembered_of_a_row_while_its_change_is_under_way() {
    let world = World::new();
    world.memory.changed("authorisations", 1);
    assert!(!world.keep(1), "it was read as it was before the commit");
    assert!(world.keep(2), "other rows do not matter");
    world.memory.settled();
    assert!(world.keep(1));
}

#[test]
fn what_was_read_before_a_commit_is_not_remembered_after_it() {
    let world = World::new();
    let before = world.memory.ticket();
    world.memory.changed("authorisations", 1);
    let during = world.memory.ticket();
    world.memory.settled();
    assert!(!world.keep_since(before, 1) && !world.keep_since(during, 1));
    assert!(world.keep(1));
}

#[test]
fn a_change_of_a_client_or_of_suspensions_takes_all() {
    for table in ["clients", "suspended_subjects"] {
        let world = World::new();
        assert!(world.keep(1) && world.keep(2));
        let before = world.memory.ticket();
        world.memory.changed(table, 77);
        assert_eq!(world.count(), 0);
        assert!(!world.keep(1), "{table}");
        world.memory.settled();
        assert!(!world.keep_since(before, 1), "{table}");
        assert!(world.keep(1), "{table}");
    }
}

#[test]
fn other_tables_do_not_matter() {
    let world = World::new();
    assert!(world.keep(1));
    let before = world.memory.ticket();
    world.memory.changed("rotations", 1);
    world.memory.settled();
    assert!(world.holds(1) && world.keep_since(before, 2));
}

#[test]
fn what_others_wrote_takes_all_and_what_was_read_before() {
    let world = World::new();
    assert!(world.keep(1));
    let before = world.memory.ticket();
    world.memory.changed_by_others();
    assert!(!world.holds(1) && !world.keep_since(before, 1));
    assert!(world.keep(1));
}

#[test]
fn it_is_trusted_for_a_second_after_a_look_and_one_caller_asks_for_the_next() {
    let world = World::new();
    world.keep(1);
    let due = || world.memory.find(id(1)).look_is_due;
    assert!(!due());
    world.clock.advance(Duration::from_millis(500));
    assert!(world.holds_and_is_due() && !due(), "one caller is enough");
    world.memory.look_failed();
    assert!(due());
    world.clock.advance(Duration::from_millis(500));
    assert!(!world.holds(1));
    world.memory.looked(world.clock.monotonic());
    assert!(world.holds(1));
    world.clock.advance(Duration::from_secs(2));
    assert!(due() && !due());
}

impl World {
    fn holds_and_is_due(&self) -> bool {
        let found = self.memory.find(id(1));
        found.access.is_some() && found.look_is_due
    }
}

#[test]
fn before_the_first_look_nothing_is_told() {
    let world = World::new();
    let fresh = AccessMemory::new(Arc::clone(&world.clock) as _);
    fresh.keep(fresh.ticket(), id(1), 1, world.access());
    let found = fresh.find(id(1));
    assert!(found.access.is_none() && found.look_is_due);
}

#[test]
fn a_newer_reading_takes_the_place_of_an_older_one() {
    let world = World::new();
    assert!(world.keep(1));
    let newer = PresentAccess { generation: 2, ..world.access() };
    world.memory.keep(world.memory.ticket(), id(1), 1, newer);
    assert_eq!(world.memory.find(id(1)).access.unwrap().generation, 2);
    assert_eq!(world.count(), 1);
}

#[test]
fn beyond_its_bound_the_oldest_give_way() {
    let world = World::new();
    let bound = u32::try_from(CAPACITY).unwrap();
    for number in 1..=bound {
        world.memory.keep(world.memory.ticket(), id(number), number.into(), world.access());
    }
    assert_eq!(world.count(), CAPACITY);
    assert!(world.keep(bound + 1) && world.keep(bound + 2));
    assert!(!world.holds(1) && !world.holds(2) && world.holds(3));
    world.memory.changed("authorisations", 5);
    world.memory.settled();
    assert!(world.keep(bound + 3), "in the place that was left");
    assert!(world.holds(3));
    assert_eq!(world.count(), CAPACITY);
}

#[test]
fn scopes_and_clients_are_shared_and_bounded() {
    let world = World::new();
    assert!(world.keep(1) && world.keep(2));
    let scope = |number| world.memory.find(id(number)).access.unwrap().scope.clone();
    assert_eq!(scope(1), scope(2));
    assert_eq!(world.memory.read().scopes.len(), 1);
    for number in 3..=5000 {
        let access = PresentAccess { scope: format!("s{number}").parse().unwrap(), ..world.access() };
        world.memory.keep(world.memory.ticket(), id(number), number.into(), access);
    }
    let held = world.memory.read();
    assert!(held.scopes.len() <= MAX_SHARED + 1, "{}", held.scopes.len());
    assert!(!held.by_id.contains_key(&id(1)));
}
