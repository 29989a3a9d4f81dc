use std::collections::BTreeMap;

use super::*;

fn company(id: &str, name: &str, number: Option<&str>) -> Company {
    Company {
        id: id.to_owned(),
        name: name.to_owned(),
        country: None,
        registration_number: number.map(ToOwned::to_owned),
        variables: BTreeMap::new(),
    }
}

#[test]
fn companies_of_one_name_are_told_apart_by_their_number() {
    let (own, namesake, other) =
        (company("1", "Crème", Some("NL 1")), company("2", "Crème", None), company("3", "Other", None));
    assert_eq!(told_apart(&other, &own, std::slice::from_ref(&other)), "Other");
    assert_eq!(told_apart(&own, &own, std::slice::from_ref(&other)), "Crème");
    let found = [namesake.clone(), other];
    assert_eq!(told_apart(&own, &own, &found), "Crème (NL 1)");
    assert_eq!(told_apart(&namesake, &own, &found), "Crème (2)");
}
