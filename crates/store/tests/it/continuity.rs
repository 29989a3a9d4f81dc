//! [`continuity::Store`] on each database.

use base::Timestamp;
use continuity::{Doubt, RestoreSign, Store as _};
use store::{Database, Side};

use crate::suite::{Suite, conformance};

pub(crate) fn cases(suite: &mut Suite) {
    conformance!(suite, "continuity", Side::Platform;
        beats_rise_until_there_is_a_doubt,
        a_doubt_keeps_the_highest_that_is_remembered,
        beats_at_the_same_time_all_count,
    );
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_seconds(second)
}

fn doubt(remembered: u64) -> Doubt {
    Doubt { sign: RestoreSign::NoHeartbeat, since: at(9), remembered, found: 2, last_beat_at: Some(at(2)) }
}

async fn beats_rise_until_there_is_a_doubt(database: Database) {
    let fresh = database.standing().await.unwrap();
    assert_eq!((fresh.beats, fresh.beat_at, fresh.doubt), (0, None, None));
    assert_eq!(database.beat(at(1)).await.unwrap().beats, 1);
    let standing = database.beat(at(2)).await.unwrap();
    assert_eq!((standing.beats, standing.beat_at), (2, Some(at(2))));
    assert_eq!(database.standing().await.unwrap(), standing);
    assert!(database.raise_doubt(&doubt(7)).await.unwrap());
    let standing = database.beat(at(3)).await.unwrap();
    assert_eq!((standing.beats, standing.doubt), (2, Some(doubt(7))));
    assert!(database.is_empty().await.unwrap(), "marks are nothing that a room has stored");
}

async fn a_doubt_keeps_the_highest_that_is_remembered(database: Database) {
    assert_eq!(database.accept(at(1)).await.unwrap(), None);
    assert!(database.raise_doubt(&doubt(7)).await.unwrap());
    for (remembered, kept) in [(9, 9), (8, 9)] {
        let later = Doubt { since: at(10), sign: RestoreSign::NoMemory, ..doubt(remembered) };
        assert!(!database.raise_doubt(&later).await.unwrap());
        assert_eq!(database.standing().await.unwrap().doubt, Some(doubt(kept)));
    }
    assert_eq!(database.accept(at(20)).await.unwrap(), Some(doubt(9)));
    let standing = database.standing().await.unwrap();
    assert_eq!((standing.beats, standing.beat_at, standing.doubt), (10, Some(at(20)), None));
    assert_eq!(database.accept(at(21)).await.unwrap(), None);
}

async fn beats_at_the_same_time_all_count(database: Database) {
    for _ in 0..10 {
        let (one, two, three) =
            tokio::join!(database.beat(at(1)), database.beat(at(1)), database.beat(at(1)));
        for standing in [one, two, three] {
            standing.unwrap();
        }
    }
    assert_eq!(database.standing().await.unwrap().beats, 30);
}
