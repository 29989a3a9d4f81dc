use super::*;
use crate::StandinKind;
use crate::system::{Act, CompanyIn, System};

/// The door's name, and the company in the path.
fn at(kind: StandinKind, method: &str, path: &str) -> Option<(&'static str, Option<String>)> {
    let (route, variables) = find(System::of(kind).api.routes, method, path)?;
    Some((name(route.act), variables.get("company").cloned()))
}

fn name(act: Act) -> &'static str {
    match act {
        Act::Companies => "companies",
        Act::Outer(_) => "outer",
        Act::Company => "company",
        Act::Book => "book",
        Act::Booked => "booked",
        Act::Disconnect => "disconnect",
    }
}

#[test]
fn paths_find_their_doors() {
    assert_eq!(at(StandinKind::Xero, "GET", "/connections"), Some(("companies", None)));
    assert_eq!(at(StandinKind::Xero, "DELETE", "/connections/abc"), Some(("disconnect", None)));
    assert_eq!(at(StandinKind::Xero, "POST", "/connections"), None);
    assert_eq!(at(StandinKind::Xero, "GET", "/connections/"), None);
    assert_eq!(at(StandinKind::Xero, "GET", "/Connections"), None);
    let path = "/v2.0/t/Production/api/v2.0/companies(one%20two)/journals";
    assert_eq!(at(StandinKind::BusinessCentral, "POST", path), Some(("book", Some("one two".to_owned()))));
    let path = "/v3/company/9/companyinfo/9";
    assert_eq!(at(StandinKind::QuickBooks, "GET", path), Some(("company", Some("9".to_owned()))));
    assert_eq!(at(StandinKind::ExactOnline, "GET", "/api/v1/5/hrm/Divisions"), Some(("companies", None)));
}

#[test]
fn systems_that_name_the_company_in_the_path_do_so_wherever_books_are_touched() {
    for kind in StandinKind::ALL {
        let api = &System::of(kind).api;
        for route in api.routes.iter().filter(|route| matches!(route.act, Act::Book | Act::Booked)) {
            assert_eq!(
                route.pattern.contains("{company}"),
                api.company_in == CompanyIn::Path,
                "{kind} {}",
                route.pattern
            );
        }
        for wanted in ["book", "booked"] {
            assert!(api.routes.iter().any(|route| name(route.act) == wanted), "{kind} {wanted}");
        }
    }
}
