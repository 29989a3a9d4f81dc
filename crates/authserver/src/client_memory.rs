use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::client::{Client, ClientId};

/// How old what is remembered may be: a change is seen at once where it was made, and elsewhere within this time.
const FRESH: Duration = Duration::from_secs(1);
/// Beyond so many clients the stale ones are forgotten, and if that is not enough, all.
const MAX_CLIENTS: usize = 1024;

/// Clients as they were read within the last second, since every request at the token endpoint begins with one. Clients that do
/// not exist are not remembered.
#[derive(Debug, Default)]
pub(crate) struct ClientMemory(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    clients: HashMap<ClientId, Reading>,
    /// Counts the changes made in this process, so that a reading which was under way meanwhile is not kept.
    changes: u64,
}

#[derive(Debug)]
struct Reading {
    client: Arc<Client>,
    begun: Duration,
}

/// Taken before a reading begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticket {
    changes: u64,
    begun: Duration,
}

impl ClientMemory {
    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client, or what is needed to keep it once it is read. `monotonic` is the present moment.
    pub(crate) fn find(&self, id: &str, monotonic: Duration) -> Result<Arc<Client>, Ticket> {
        let remembered = self.lock();
        match remembered.clients.get(id) {
            Some(reading) if monotonic.saturating_sub(reading.begun) < FRESH => {
                Ok(Arc::clone(&reading.client))
            }
            _ => Err(Ticket { changes: remembered.changes, begun: monotonic }),
        }
    }

    /// Keeps what was read, unless a client was changed since the reading began.
    pub(crate) fn keep(&self, ticket: Ticket, client: Arc<Client>) {
        let mut remembered = self.lock();
        if remembered.changes != ticket.changes {
            return;
        }
        let clients = &mut remembered.clients;
        if clients.len() >= MAX_CLIENTS {
            clients.retain(|_, reading| ticket.begun.saturating_sub(reading.begun) < FRESH);
            if clients.len() >= MAX_CLIENTS {
                clients.clear();
            }
        }
        clients.insert(client.id().clone(), Reading { client, begun: ticket.begun });
    }

    /// To be called after every write to a client, when its commit has returned.
    pub(crate) fn forget(&self, id: &ClientId) {
        let mut remembered = self.lock();
        remembered.changes += 1;
        remembered.clients.remove(id);
    }
}

#[cfg(test)]
mod tests;
