use base::testing::SeededEntropy;

use super::*;

fn fault(json: &str) -> Fault {
    serde_json::from_str(json).unwrap()
}

fn at(endpoint: Endpoint, moment: Moment) -> Occasion<'static> {
    Occasion { endpoint, moment, client_id: Some("one"), path: "/oauth/token" }
}

#[test]
fn a_fault_happens_so_often_and_then_no_more() {
    let faults = Faults::default();
    let entropy = SeededEntropy::new(1);
    faults.replace(vec![fault(r#"{"endpoint":"token","kind":"close","times":2}"#)]).unwrap();
    assert!(faults.take(&at(Endpoint::Token, Moment::After), &entropy).is_empty());
    assert!(faults.take(&at(Endpoint::Api, Moment::Before), &entropy).is_empty());
    assert_eq!(faults.take(&at(Endpoint::Token, Moment::Before), &entropy).len(), 1);
    assert_eq!(faults.list()[0].times, Some(1));
    assert_eq!(faults.take(&at(Endpoint::Token, Moment::Before), &entropy).len(), 1);
    assert!(faults.take(&at(Endpoint::Token, Moment::Before), &entropy).is_empty());
    assert!(faults.list().is_empty());
}

#[test]
fn client_and_path_narrow_a_fault() {
    let faults = Faults::default();
    let entropy = SeededEntropy::new(1);
    faults
        .replace(vec![fault(
            r#"{"endpoint":"api","kind":"status","status":500,"client_id":"two","path":"/v3"}"#,
        )])
        .unwrap();
    let occasion =
        |client_id, path| Occasion { endpoint: Endpoint::Api, moment: Moment::Before, client_id, path };
    assert!(faults.take(&occasion(Some("one"), "/v3/export-jobs"), &entropy).is_empty());
    assert!(faults.take(&occasion(None, "/v3/export-jobs"), &entropy).is_empty());
    assert!(faults.take(&occasion(Some("two"), "/v1/companies"), &entropy).is_empty());
    assert_eq!(faults.take(&occasion(Some("two"), "/v3/export-jobs"), &entropy).len(), 1);
}

#[test]
fn delays_come_before_one_other_fault_and_what_follows_is_not_used_up() {
    let faults = Faults::default();
    let entropy = SeededEntropy::new(1);
    faults
        .replace(vec![
            fault(r#"{"endpoint":"token","kind":"delay","delay_ms":5}"#),
            fault(r#"{"endpoint":"token","kind":"close","times":1}"#),
            fault(r#"{"endpoint":"token","kind":"html","times":1}"#),
        ])
        .unwrap();
    let kinds = |taken: Vec<Fault>| taken.iter().map(|fault| fault.kind).collect::<Vec<_>>();
    let occasion = at(Endpoint::Token, Moment::Before);
    assert_eq!(kinds(faults.take(&occasion, &entropy)), [FaultKind::Delay, FaultKind::Close]);
    assert_eq!(kinds(faults.take(&occasion, &entropy)), [FaultKind::Delay, FaultKind::Html]);
    assert_eq!(kinds(faults.take(&occasion, &entropy)), [FaultKind::Delay]);
}

#[test]
fn probability_is_kept_roughly() {
    let faults = Faults::default();
    let entropy = SeededEntropy::new(7);
    faults.replace(vec![fault(r#"{"endpoint":"token","kind":"close","probability":0.25}"#)]).unwrap();
    let occasion = at(Endpoint::Token, Moment::Before);
    let happened = (0..4000).filter(|_| !faults.take(&occasion, &entropy).is_empty()).count();
    assert!((850..1150).contains(&happened), "{happened}");
}

#[test]
fn nonsense_is_refused_and_changes_nothing() {
    let faults = Faults::default();
    let good = fault(r#"{"endpoint":"token","kind":"close"}"#);
    faults.replace(vec![good.clone()]).unwrap();
    for (json, error) in [
        (r#"{"endpoint":"token","kind":"delay"}"#, FaultError::Delay),
        (r#"{"endpoint":"token","kind":"status","status":99}"#, FaultError::Status),
        (r#"{"endpoint":"token","kind":"close","probability":1.5}"#, FaultError::Probability),
    ] {
        assert_eq!(faults.replace(vec![good.clone(), fault(json)]), Err(error));
        assert_eq!(faults.list(), std::slice::from_ref(&good));
    }
    assert!(serde_json::from_str::<Fault>(r#"{"endpoint":"token","kind":"close","colour":1}"#).is_err());
    assert!(serde_json::from_str::<Fault>(r#"{"endpoint":"door","kind":"close"}"#).is_err());
    faults.clear();
    assert!(faults.list().is_empty());
}
