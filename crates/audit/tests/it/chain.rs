//! What tampering with the rows does is shown beside the tests of the store, on each database.

use std::sync::Arc;
use std::time::Duration;

use audit::HeadMemory as _;

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
async fn records_that_cannot_be_sealed_are_reported() {
    let world = World::new();
    world.append(1).await;
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
