//! Names that people see when they are asked for consent. A name says who asks, so one that is read as somebody else's is
//! refused (UTS #39 gives the look-alikes).

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use unicode_security::MixedScript;
use unicode_security::confusable_detection::skeleton;

use super::MAX_NAME;

/// Whether a name may be shown; why not, otherwise.
pub(super) fn check(name: &str, protected: &[String]) -> Result<(), String> {
    let count = name.chars().count();
    if count == 0 || name.trim().is_empty() {
        return Err("people see it when they are asked for consent, so it cannot be empty".to_owned());
    }
    if count > MAX_NAME {
        return Err(format!("it has at most {MAX_NAME} characters"));
    }
    if name.chars().any(is_unseen) {
        return Err("it has characters that cannot be seen or that turn the direction of reading".to_owned());
    }
    if name.trim() != name || name.contains("  ") {
        return Err("it neither begins nor ends with a space, and has no two in a row".to_owned());
    }
    if !name.chars().any(char::is_alphanumeric) {
        return Err("it has a letter or digit at least".to_owned());
    }
    if let Some(brand) = protected.iter().find(|brand| imitates(name, brand)) {
        return Err(format!(
            "it is the integration's own brand, and has nothing in it that reads as '{brand}'"
        ));
    }
    if !name.split(|c: char| !c.is_alphanumeric()).all(MixedScript::is_single_script) {
        return Err("a word of it mixes letters of different alphabets, which look alike".to_owned());
    }
    Ok(())
}

/// Characters that take no room, or move what stands around them, and spaces other than the usual one.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(u32::from(c),
            0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F
            | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0x2800 | 0x3164
            | 0xE000..=0xF8FF | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB
            | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF | 0xF0000..)
}

/// Whether a name reads as `brand`, a word in lower-case ASCII: within one of its words, or spelled out over several.
fn imitates(name: &str, brand: &str) -> bool {
    [fold(name), fold(&name.to_lowercase())].into_iter().any(|folded| {
        let words: Vec<&str> =
            folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let within = words.iter().any(|word| word.contains(brand));
        within || spelled_out(&words, brand)
    })
}

/// Whether some words in a row make exactly the brand: `Pl eo`, `P.l.e.o sync`. Not its letters anywhere, or `Example One`
/// would be one.
fn spelled_out(words: &[&str], brand: &str) -> bool {
    (0..words.len()).any(|from| {
        let mut joined = String::new();
        words[from..].iter().any(|word| {
            joined.push_str(word);
            joined == brand
        })
    })
}

/// What is left of a text when all that looks alike is made the same: compatibility forms, look-alikes, accents, digits for
/// letters, case.
fn fold(text: &str) -> String {
    let compatible: String = text.nfkc().collect();
    let alike: String = skeleton(&compatible).collect();
    let plain = alike.nfd().filter(|c| !is_combining_mark(*c));
    plain
        .map(|c| match c {
            '3' | '€' => 'e',
            '0' => 'o',
            '1' | '|' | '!' | '¡' => 'l',
            other => other,
        })
        .collect::<String>()
        .to_lowercase()
}
