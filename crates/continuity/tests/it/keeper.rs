use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base::testing::ManualClock;
use base::{Clock as _, StoreError, Timestamp};
use continuity::{Change, Doubt, Keeper, MemoryInProcess, RestoreSign, Standing, Store};
use store::{Database, Side, Snapshot};

/// A database that several instances may have open, as on PostgreSQL, or only one, as on SQLite.
#[derive(Clone)]
struct Place {
    database: Database,
    is_exclusive: bool,
}

#[async_trait]
impl Store for Place {
    async fn standing(&self) -> Result<Standing, StoreError> {
        Ok(Standing { is_exclusive: self.is_exclusive, ..self.database.standing().await? })
    }
    async fn beat(&self, now: Timestamp) -> Result<Standing, StoreError> {
        Ok(Standing { is_exclusive: self.is_exclusive, ..self.database.beat(now).await? })
    }
    async fn raise_doubt(&self, doubt: &Doubt) -> Result<bool, StoreError> {
        self.database.raise_doubt(doubt).await
    }
    async fn accept(&self, now: Timestamp) -> Result<Option<Doubt>, StoreError> {
        self.database.accept(now).await
    }
}

struct World {
    place: Place,
    clock: Arc<ManualClock>,
}

impl World {
    fn new(is_exclusive: bool) -> Self {
        let clock = Arc::new(ManualClock::new());
        let database = Database::memory(Side::Platform, clock.clone()).unwrap();
        Self { place: Place { database, is_exclusive }, clock }
    }

    /// An instance with what it remembers.
    fn instance(&self, memory: &Arc<MemoryInProcess>) -> Keeper {
        Keeper::new(Arc::new(self.place.clone()), memory.clone(), self.clock.clone())
    }

    /// Time passes, with a look a second.
    async fn pass(&self, seconds: u64, instances: &[&Keeper]) {
        for _ in 0..seconds {
            self.clock.advance(Duration::from_secs(1));
            for instance in instances {
                instance.look().await.unwrap();
            }
        }
    }

    fn backup(&self) -> Snapshot {
        self.place.database.snapshot().unwrap()
    }

    fn restore(&self, backup: &Snapshot) {
        self.place.database.restore(backup).unwrap();
    }
}

fn sign(keeper: &Keeper) -> Option<RestoreSign> {
    keeper.doubt().map(|doubt| doubt.sign)
}

#[tokio::test]
async fn an_ordinary_life_raises_no_doubt() {
    for is_exclusive in [true, false] {
        let world = World::new(is_exclusive);
        let memory = Arc::default();
        for _ in 0..3 {
            let keeper = world.instance(&memory);
            assert_eq!(keeper.start().await.unwrap(), None);
            world.pass(60, &[&keeper]).await;
            assert_eq!(sign(&keeper), None);
            // Switched off for a week: nobody else has marked it since.
            world.clock.advance(Duration::from_hours(24 * 7));
        }
    }
}

#[tokio::test]
async fn a_restored_backup_is_held_until_the_operator_accepts() {
    let world = World::new(true);
    let memory = Arc::default();
    let keeper = world.instance(&memory);
    keeper.start().await.unwrap();
    world.pass(30, &[&keeper]).await;
    let (backup, taken_at) = (world.backup(), world.clock.now());
    world.pass(30, &[&keeper]).await;
    world.restore(&backup);
    let next = world.instance(&memory);
    let Some(Change::Raised(doubt)) = next.start().await.unwrap() else { panic!("it was not noticed") };
    assert_eq!(doubt.sign, RestoreSign::StepBack);
    assert!(doubt.last_beat_at.unwrap() <= taken_at && doubt.remembered > doubt.found);
    // Neither time nor a further start changes that.
    world.pass(3600, &[&next]).await;
    let again = world.instance(&memory);
    assert_eq!(again.start().await.unwrap(), None, "it was told before");
    assert_eq!(again.doubt(), Some(doubt));
    assert_eq!(again.accept().await.unwrap(), Some(doubt));
    assert_eq!((again.doubt(), again.accept().await.unwrap()), (None, None));
    assert_eq!(next.look().await.unwrap(), Some(Change::Accepted));
    world.pass(60, &[&again]).await;
    let later = world.instance(&memory);
    assert_eq!((later.start().await.unwrap(), later.doubt()), (None, None));
}

#[tokio::test]
async fn a_database_restored_under_running_instances_is_held_in_all_of_them() {
    let world = World::new(false);
    let (one, two) = (world.instance(&Arc::default()), world.instance(&Arc::default()));
    one.start().await.unwrap();
    let starting = tokio_util::task::TaskTracker::new().spawn({
        let two = two.clone();
        async move { two.start().await.unwrap() }
    });
    while !starting.is_finished() {
        world.pass(1, &[&one]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!((starting.await.unwrap(), two.doubt()), (None, None), "vouched for by the other one");
    world.pass(5, &[&one, &two]).await;
    let backup = world.backup();
    // The second goes on for longer than the first: acceptance must satisfy both.
    world.pass(20, &[&two]).await;
    world.restore(&backup);
    world.pass(1, &[&one, &two]).await;
    world.pass(1, &[&one, &two]).await;
    assert_eq!((sign(&one), sign(&two)), (Some(RestoreSign::StepBack), Some(RestoreSign::StepBack)));
    one.accept().await.unwrap();
    world.pass(10, &[&one, &two]).await;
    assert_eq!((sign(&one), sign(&two)), (None, None));
}

#[tokio::test(start_paused = true)]
async fn without_memory_a_database_that_was_served_is_doubted_unless_another_instance_is_there() {
    for is_exclusive in [true, false] {
        let world = World::new(is_exclusive);
        let first = world.instance(&Arc::default());
        first.start().await.unwrap();
        world.pass(20, &[&first]).await;
        // The first is gone; what follows may be its backup on a new machine.
        let next = world.instance(&Arc::default());
        assert!(matches!(next.start().await.unwrap(), Some(Change::Raised(_))));
        assert_eq!(sign(&next), Some(RestoreSign::NoMemory));
    }
}

#[tokio::test]
async fn a_database_that_others_went_on_with_and_that_is_silent_is_doubted() {
    let world = World::new(false);
    let memory = Arc::default();
    let first = world.instance(&memory);
    first.start().await.unwrap();
    world.pass(5, &[&first]).await;
    // Another one goes on alone, and then nobody.
    for _ in 0..5 {
        world.place.beat(world.clock.now()).await.unwrap();
    }
    world.clock.advance(Duration::from_mins(9));
    let next = world.instance(&memory);
    assert_eq!(next.start().await.unwrap(), None, "not for so long");
    for _ in 0..5 {
        world.place.beat(world.clock.now()).await.unwrap();
    }
    world.clock.advance(Duration::from_mins(11));
    let last = world.instance(&memory);
    last.start().await.unwrap();
    assert_eq!(sign(&last), Some(RestoreSign::NoHeartbeat));
}

#[tokio::test]
async fn an_unreachable_database_changes_nothing() {
    let world = World::new(true);
    let memory = Arc::default();
    let keeper = world.instance(&memory);
    keeper.start().await.unwrap();
    let backup = world.backup();
    world.pass(30, &[&keeper]).await;
    world.restore(&backup);
    world.pass(1, &[&keeper]).await;
    assert!(keeper.doubt().is_some());
    let unavailable = store::Fault::Refuse(StoreError::Unavailable("away".to_owned()));
    world.place.database.fail_next("continuity.standing", 1, unavailable);
    assert!(keeper.look().await.is_err());
    assert!(keeper.doubt().is_some());
}
