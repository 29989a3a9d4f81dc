use std::sync::Arc;
use std::time::Duration;

use audit::{Actor, AuditEvent, AuditRecord, Filter, Ledger, Origin, Store as _};

use crate::world::World;

fn ledger(world: &World) -> Ledger {
    Ledger::new(Arc::new(world.database.clone()), world.auditor.clone(), world.clock.clone())
}

fn refused(client: &str, source: &str) -> AuditEvent {
    let origin = Origin { source: Some(source.to_owned()), request_id: None };
    AuditEvent::new("client.refused", Actor::Unknown).client(client).origin(&origin)
}

async fn of(world: &World, kind: &str) -> Vec<AuditRecord> {
    let filter = Filter { kind: Some(kind.to_owned()), ..Filter::default() };
    world.database.audit_records(filter, 10_000).await.unwrap()
}

#[tokio::test]
async fn what_is_beyond_the_bounds_is_counted() {
    let world = World::new();
    world.clock.advance(Duration::from_hours(1));
    let ledger = ledger(&world);
    for _ in 0..100 {
        ledger.refused(refused("one", "192.0.2.1")).await;
    }
    assert_eq!(of(&world, "client.refused").await.len(), 10, "of one client and source");
    ledger.refused(refused("one", "192.0.2.2")).await;
    assert_eq!(of(&world, "client.refused").await.len(), 11, "another source is another matter");
    for number in 0..1000 {
        ledger.refused(refused(&format!("c{number}"), "192.0.2.1")).await;
    }
    assert_eq!(of(&world, "client.refused").await.len(), 120, "of all");
    ledger.flush().await;
    assert_eq!(of(&world, "refusals.counted").await, [], "the minute is not over");
    world.clock.advance(Duration::from_mins(1));
    ledger.flush().await;
    ledger.flush().await;
    let counted = of(&world, "refusals.counted").await;
    assert_eq!(counted.len(), 1);
    assert_eq!(counted[0].data["client.refused"], "981");
    assert_eq!(counted[0].data["client.refused one"], "90", "whose they were");
    assert_eq!(counted[0].data["client.refused c999"], "1");
    assert_eq!(counted[0].data.len(), 1 + 892, "that of all, and those of each");
    ledger.refused(refused("one", "192.0.2.1")).await;
    assert_eq!(of(&world, "client.refused").await.len(), 121, "a new minute");
}

#[tokio::test]
async fn refusals_that_name_nobody_leave_room_for_those_that_do() {
    let world = World::new();
    let ledger = ledger(&world);
    for number in 0..1000 {
        ledger.refused(refused(&format!("c{number}"), "192.0.2.1")).await;
    }
    for number in 0..130 {
        let replay = AuditEvent::new("refresh_token.refused", Actor::Unknown).subject(format!("s{number}"));
        ledger.refused(replay.client(format!("c{number}"))).await;
    }
    assert_eq!(of(&world, "client.refused").await.len(), 120);
    assert_eq!(of(&world, "refresh_token.refused").await.len(), 120, "as many, and bounded too");
}

#[tokio::test]
async fn the_addresses_of_one_network_are_one_source() {
    let world = World::new();
    let ledger = ledger(&world);
    for number in 0..70 {
        ledger.refused(refused("one", &format!("2001:db8:1:2::{number:x}"))).await;
    }
    let recorded = of(&world, "client.refused").await;
    assert_eq!(recorded.len(), 10, "of one client and network");
    let sources: std::collections::BTreeSet<_> = recorded.into_iter().map(|record| record.source).collect();
    assert_eq!(sources.len(), 10, "each record names the whole address");
    ledger.refused(refused("one", "2001:db8:1:3::1")).await;
    assert_eq!(of(&world, "client.refused").await.len(), 11, "another network is another matter");
}

#[tokio::test]
async fn the_numbers_of_one_record_are_bounded() {
    let world = World::new();
    let ledger = ledger(&world);
    for number in 0..2000 {
        ledger.refused(refused(&format!("c{number}"), "192.0.2.1")).await;
    }
    ledger.refused(refused("c1000", "192.0.2.1")).await;
    world.clock.advance(Duration::from_mins(1));
    ledger.flush().await;
    let counted = of(&world, "refusals.counted").await.remove(0);
    assert_eq!(counted.data["client.refused"], "1881");
    assert_eq!(counted.data["client.refused c1000"], "2", "it has its place");
    assert_eq!(counted.data["client.refused (others)"], "880");
    assert_eq!(counted.data.len(), 1 + 1000 + 1);
}

#[tokio::test]
async fn texts_of_strangers_are_cut() {
    let world = World::new();
    let ledger = ledger(&world);
    ledger.refused(refused(&"ü".repeat(100_000), "192.0.2.1").with("what", "x".repeat(100_000))).await;
    let record = of(&world, "client.refused").await.remove(0);
    assert_eq!((record.client.unwrap().chars().count(), record.data["what"].len()), (200, 200));
}
