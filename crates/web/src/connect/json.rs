//! Connections and events as JSON.

use ::connect::{Disconnected, End, FoundConnection, NumberedEvent, Reason};
use serde_json::{Value, json};

/// A connection as the API and the commands show it.
pub fn connection_json(found: &FoundConnection) -> Value {
    let connection = &found.connection;
    json!({
        "id": connection.id,
        "reference": connection.reference,
        "state": connection.state(),
        "reason": reason_json(found.reason.as_ref()),
        "platform": side_json(found, End::Platform),
        "accounting": side_json(found, End::Accounting),
        "settings": connection.settings,
        "created_at": connection.created_at,
    })
}

fn side_json(found: &FoundConnection, end: End) -> Value {
    let side = found.connection.side(end);
    json!({
        "provider": side.provider,
        "environment": side.environment,
        "state": side.state(),
        "reason": reason_json(found.side_reason(end)),
        "company": {
            "id": side.company.id,
            "name": side.company.name,
            "country": side.company.country,
            "registration_number": side.company.registration_number,
        },
        "credential": side.facts.kind,
        "generation": side.generation(),
        "expires_at": side.facts.expires_at,
        "last_proven_at": side.facts.proven_at,
        "ends_at": found.ends_at(end),
    })
}

pub(super) fn reason_json(reason: Option<&Reason>) -> Value {
    reason.map_or(Value::Null, |reason| json!({ "code": reason.code, "sentence": reason.sentence }))
}

/// A connection that was ended, with what is left to do by hand.
pub fn disconnected_json(done: &Disconnected) -> Value {
    let mut json = connection_json(&done.found);
    json["left_to_do"] = json!(done.left_to_do);
    json
}

/// An event as the feed and webhooks show it.
pub fn event_json(numbered: &NumberedEvent) -> Value {
    let event = &numbered.event;
    json!({
        "id": event.id,
        "type": event.kind.as_str(),
        "connection": event.connection,
        "at": event.at,
        "data": event.data,
        "sentence": event.sentence,
    })
}
