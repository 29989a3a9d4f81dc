//! `docs/platform-conformance.md`, made from the tests and from what is open.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use super::elsewhere::{ELSEWHERE, Elsewhere};
use super::lists::{List, Number};
use super::open::{OPEN, Open, Why};
use super::{Case, all_cases};

/// What there is for a number.
#[derive(Default)]
struct Row {
    cases: Vec<&'static Case>,
    elsewhere: Vec<&'static Elsewhere>,
    open: Vec<&'static Open>,
}

fn rows() -> BTreeMap<Number, Row> {
    let mut rows: BTreeMap<Number, Row> = BTreeMap::new();
    for case in all_cases() {
        for number in case.numbers {
            rows.entry(*number).or_default().cases.push(case);
        }
    }
    for elsewhere in ELSEWHERE {
        for number in elsewhere.numbers {
            rows.entry(*number).or_default().elsewhere.push(elsewhere);
        }
    }
    for open in OPEN {
        for number in open.numbers {
            rows.entry((open.list, *number)).or_default().open.push(open);
        }
    }
    rows
}

impl Row {
    fn is_tested(&self) -> bool {
        !self.cases.is_empty() || !self.elsewhere.is_empty()
    }
}

fn wanted() -> impl Iterator<Item = Number> {
    List::ALL.into_iter().flat_map(|list| list.numbers().into_iter().map(move |number| (list, number)))
}

fn document() -> String {
    let rows = rows();
    let mut text = String::from(
        "# Conformance of the platform side\n\n\
         Made from the tests in `crates/web/tests/it/platform/conformance` and those that they name elsewhere; a test fails when a number is missing here, or when this\n\
         file is not what the tests say. Sections A to K are the security cases (their numbers have gaps), the last section is the\n\
         documented behaviour. A number can be tested and still have a part that is open.\n\n",
    );
    let count =
        |is: &dyn Fn(&Row) -> bool| wanted().filter(|number| rows.get(number).is_some_and(is)).count();
    let only = |why: Why| move |row: &Row| !row.is_tested() && row.open.iter().any(|open| open.why == why);
    let tested = count(&Row::is_tested);
    let (not_applicable, not_yet) = (count(&only(Why::NotApplicable)), count(&only(Why::NotYet)));
    let partly = count(&|row| row.is_tested() && row.open.iter().any(|open| open.why == Why::NotYet));
    writeln!(
        text,
        "Tested: {tested} ({partly} of them with a part *not yet*). Not applicable: {not_applicable}. Not yet: {not_yet}.",
    )
    .unwrap();
    for list in List::ALL {
        write!(text, "\n## {}\n\n| Number | What holds | Shown by |\n| --- | --- | --- |\n", list.title())
            .unwrap();
        for number in list.numbers() {
            let Some(row) = rows.get(&(list, number)) else { continue };
            let number = list.label(number);
            for case in &row.cases {
                let file = case.module.rsplit("::").next().unwrap();
                writeln!(text, "| {number} | {} | `{file}::{}` |", case.holds, case.test).unwrap();
            }
            for Elsewhere { holds, file, case, .. } in &row.elsewhere {
                writeln!(text, "| {number} | {holds} | `{file}`: {case} |").unwrap();
            }
            for open in &row.open {
                let why = match open.why {
                    Why::NotApplicable => "not applicable",
                    Why::NotYet => "not yet",
                };
                writeln!(text, "| {number} | {} | *{why}* |", open.reason).unwrap();
            }
        }
    }
    text
}

#[test]
fn every_number_has_a_row() {
    let rows = rows();
    let missing: Vec<Number> = wanted().filter(|number| !rows.contains_key(number)).collect();
    assert!(missing.is_empty(), "neither tested nor said to be open: {missing:?}");
    let known: Vec<Number> = wanted().collect();
    let strange: Vec<&Number> = rows.keys().filter(|number| !known.contains(number)).collect();
    assert!(strange.is_empty(), "not in the lists: {strange:?}");
}

#[test]
fn the_document_is_what_the_tests_say() {
    let generated = document();
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/platform-conformance.md");
    if std::fs::read_to_string(&committed).ok().as_deref() == Some(generated.as_str()) {
        return;
    }
    let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("platform-conformance.md");
    std::fs::write(&fresh, generated).unwrap();
    panic!(
        "docs/platform-conformance.md is not what the tests say. Look at the difference, then: cp {} {}",
        fresh.display(),
        committed.display()
    );
}
