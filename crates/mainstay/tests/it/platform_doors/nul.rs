//! Texts with a NUL, which `PostgreSQL` does not even look for: they are refused before they get to a database.

use testkit::databases::Cluster;
use testkit::harness::CaseError;

use super::site::{FORM, Site, basic_of};
use super::{
    DOORS, Shape, broken_and_repeated_parameters, broken_forms_of_clients, broken_forms_of_people,
    broken_json, broken_lines, check, nothing_written, unknown_methods_and_places,
};

pub(crate) fn texts_with_a_nul_are_refused() {
    nothing_written(texts_with_a_nul);
}

/// The sweeps of bad input that say nothing of one database's own.
pub(crate) fn bad_input_is_refused_on_postgres() -> Result<(), CaseError> {
    let cluster = Cluster::of_this_process()?;
    let database = cluster.database();
    let mut site = Site::start_on(&database.url());
    for sweep in [
        texts_with_a_nul,
        unknown_methods_and_places,
        broken_and_repeated_parameters,
        broken_forms_of_clients,
        broken_json,
        broken_lines,
        broken_forms_of_people,
    ] {
        sweep(&mut site);
    }
    site.close();
    Ok(())
}

fn texts_with_a_nul(site: &mut Site) {
    let cookie = site.cookie();
    for door in DOORS {
        // Each part of the path in turn.
        for (at, part) in door.path.match_indices('/') {
            let end = door.path[at + 1..].find('/').map_or(door.path.len(), |length| at + 1 + length);
            for nul in ["%00", "books%00", "%00%00%00"] {
                let path = format!("{}{part}{nul}{}", &door.path[..at], &door.path[end..]);
                for method in door.methods {
                    let answer = match door.shape {
                        Shape::Api => site.call(method, &path, b"{}"),
                        Shape::OAuth | Shape::Page => {
                            site.send(method, &path, &[("cookie", &cookie), ("content-type", FORM)], b"")
                        }
                    };
                    assert!((400..500).contains(&answer.status), "{method} {path}: {}", answer.head);
                }
            }
        }
    }
    // One NUL, several, and one within a text.
    for cursor in ["AA", "AAAA", "AAAAAAA", "MEAGC"] {
        for list in ["/v1/companies", "/v2/employees", "/v3/export-jobs", "/v3/export-items"] {
            for name in ["before", "after"] {
                let path = format!("{list}?{name}={cursor}");
                check(Shape::Api, &site.call("GET", &path, b""), &path);
            }
        }
    }
    for list in
        ["/admin/clients", "/admin/users", "/admin/companies", "/admin/audit", "/admin/registration-tokens"]
    {
        for name in ["q", "search", "state", "before", "after", "kind", "client", "subject", "id"] {
            let path = format!("{list}?{name}=%00");
            let answer = site.send("GET", &path, &[("cookie", &cookie)], b"");
            assert!(answer.status < 500, "{path}: {}", answer.head);
        }
    }
    let answer =
        site.send("GET", "/oauth/authorize?response_type=code&client_id=a%00", &[("cookie", &cookie)], b"");
    check(Shape::Page, &answer, "client_id at the authorization endpoint");
    for client in ["%00", "\u{0}", "books%00", "books\u{0}"] {
        let basic = basic_of(client, "x");
        let lines = [("content-type", FORM), ("authorization", basic.as_str())];
        for path in ["/oauth/token", "/oauth/token/introspect", "/oauth/revoke"] {
            let answer = site.send("POST", path, &lines, b"grant_type=refresh_token&refresh_token=x&token=x");
            check(Shape::OAuth, &answer, &format!("{path} as {client:?}"));
        }
        let key = site.send("GET", "/v1/introspect", &[("authorization", &basic)], b"");
        check(Shape::Api, &key, "a key");
    }
}
