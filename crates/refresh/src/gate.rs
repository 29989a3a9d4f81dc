use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;

use crate::GrantId;

/// Keeps calls through the proxy and the rotation of their grant apart (rule 10), where a refresh kills the old access token.
#[derive(Debug, Default)]
pub(crate) struct Gates {
    gates: Mutex<HashMap<GrantId, Arc<Gate>>>,
}

#[derive(Debug)]
struct Gate {
    state: watch::Sender<GateState>,
}

#[derive(Debug, Default, Clone, Copy)]
struct GateState {
    /// Calls under way.
    calls: usize,
    /// Rotations under way; more than one only when one gave up waiting for the calls of another.
    closed: usize,
}

/// A call under way. The rotation of its grant waits a short time for it to be dropped.
#[derive(Debug)]
pub struct CallPermit(Arc<Gate>);

/// A rotation under way: new calls wait until it is dropped.
#[derive(Debug)]
pub(crate) struct Closed(Arc<Gate>);

impl Gates {
    fn gate(&self, grant: GrantId) -> Arc<Gate> {
        let mut gates = self.gates.lock().expect("no code panics while it holds the gates");
        // A gate that nobody holds is idle; forgetting those now and then keeps the map as small as what is in use.
        if gates.len() >= 1024 && gates.len().is_power_of_two() {
            gates.retain(|_, gate| Arc::strong_count(gate) > 1);
        }
        gates.entry(grant).or_insert_with(|| Arc::new(Gate { state: watch::Sender::default() })).clone()
    }

    /// Waits while a rotation is under way, for at most `patience`.
    pub(crate) async fn enter(&self, grant: GrantId, patience: Duration) -> Option<CallPermit> {
        let gate = self.gate(grant);
        let mut state = gate.state.subscribe();
        let entered = tokio::time::timeout(patience, async {
            loop {
                let entered = gate.state.send_if_modified(|state| {
                    let open = state.closed == 0;
                    state.calls += usize::from(open);
                    open
                });
                if entered || state.wait_for(|state| state.closed == 0).await.is_err() {
                    return entered;
                }
            }
        });
        matches!(entered.await, Ok(true)).then(|| CallPermit(gate))
    }

    /// Lets no new call in, and waits at most `patience` for those under way.
    pub(crate) async fn close(&self, grant: GrantId, patience: Duration) -> Closed {
        let gate = self.gate(grant);
        gate.state.send_modify(|state| state.closed += 1);
        let closed = Closed(gate.clone());
        let mut state = gate.state.subscribe();
        // A call that takes longer meets a 401 of an older generation, which the proxy answers by sending again.
        let _ = tokio::time::timeout(patience, state.wait_for(|state| state.calls == 0)).await;
        closed
    }
}

impl Drop for CallPermit {
    fn drop(&mut self) {
        self.0.state.send_modify(|state| state.calls -= 1);
    }
}

impl Drop for Closed {
    fn drop(&mut self) {
        self.0.state.send_modify(|state| state.closed -= 1);
    }
}

#[cfg(test)]
mod tests;
