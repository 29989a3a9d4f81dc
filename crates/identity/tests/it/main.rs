//! The people of one side, on a database in memory.

use std::sync::Arc;

use base::testing::{ManualClock, SeededEntropy};
use base::{Clock, Entropy, Secret};
use identity::{Account, Cost, Identity, NewAccount, Settings};
use store::{Database, Side};

mod accounts;
mod guessing;
mod sessions;

struct World {
    identity: Identity,
    clock: Arc<ManualClock>,
    database: Database,
}

const PASSWORD: &str = "correct horse battery";
const SOURCE: &str = "192.0.2.1";

fn world_with(change: impl FnOnce(&mut Settings)) -> World {
    let clock = Arc::new(ManualClock::new());
    let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(1));
    let database = Database::memory(Side::Platform, Arc::clone(&clock) as Arc<dyn Clock>);
    let database = database.expect("a database in memory opens");
    let mut settings = Settings { password_cost: Cost::LEAST, ..Settings::default() };
    change(&mut settings);
    let keys = seal::testing::keys(&*entropy);
    let store = Arc::new(database.clone());
    let identity = Identity::new(store, Arc::clone(&clock) as Arc<dyn Clock>, entropy, keys, settings);
    World { identity, clock, database }
}

fn world() -> World {
    world_with(|_| {})
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

impl World {
    async fn person(&self, email: &str) -> Account {
        let new = NewAccount {
            email: email.to_owned(),
            name: "Somebody".to_owned(),
            password: Some(secret(PASSWORD)),
        };
        self.identity.create_account(new).await.expect("the account is well-formed").into_account()
    }
}
