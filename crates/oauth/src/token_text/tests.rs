use base::testing::SeededEntropy;
use proptest::prelude::*;

use super::*;

struct Access;
impl TokenKind for Access {
    const PREFIX: &'static str = "mst_at_";
}
struct Refresh;
impl TokenKind for Refresh {
    const PREFIX: &'static str = "mst_rt_";
}

/// Not cryptographic, but sees each bit: enough to show that the check is looked at.
struct Sum(u64);
impl TokenCheck for Sum {
    fn make(&self, prefix: &'static str, body: &[u8]) -> [u8; 8] {
        let mix =
            |state: u64, byte: &u8| (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3).rotate_left(5);
        prefix.as_bytes().iter().chain(body).fold(self.0, mix).to_be_bytes()
    }
    fn verify(&self, prefix: &'static str, body: &[u8], check: &[u8; 8]) -> bool {
        self.make(prefix, body) == *check
    }
}

fn token() -> (TokenText<Access>, Secret<String>) {
    let token = TokenText::<Access>::generate(Uuid::from_u128(7), 41, &SeededEntropy::new(9));
    let text = token.render(&Sum(1));
    (token, text)
}

#[test]
fn a_token_reads_back_in_its_parts() {
    let (token, text) = token();
    assert!(text.expose().starts_with("mst_at_"));
    assert_eq!(text.expose().len(), 7 + 59);
    let read = TokenText::<Access>::parse(text.expose(), &Sum(1)).unwrap();
    assert_eq!((read.row, read.generation, read.secret.expose()), (token.row, 41, token.secret.expose()));
}

#[test]
fn another_kind_another_key_and_other_lengths_are_refused() {
    let (_, text) = token();
    let text = text.expose();
    let error = |text: &str| TokenText::<Access>::parse(text, &Sum(1)).unwrap_err();
    assert_eq!(TokenText::<Refresh>::parse(text, &Sum(1)).unwrap_err(), TokenTextError::OtherKind);
    let renamed = text.replace("mst_at_", "mst_rt_");
    assert_eq!(TokenText::<Refresh>::parse(&renamed, &Sum(1)).unwrap_err(), TokenTextError::Check);
    assert_eq!(TokenText::<Access>::parse(text, &Sum(2)).unwrap_err(), TokenTextError::Check);
    assert_eq!(error(&text[..text.len() - 1]), TokenTextError::Form);
    assert_eq!(error(&format!("{text}A")), TokenTextError::Form);
    assert_eq!(error("mst_at_"), TokenTextError::Form);
    assert_eq!(error(""), TokenTextError::OtherKind);
}

#[test]
fn debug_does_not_show_the_secret() {
    let (token, text) = token();
    let shown = format!("{token:?}");
    assert!(shown.contains("generation 41"));
    assert!(!text.expose().contains(&shown) && !shown.contains(&text.expose()[7..20]));
}

proptest! {
    #[test]
    fn one_changed_character_is_always_refused(at in 7_usize..66, with in "[A-Za-z0-9_-]") {
        let (_, text) = token();
        let mut changed = text.expose().clone();
        changed.replace_range(at..=at, &with);
        if changed != *text.expose() {
            prop_assert!(TokenText::<Access>::parse(&changed, &Sum(1)).is_err());
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(mst_at_)?.{0,80}") {
        prop_assert!(TokenText::<Access>::parse(&text, &Sum(1)).is_err());
    }
}
