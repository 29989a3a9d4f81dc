use base::Timestamp;
use refresh::GrantId;

use super::*;

fn grant(number: u32) -> GrantId {
    format!("gnt_00000000-0000-7000-8000-{number:012}").parse().unwrap()
}

fn connection() -> ConnectionId {
    "con_00000000-0000-7000-8000-000000000001".parse().unwrap()
}

fn company(id: &str) -> Company {
    Company {
        id: id.to_owned(),
        name: format!("Company {id}"),
        country: None,
        registration_number: None,
        variables: std::collections::BTreeMap::new(),
    }
}

fn away() -> Away {
    Away {
        state_key: "mac_000000000000".to_owned(),
        state_mac: "00".to_owned(),
        redirect_uri: "https://connect.example/callback/x".to_owned(),
        client_id: "client".to_owned(),
        since: NOW,
    }
}

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// A walk at each step of the usual way.
fn steps() -> Vec<Flow> {
    let mut flow = Flow::Offered;
    let mut steps = vec![flow.clone()];
    let mut take = |next: Flow| {
        flow = next;
        steps.push(flow.clone());
        flow.clone()
    };
    let mut at = take(Flow::Offered.leave(End::Platform, away()).unwrap());
    at = take(at.answered(NOW).unwrap());
    at = take(at.signed_in(grant(1), None).unwrap());
    at = take(at.identified(vec![company("p-1")]).unwrap());
    at = take(at.leave(End::Accounting, away()).unwrap());
    at = take(at.answered(NOW).unwrap());
    at = take(at.signed_in(grant(2), None).unwrap());
    at = take(at.identified(vec![company("x-1"), company("x-2")]).unwrap());
    at = take(at.choose("x-2").unwrap());
    take(at.paired(connection(), Finished::Connected).unwrap());
    steps
}

#[test]
fn the_usual_way_ends_in_a_pair() {
    let steps = steps();
    let Flow::Confirming { platform, accounting } = &steps[9] else { panic!("{:?}", steps[9]) };
    assert_eq!((platform.company.id.as_str(), accounting.company.id.as_str()), ("p-1", "x-2"));
    assert_eq!(accounting.reaches, ["x-1", "x-2"]);
    assert!(matches!(steps[10], Flow::Done { finished: Finished::Connected, .. }));
}

#[test]
fn every_state_survives_being_stored() {
    for flow in steps() {
        let text = serde_json::to_string(&flow).unwrap();
        assert_eq!(serde_json::from_str::<Flow>(&text).unwrap(), flow, "{text}");
    }
}

#[test]
fn an_answer_counts_only_while_it_is_awaited() {
    for flow in steps() {
        let is_away = matches!(flow, Flow::Away { .. });
        assert_eq!(flow.answered(NOW).is_ok(), is_away);
    }
}

#[test]
fn a_pair_is_made_only_from_what_was_shown() {
    for flow in steps() {
        let is_shown = matches!(flow, Flow::Confirming { .. });
        assert_eq!(flow.paired(connection(), Finished::Connected).is_ok(), is_shown);
    }
}

#[test]
fn a_sign_in_that_comes_to_nothing_leads_back_to_its_own_end() {
    for flow in steps() {
        let (end, platform) = (flow.end(), flow.party(End::Platform).cloned());
        if let Ok(back) = flow.came_to_nothing() {
            assert_eq!(back, Flow::Ready { end: end.unwrap(), platform });
        }
    }
}

#[test]
fn whoever_chooses_or_confirms_can_sign_in_with_another_account() {
    for flow in steps() {
        let platform = flow.party(End::Platform).cloned();
        let may = matches!(flow, Flow::Choosing { .. } | Flow::Confirming { .. });
        let back = flow.clone().back_to(End::Accounting);
        assert_eq!(
            back,
            if may { Ok(Flow::Ready { end: End::Accounting, platform }) } else { Err(FlowError::NotHere) }
        );
        // Another Pleo company too from where the person waits to leave, or has left.
        let may = may || matches!(flow, Flow::Ready { .. } | Flow::Away { .. });
        let back = flow.back_to(End::Platform);
        let first = Flow::Ready { end: End::Platform, platform: None };
        assert_eq!(back, if may { Ok(first) } else { Err(FlowError::NotHere) });
    }
    let choosing = Flow::Choosing {
        end: End::Platform,
        platform: None,
        grant: grant(1),
        companies: vec![company("p-1")],
    };
    assert_eq!(choosing.back_to(End::Accounting), Err(FlowError::NotHere), "Pleo comes first");
}

#[test]
fn only_offered_companies_can_be_picked() {
    let choosing = steps().remove(8);
    assert_eq!(choosing.clone().choose("x-3"), Err(FlowError::NoSuchCompany));
    assert_eq!(choosing.identified(Vec::new()), Err(FlowError::NoSuchCompany));
}

#[test]
fn nobody_signs_in_at_an_end_that_is_not_due() {
    for flow in steps() {
        for end in End::BOTH {
            let due = flow == Flow::Offered
                || (flow.end() == Some(end) && !matches!(flow, Flow::AwaitingKey { .. }));
            assert_eq!(flow.clone().leave(end, away()).is_ok(), due, "{flow:?} {end}");
        }
    }
}

#[test]
fn grants_hang_on_the_walk_until_it_is_done() {
    let counts: Vec<_> = steps().iter().map(|flow| flow.loose_grants().len()).collect();
    assert_eq!(counts, [0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 0]);
    for flow in steps() {
        let over = matches!(flow, Flow::Done { .. });
        assert_eq!(flow.cancel().is_ok(), !over);
    }
}
