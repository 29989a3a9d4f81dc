use super::*;

const FIRST: Migration = Migration { number: 1, name: "first", sql: "CREATE TABLE a (b TEXT);" };
const SECOND: Migration = Migration { number: 2, name: "second", sql: "CREATE TABLE c (d TEXT);" };

fn applied(migration: &Migration) -> AppliedMigration {
    AppliedMigration {
        number: migration.number,
        name: migration.name.to_owned(),
        checksum: checksum(migration.sql),
    }
}

fn missing_numbers(known: &[Migration], applied: &[AppliedMigration]) -> Result<Vec<i64>, OpenError> {
    missing(known, applied).map(|missing| missing.iter().map(|migration| migration.number).collect())
}

#[test]
fn what_is_not_there_yet_is_applied_in_order() {
    let known = [FIRST, SECOND];
    assert_eq!(missing_numbers(&known, &[]), Ok(vec![1, 2]));
    assert_eq!(missing_numbers(&known, &[applied(&FIRST)]), Ok(vec![2]));
    assert_eq!(missing_numbers(&known, &[applied(&FIRST), applied(&SECOND)]), Ok(vec![]));
}

#[test]
fn a_newer_database_is_refused_with_its_version() {
    let error = missing_numbers(&[FIRST], &[applied(&FIRST), applied(&SECOND)]).unwrap_err();
    assert_eq!(error, OpenError::NewerVersion { found: 2, name: "second".to_owned(), known: 1 });
    assert!(error.to_string().contains("restore a backup"), "{error}");
}

#[test]
fn another_text_under_a_known_number_is_refused() {
    let edited = Migration { sql: "CREATE TABLE a (b TEXT, e TEXT);", ..FIRST };
    let error = missing_numbers(&[edited, SECOND], &[applied(&FIRST)]).unwrap_err();
    assert_eq!(error, OpenError::OtherText { number: 1, name: "first".to_owned() });
}

#[test]
fn every_side_has_numbers_without_gaps() {
    use crate::{Side, migrations_of};
    for side in [Side::Connect, Side::Platform, Side::Sandbox] {
        let numbers: Vec<i64> = migrations_of(side).iter().map(|migration| migration.number).collect();
        assert_eq!(numbers, (1..).take(numbers.len()).collect::<Vec<_>>(), "{side}");
    }
}
