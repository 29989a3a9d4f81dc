use super::*;

fn company(id: &str) -> SeedCompany {
    SeedCompany {
        id: id.to_owned(),
        name: id.to_owned(),
        country: "SE".to_owned(),
        registration_number: None,
    }
}

#[test]
fn parts_that_do_not_fit_are_found_before_anything_is_done() {
    let user = SeedUser {
        email: "a@example.com".to_owned(),
        password: Secret::new("longenough".to_owned()),
        name: String::new(),
        companies: vec!["2".to_owned()],
    };
    let seed = Seed { companies: vec![company("1")], users: vec![user.clone()], clients: Vec::new() };
    assert!(matches!(seed.check(), Err(SeedError::UnknownCompany { company, .. }) if company == "2"));
    let seed =
        Seed { companies: vec![company("2"), company("2")], users: vec![user.clone()], clients: Vec::new() };
    assert!(matches!(seed.check(), Err(SeedError::Twice { what: "companies", .. })));
    let seed = Seed { companies: vec![company("2")], users: vec![user], clients: Vec::new() };
    assert!(seed.check().is_ok());
}
