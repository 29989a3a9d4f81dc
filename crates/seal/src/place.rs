/// Where a sealed value lives. It opens in no other place: not in another row, not in another column, and not as another
/// generation of the same value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    table: &'static str,
    row: String,
    column: &'static str,
    generation: u64,
}

impl Place {
    /// The place of `column` of the row `row` (its id as text) in `table`, at `generation`; 0 where values have none.
    #[expect(clippy::needless_pass_by_value, reason = "ids are Copy, and a reference fits as well")]
    pub fn new(table: &'static str, row: impl ToString, column: &'static str, generation: u64) -> Self {
        Self { table, row: row.to_string(), column, generation }
    }

    /// The associated data. Each part is preceded by its length, so that no two places give the same bytes.
    pub(crate) fn associated_data(&self) -> Vec<u8> {
        let mut bytes = b"mainstay sealed value 1".to_vec();
        for part in [self.table, &self.row, self.column] {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes.extend_from_slice(&self.generation.to_be_bytes());
        bytes
    }
}
