//! Instances on fresh machines (rule 14): on a database that several have open, one that is there vouches for it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base::Clock as _;
use refresh::{Authority, Memory, MemoryInProcess, Store as _};
use tokio::time::Instant;

use crate::background::run;
use crate::shared::Shared;
use crate::stage::Stage;

/// An instance on the stage's database, which others have open too.
fn instance(stage: &Stage, name: &str, memory: &Arc<impl Memory + 'static>, can_doubt: bool) -> Authority {
    stage.instance(name, Arc::new(Shared { database: stage.database.clone(), can_doubt }), memory)
}

/// An instance without memory starts; gives the memory that it then has, and how long it took.
async fn start_afresh(stage: &Stage) -> (Option<u64>, Duration) {
    let (memory, begun) = (Arc::<MemoryInProcess>::default(), Instant::now());
    instance(stage, "fresh", &memory, true).recover().await.unwrap();
    (memory.recall().await.unwrap(), begun.elapsed())
}

#[tokio::test(start_paused = true)]
async fn beside_an_instance_that_marks_the_database_a_fresh_one_starts_without_doubt() {
    let stage = Stage::pleo();
    let _time = stage.let_time_pass();
    let live = instance(&stage, "live", &stage.memory, true);
    live.recover().await.unwrap();
    stage.grant(&live).await;
    let _running = run(&live);
    tokio::time::sleep(Duration::from_secs(10)).await;
    let (remembers, took) = start_afresh(&stage).await;
    assert!(took < Duration::from_secs(3), "as soon as a mark moves, every two seconds: {took:?}");
    let epoch = stage.database.epoch().await.unwrap();
    assert_eq!((stage.database.in_doubt().await.unwrap(), epoch.number, remembers), (0, 1, Some(1)));
}

/// A memory on a disk that takes its time.
#[derive(Debug, Default)]
struct SlowMemory;

#[async_trait]
impl Memory for SlowMemory {
    async fn recall(&self) -> std::io::Result<Option<u64>> {
        Ok(Some(0))
    }

    async fn note(&self, _: u64) -> std::io::Result<()> {
        tokio::time::sleep(Duration::from_mins(1)).await;
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn an_instance_whose_own_disk_is_slow_vouches_like_any_other() {
    let stage = Stage::pleo();
    let _time = stage.let_time_pass();
    let live = instance(&stage, "live", &Arc::new(SlowMemory), true);
    live.recover().await.unwrap();
    stage.grant(&live).await;
    let _running = run(&live);
    tokio::time::sleep(Duration::from_secs(10)).await;
    start_afresh(&stage).await;
    assert_eq!(stage.database.in_doubt().await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn beside_one_that_is_gone_a_fresh_one_puts_grants_in_doubt() {
    let stage = Stage::pleo();
    let _time = stage.let_time_pass();
    let dead = instance(&stage, "dead", &stage.memory, true);
    dead.recover().await.unwrap();
    stage.grant(&dead).await;
    let (stop, running) = run(&dead);
    tokio::time::sleep(Duration::from_secs(10)).await;
    stop.cancel();
    running.await.unwrap();
    let heartbeat = stage.database.epoch().await.unwrap().heartbeat;
    assert!(heartbeat.is_some(), "what it left would look alive, if a mark alone were enough");
    let (_, took) = start_afresh(&stage).await;
    assert!(took >= Duration::from_secs(5), "{took:?}");
    assert_eq!(stage.database.in_doubt().await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_has_seen_a_step_back_and_could_not_write_it_down_does_not_vouch() {
    let stage = Stage::pleo();
    let _time = stage.let_time_pass();
    let live = instance(&stage, "live", &stage.memory, false);
    live.recover().await.unwrap();
    stage.grant(&live).await;
    let _running = run(&live);
    tokio::time::sleep(Duration::from_secs(10)).await;
    let backup = stage.database.snapshot().unwrap();
    stage.grant(&live).await;
    // Until a mark has just been set: whoever looks has two seconds to see the step back before the next is due.
    let marked_at = async || stage.database.epoch().await.unwrap().heartbeat;
    let before = marked_at().await;
    while marked_at().await == before {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    stage.database.restore(&backup).unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    start_afresh(&stage).await;
    assert_eq!(stage.database.in_doubt().await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_copy_put_back_while_a_fresh_instance_looks_around_vouches_for_nothing() {
    let stage = Stage::pleo();
    let _time = stage.let_time_pass();
    let earlier = instance(&stage, "earlier", &stage.memory, true);
    earlier.recover().await.unwrap();
    stage.grant(&earlier).await;
    let backup = stage.database.snapshot().unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    stage.grant(&earlier).await;
    stage.database.beat(stage.clock.now()).await.unwrap();
    let database = stage.database.clone();
    let restoring = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        database.restore(&backup).unwrap();
    });
    start_afresh(&stage).await;
    restoring.await.unwrap();
    assert_eq!(stage.database.in_doubt().await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_copy_put_back_between_the_start_and_the_first_look_is_noticed() {
    let stage = Stage::pleo();
    let _time = stage.let_time_pass();
    let authority = stage.authority("one");
    stage.grant(&authority).await;
    let backup = stage.database.snapshot().unwrap();
    stage.grant(&authority).await;
    stage.memory.note(2).await.unwrap();
    authority.recover().await.unwrap();
    assert_eq!(stage.database.in_doubt().await.unwrap(), 0);
    stage.database.restore(&backup).unwrap();
    let _running = run(&authority);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(stage.database.in_doubt().await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_start_has_read_is_no_step_back_for_the_first_look() {
    let stage = Stage::pleo();
    let _time = stage.let_time_pass();
    let authority = stage.authority("one");
    stage.grant(&authority).await;
    stage.memory.note(1).await.unwrap();
    authority.recover().await.unwrap();
    let _running = run(&authority);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(stage.database.in_doubt().await.unwrap(), 0);
}

/// A memory that takes its time, in which the database comes to be another one.
#[derive(Debug)]
struct Meanwhile {
    database: store::Database,
    then: store::Snapshot,
}

#[async_trait]
impl Memory for Meanwhile {
    async fn recall(&self) -> std::io::Result<Option<u64>> {
        self.database.restore(&self.then).unwrap();
        Ok(Some(1))
    }

    async fn note(&self, _: u64) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_notices_what_goes_missing_while_it_looks_and_takes_what_is_added_for_no_restore() {
    let stage = Stage::pleo();
    stage.grant(&stage.authority("one")).await;
    let earlier = stage.database.snapshot().unwrap();
    stage.grant(&stage.authority("one")).await;
    let later = stage.database.snapshot().unwrap();
    for (from, then, in_doubt) in [(&earlier, &later, 0), (&later, &earlier, 1)] {
        stage.database.restore(from).unwrap();
        let memory = Arc::new(Meanwhile { database: stage.database.clone(), then: then.clone() });
        // Nobody else has this database open, so that nobody is waited for.
        let authority = stage.instance("two", Arc::new(stage.database.clone()), &memory);
        authority.recover().await.unwrap();
        assert_eq!(stage.database.in_doubt().await.unwrap(), in_doubt);
    }
}
