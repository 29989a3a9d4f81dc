use super::*;

fn read(query: &str) -> Result<PageRequest, ApiError> {
    PageRequest::read(&Pairs::parse(query).unwrap(), &["id"], false)
}

#[test]
fn the_default_is_twenty_from_the_start() {
    assert_eq!(read("").unwrap().query, PageQuery::default());
}

#[test]
fn what_pleo_excludes_is_refused() {
    for query in [
        "after=MZXW6YTBOI&before=MZXW6YTBOI",
        "after=MZXW6YTBOI&offset=1",
        "after=nonsense",
        "offset=-1",
        "limit=0",
        "limit=101",
        "limit=x",
        "limit=1&limit=2",
        "sorting_keys=id",
        "sorting_keys=id&sorting_order=UP",
        "sorting_keys=name&sorting_order=ASC",
    ] {
        assert_eq!(read(query).unwrap_err().code(), "PARAMETER_VALIDATION_FAILED", "{query}");
    }
}

#[test]
fn the_envelope_has_all_of_its_members() {
    let request = read("limit=2&sorting_keys=id&sorting_order=DESC_NULLS_LAST").unwrap();
    assert!(request.query.descending);
    let page = Page { rows: vec!["foobar".to_owned()], has_next: true, has_previous: false, total: 7 };
    let value = request.envelope(page, Clone::clone, |row| json!(row));
    assert_eq!(value["data"], json!(["foobar"]));
    assert_eq!(value["pagination"]["startCursor"], "MZXW6YTBOI");
    assert_eq!(value["pagination"]["endCursor"], "MZXW6YTBOI");
    assert_eq!(value["pagination"]["total"], 7);
    let told = &value["pagination"]["currentRequestPagination"];
    assert_eq!(told["limit"], 2);
    assert_eq!(told["sortingOrder"], json!(["DESC_NULLS_LAST"]));
    assert_eq!(told["parameters"]["limit"], json!(["2"]));
}
