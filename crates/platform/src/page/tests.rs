use super::*;

#[test]
fn a_cursor_reads_back_and_keeps_to_the_alphabet() {
    for id in ["a", "ab", "abc", "abcd", "abcde", "3f0d2a6e-3d0f-4a73-9b6a-0e6f2f0c9b11"] {
        let cursor = cursor_of(id);
        assert!(cursor.bytes().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b)), "{cursor}");
        assert_eq!(id_of(&cursor).as_deref(), Some(id));
    }
}

#[test]
fn the_cursors_are_those_of_rfc_4648() {
    assert_eq!(cursor_of("foobar"), "MZXW6YTBOI");
}

#[test]
fn what_is_no_cursor_is_refused() {
    for text in ["", "mzxw6", "MZXW6YTBO", "!", "M1", "AAAA", "MEAGC", &"A".repeat(300)] {
        assert_eq!(id_of(text), None, "{text}");
    }
}
