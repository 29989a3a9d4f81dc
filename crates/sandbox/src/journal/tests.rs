use super::*;

fn entry(client: &str) -> NewEntry {
    NewEntry {
        at: Timestamp::from_seconds(1),
        client_id: Some(client.to_owned()),
        endpoint: Endpoint::Token,
        method: "POST".to_owned(),
        path: "/oauth/token".to_owned(),
        credential: None,
        parameters: Map::new(),
        answer: None,
        fault: None,
    }
}

#[test]
fn entries_are_read_on_by_cursor_and_by_client() {
    let journal = Journal::default();
    for n in 0..10 {
        journal.add(entry(if n % 2 == 0 { "even" } else { "odd" }));
    }
    let (first, next) = journal.read(Some("even"), 0, 3);
    assert_eq!(first.iter().map(|entry| entry.id).collect::<Vec<_>>(), [1, 3, 5]);
    let (second, next) = journal.read(Some("even"), next.unwrap(), 3);
    assert_eq!(second.iter().map(|entry| entry.id).collect::<Vec<_>>(), [7, 9]);
    assert_eq!(next, None);
    assert_eq!(journal.read(None, 0, 100).0.len(), 10);
}

#[test]
fn the_oldest_go_when_there_are_too_many() {
    let journal = Journal::default();
    for _ in 0..=KEPT {
        journal.add(entry("one"));
    }
    let (page, _) = journal.read(None, 0, 1);
    assert_eq!(page[0].id, 2);
}

#[test]
fn an_entry_is_flat_in_json() {
    let journal = Journal::default();
    journal.add(entry("one"));
    let json = serde_json::to_value(&journal.read(None, 0, 1).0[0]).unwrap();
    assert_eq!(json["id"], 1);
    assert_eq!(json["endpoint"], "token");
    assert_eq!(json["client_id"], "one");
    assert_eq!(json["at"], "1970-01-01T00:00:01.000Z");
}
