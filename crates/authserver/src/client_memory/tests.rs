use base::Timestamp;

use super::*;
use crate::client::{ClientSpec, ClientState};

fn client(name: &str) -> Arc<Client> {
    let spec = ClientSpec::confidential("books", name);
    let (state, created_at) = (ClientState::Approved, Timestamp::from_millis(0));
    Arc::new(Client { spec, state, secrets: Vec::new(), created_at })
}

fn found(memory: &ClientMemory, millis: u64) -> Result<String, Ticket> {
    let found = memory.find("books", Duration::from_millis(millis));
    found.map(|client| client.spec.name.clone())
}

#[test]
fn a_client_is_remembered_for_a_second_from_the_beginning_of_its_reading() {
    let memory = ClientMemory::default();
    let ticket = found(&memory, 500).unwrap_err();
    memory.keep(ticket, client("Books"));
    assert_eq!(found(&memory, 1499).unwrap(), "Books");
    assert!(found(&memory, 1500).is_err());
}

#[test]
fn a_change_is_seen_at_once() {
    let memory = ClientMemory::default();
    memory.keep(found(&memory, 0).unwrap_err(), client("Books"));
    memory.forget(&ClientId::from("books"));
    assert!(found(&memory, 0).is_err());
}

#[test]
fn a_reading_that_was_under_way_during_a_change_is_not_kept() {
    let memory = ClientMemory::default();
    let ticket = found(&memory, 0).unwrap_err();
    memory.forget(&ClientId::from("books"));
    memory.keep(ticket, client("as it was before"));
    assert!(found(&memory, 0).is_err());
}

#[test]
fn it_does_not_grow_without_bound() {
    let memory = ClientMemory::default();
    let ticket = found(&memory, 0).unwrap_err();
    for number in 0..3 * MAX_CLIENTS {
        let mut client = Arc::unwrap_or_clone(client("Books"));
        client.spec.client_id = ClientId::new(number.to_string());
        memory.keep(ticket, Arc::new(client));
    }
    assert!(memory.lock().clients.len() <= MAX_CLIENTS);
}
