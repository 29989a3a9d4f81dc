use std::sync::Arc;
use std::time::Duration;

use audit::{HeadMemory as _, Sealing};

use crate::world::{Overtaken, World};

#[tokio::test]
async fn what_is_in_order_verifies() {
    let world = World::new();
    assert_eq!(world.verify().await.problem, None, "an empty log is in order");
    world.three_blocks().await;
    world.append(1).await;
    let found = world.verify().await;
    assert_eq!((found.problem, found.blocks, found.records, found.waiting), (None, 4, 8, 0));
    assert_eq!(found.remembered.map(|head| head.position), Some(7), "the end before this verification");
    assert_eq!(world.memory.recall().await.unwrap().map(|head| (head.block, head.position)), Some((4, 8)));
}

/// Each way of tampering with the rows, and the place that is named.
#[tokio::test]
async fn whatever_is_done_to_the_rows_is_found_and_its_place_named() {
    let cases: [(&'static str, &str); 14] = [
        ("UPDATE audit_records SET actor = 'user:other' WHERE position = 4", "position 4"),
        ("UPDATE audit_records SET at = at + 1 WHERE position = 4", "position 4"),
        ("UPDATE audit_records SET source = '' WHERE position = 4", "position 4"),
        ("DELETE FROM audit_records WHERE position = 4", "position 4"),
        ("DELETE FROM audit_records WHERE position = 7", "position 7"),
        ("UPDATE audit_records SET position = NULL WHERE position = 7", "position 7"),
        // Two change places: within a block, and across two.
        (
            "UPDATE audit_records SET position = CASE position WHEN 6 THEN 1007 ELSE 1006 END WHERE position IN (6, 7)",
            "position 6",
        ),
        ("DELETE FROM audit_blocks WHERE number = 2", "block 2"),
        ("UPDATE audit_blocks SET sealed_at = sealed_at + 1 WHERE number = 2", "block 2"),
        ("UPDATE audit_blocks SET record_count = record_count + 1 WHERE number = 3", "position 8"),
        ("UPDATE audit_blocks SET record_count = record_count - 1 WHERE number = 2", "block 2"),
        (
            "UPDATE audit_blocks SET mac = (SELECT mac FROM audit_blocks WHERE number = 1) WHERE number = 2",
            "block 2",
        ),
        (
            "UPDATE audit_records SET mac = (SELECT mac FROM audit_records WHERE position = 3) WHERE position = 4",
            "position 4",
        ),
        (
            "INSERT INTO audit_records SELECT 'aud_0198d5c2-0000-7000-8000-000000000001', at, kind, actor, subject, client, \
             source, request_id, data, mac, key_id, 8 FROM audit_records WHERE position = 4",
            "position 8",
        ),
    ];
    for (statement, place) in cases {
        let world = World::new();
        world.three_blocks().await;
        world.tamper(statement).await;
        assert_eq!(world.bad_place().await, place, "{statement}");
    }
}

#[tokio::test]
async fn records_in_another_order_are_found() {
    for (one, other, place) in [(6, 7, "block 3"), (2, 3, "block 1")] {
        let world = World::new();
        world.three_blocks().await;
        for (from, to) in [(one, 1000), (other, one), (1000, other)] {
            let move_it = format!("UPDATE audit_records SET position = {to} WHERE position = {from}");
            world.database.run_tx("test.move", move |tx| tx.execute(&move_it, &[]).map(drop)).await.unwrap();
        }
        assert_eq!(world.bad_place().await, place);
    }
}

#[tokio::test]
async fn an_end_that_was_cut_off_is_found_by_what_is_remembered_outside() {
    let world = World::new();
    world.three_blocks().await;
    world.tamper("DELETE FROM audit_records WHERE position >= 5").await;
    world.tamper("DELETE FROM audit_blocks WHERE number = 3").await;
    assert_eq!(world.bad_place().await, "block 2");
    // Also when it has gone on since, so that the number that is remembered is there again.
    world.append(1).await;
    world.chain().seal_waiting().await.unwrap();
    assert_eq!(world.bad_place().await, "block 3");
    world.append(1).await;
    world.chain().seal_waiting().await.unwrap();
    let problem = world.verify().await.problem.unwrap();
    assert_eq!(problem.place, "block 3", "{}", problem.what);
    // Nothing but the operator makes it forget.
    world.chain().accept().await.unwrap();
    assert_eq!(world.verify().await.problem, None);
}

#[tokio::test]
async fn a_log_that_is_gone_as_a_whole_is_found() {
    let world = World::new();
    world.three_blocks().await;
    world.tamper("DELETE FROM audit_records").await;
    world.tamper("DELETE FROM audit_blocks").await;
    assert_eq!(world.bad_place().await, "block 0");
    world.chain().accept().await.unwrap();
    assert_eq!(world.verify().await.problem, None);
    world.three_blocks().await;
    assert_eq!(world.verify().await.problem, None);
}

#[tokio::test]
async fn a_running_sealer_does_not_remember_a_restored_log() {
    let world = World::new();
    let chain = world.chain();
    world.append(1).await;
    chain.seal_waiting().await.unwrap();
    let backup = world.database.snapshot().unwrap();
    world.append(1).await;
    chain.seal_waiting().await.unwrap();
    world.database.restore(&backup).unwrap();
    for _ in 0..3 {
        world.append(1).await;
        chain.seal_waiting().await.unwrap();
    }
    assert_eq!(world.memory.recall().await.unwrap().unwrap().block, 2);
    assert_eq!(world.bad_place().await, "block 2");
}

#[tokio::test]
async fn a_forged_record_is_not_sealed_and_is_named() {
    let world = World::new();
    world.append(3).await;
    world
        .tamper(
            "UPDATE audit_records SET kind = 'thing.forged' WHERE id = (SELECT min(id) FROM audit_records)",
        )
        .await;
    assert_eq!(world.chain().seal_waiting().await.unwrap(), Sealing { sealed: 2, refused: 1 });
    assert!(world.bad_place().await.starts_with("record aud_"));
}

#[tokio::test]
async fn records_that_cannot_be_sealed_are_reported() {
    let world = World::new();
    world.append(1).await;
    world.tamper("INSERT INTO audit_blocks VALUES (1, 1, 1, 1, x'00', 'mac_000000000000')").await;
    assert!(world.chain().verify().await.is_err(), "a check of another length is no check");
    world.tamper("DELETE FROM audit_blocks").await;
    // The sealing fails for as long as this transaction is refused.
    world.database.fail_next(
        "audit.seal",
        2,
        store::Fault::Refuse(base::StoreError::Unavailable("full".to_owned())),
    );
    assert!(world.chain().seal_waiting().await.is_err());
    world.clock.advance(Duration::from_mins(2));
    assert!(world.chain().verify().await.is_err());
    assert_eq!(world.verify().await.problem, None, "sealed as soon as that is possible");
}

#[tokio::test]
async fn two_sealers_make_one_chain() {
    let world = World::new();
    world.append(3).await;
    let store = Overtaken { database: world.database.clone(), other: world.chain() };
    let overtaken = world.chain_over(Arc::new(store));
    assert_eq!(overtaken.seal_waiting().await.unwrap().sealed, 0, "the other one was quicker");
    let found = world.verify().await;
    assert_eq!((found.problem, found.blocks, found.records), (None, 1, 3));
}

#[tokio::test]
async fn more_than_a_block_holds_goes_into_several() {
    let world = World::new();
    world.append(1234).await;
    assert_eq!(world.chain().seal_waiting().await.unwrap().sealed, 1234);
    let found = world.verify().await;
    assert_eq!((found.problem, found.blocks, found.records), (None, 3, 1234));
}
