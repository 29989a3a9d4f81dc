use serde_json::Value;

/// How the lines of an entry are read in a system's own form, so that one that does not balance is refused as it would be
/// there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lines {
    /// Where they lie in a document (RFC 6901).
    pub(crate) pointer: &'static str,
    /// How a line says what it adds.
    pub(crate) amount: LineAmount,
}

/// How a line says what it adds: debit positive, credit negative.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LineAmount {
    /// One member with its sign.
    Signed(&'static str),
    /// A member for each side; one of them is enough.
    Sides(&'static str, &'static str),
    /// An amount, and a pointer to the word `Debit` or `Credit`.
    Posting(&'static str, &'static str),
}

/// Why an entry is not booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LinesError {
    #[error("the entry has no lines where they belong")]
    None,
    #[error("a line has no amount, or one with more than two decimals")]
    Amount,
    #[error("debit and credit do not balance")]
    Unbalanced,
}

impl Lines {
    /// Whether the document's lines are there and balance.
    pub(crate) fn check(&self, document: &Value) -> Result<(), LinesError> {
        let lines = document.pointer(self.pointer).and_then(Value::as_array).ok_or(LinesError::None)?;
        if lines.len() < 2 {
            return Err(LinesError::None);
        }
        let mut sum: i64 = 0;
        for line in lines {
            sum =
                sum.checked_add(self.amount.of(line).ok_or(LinesError::Amount)?).ok_or(LinesError::Amount)?;
        }
        if sum == 0 { Ok(()) } else { Err(LinesError::Unbalanced) }
    }
}

impl LineAmount {
    fn of(self, line: &Value) -> Option<i64> {
        match self {
            Self::Signed(member) => minor_units(line.get(member)?),
            Self::Sides(debit, credit) => {
                let side = |member| line.get(member).filter(|value| !value.is_null()).map(minor_units);
                match (side(debit), side(credit)) {
                    (None, None) => None,
                    (debit, credit) => debit.unwrap_or(Some(0))?.checked_sub(credit.unwrap_or(Some(0))?),
                }
            }
            Self::Posting(amount, posting) => {
                let amount = minor_units(line.get(amount)?)?;
                match line.pointer(posting)?.as_str()? {
                    "Debit" | "DEBIT" => Some(amount),
                    "Credit" | "CREDIT" => amount.checked_neg(),
                    _ => None,
                }
            }
        }
    }
}

/// A decimal number as hundredths, without going through binary fractions.
fn minor_units(value: &Value) -> Option<i64> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    let (negative, digits) = text.strip_prefix('-').map_or((false, text.as_str()), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    if whole.is_empty() || fraction.len() > 2 || !digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let hundredths = format!("{whole}{fraction:0<2}").parse::<i64>().ok()?;
    Some(if negative { -hundredths } else { hundredths })
}

#[cfg(test)]
mod tests;
