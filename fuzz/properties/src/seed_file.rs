use platform::Seed;

use crate::text;

/// A seed file: read, or refused with a line of the file and a sentence.
pub fn seed_file(data: &[u8]) {
    let Some(text) = text(data) else { return };
    if let Err(error) = Seed::parse(text) {
        assert!(
            (1..=text.lines().count().max(1) + 1).contains(&error.line),
            "line {} of {text:?}",
            error.line
        );
        assert!(!error.message.is_empty());
    }
}
