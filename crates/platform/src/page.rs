//! Paging as Pleo's lists have it (facts 7.2): by opaque cursor in the base32 alphabet, or by offset.

/// Rows of a page unless asked otherwise.
pub const DEFAULT_LIMIT: u32 = 20;
/// Most rows of a page.
pub const MAX_LIMIT: u32 = 100;

/// Which part of a list is wanted. Lists are ordered by id, which for what is made here is the order of making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageQuery {
    /// Where the page starts.
    pub position: Position,
    /// How many rows at most, 1 to [`MAX_LIMIT`].
    pub limit: u32,
    /// Largest id first.
    pub descending: bool,
}

impl Default for PageQuery {
    fn default() -> Self {
        Self { position: Position::Start, limit: DEFAULT_LIMIT, descending: false }
    }
}

/// Where a page starts. Pleo's `after`, `before` and `offset` exclude each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// At the beginning.
    Start,
    /// Behind the row with this id.
    After(String),
    /// So that it ends in front of the row with this id.
    Before(String),
    /// That many rows from the beginning.
    Offset(u32),
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows, in order.
    pub rows: Vec<T>,
    /// Whether rows follow.
    pub has_next: bool,
    /// Whether rows precede.
    pub has_previous: bool,
    /// How many rows the whole list has.
    pub total: u64,
}

impl<T> Page<T> {
    /// The same page with other rows.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            rows: self.rows.into_iter().map(change).collect(),
            has_next: self.has_next,
            has_previous: self.has_previous,
            total: self.total,
        }
    }
}

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The cursor that names a row: its id in unpadded base32 (RFC 4648 section 6).
pub fn cursor_of(id: &str) -> String {
    let mut text = String::with_capacity(id.len().div_ceil(5) * 8);
    for chunk in id.as_bytes().chunks(5) {
        let mut group = [0_u8; 8];
        group[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(group);
        for i in 0..(chunk.len() * 8).div_ceil(5) {
            let index = usize::try_from((bits >> (35 - 5 * i)) & 31).expect("five bits");
            text.push(char::from(ALPHABET[index]));
        }
    }
    text
}

/// The id that a cursor names; `None` for a text that is no cursor of ours. No id holds a NUL, which a database may not even look for.
pub fn id_of(cursor: &str) -> Option<String> {
    if cursor.is_empty() || cursor.len() > 256 {
        return None;
    }
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::with_capacity(cursor.len()));
    for character in cursor.bytes() {
        let value = ALPHABET.iter().position(|known| *known == character)?;
        bits = (bits << 5) | u32::try_from(value).expect("below 32");
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xFF).expect("eight bits"));
        }
    }
    let id = String::from_utf8(bytes).ok()?;
    (!id.contains('\0') && cursor_of(&id) == cursor).then_some(id)
}

#[cfg(test)]
mod tests;
