use super::*;

const NAME: &str = "company_id";

#[test]
fn the_query_names_the_company_of_the_connection_and_no_other() {
    let with = |query: &str| with_company(Some(query), NAME, "own");
    assert_eq!(with_company(None, NAME, "own").unwrap(), "company_id=own");
    assert_eq!(with("page=2").unwrap(), "page=2&company_id=own");
    assert_eq!(with("company_id=own&page=2").unwrap(), "company_id=own&page=2");
    for query in [
        "company_id=other",
        // Whichever of the two the provider takes: it must not be a choice.
        "company_id=other&company_id=own",
        "company_id=own&company_id=other",
        "company%5Fid=other",
        "company%5Fid=other&company_id=own",
        "Company_ID=other",
        "Company_ID=own",
        "company_id",
    ] {
        assert_eq!(with(query), Err(PathError::OtherCompany), "{query}");
    }
}

#[test]
fn a_path_stays_below_the_base_however_it_is_spelt() {
    for path in ["", "/", "/a", "/a/", "/a/b", "/a%2Fb", "/a%20b", "/a:b", "/..a", "/a..", "/a;b", "/@a"] {
        assert_eq!(check(path), Ok(()), "{path}");
    }
    let dots = [
        "/..",
        "/.",
        "/a/../b",
        "/%2e%2e/a",
        "/.%2E/a",
        "/%252e%252e/a",
        "/%25252e%25252e/a",
        "/..;x/a",
        "/a%2f..%2fb",
        "/%2e%2e%2fa",
        "/..%3bx/a",
    ];
    for path in dots {
        assert_eq!(check(path), Err(PathError::DotSegment), "{path}");
    }
    for path in ["//", "//a", "/a//b", "/a%2f%2fb", "/%2fa", "/a/%2fb", "/a%252f%252fb"] {
        assert_eq!(check(path), Err(PathError::EmptySegment), "{path}");
    }
    for path in ["/a\\b", "/a%5cb", "/a%255cb", "/%5c..%5c"] {
        assert_eq!(check(path), Err(PathError::Backslash), "{path}");
    }
    let broken = [
        "@elsewhere",
        ".elsewhere",
        ":1/a",
        "a",
        "/a%",
        "/a%2",
        "/a%zz",
        "/a%00",
        "/a%0d%0ab",
        "/a b",
        "/a#b",
        "/a%250a",
        "/\u{e9}",
    ];
    for path in broken {
        assert_eq!(check(path), Err(PathError::NotAPath), "{path}");
    }
}
