use platform::Company;

use crate::shared::country_name;

/// What tells a company from another one of the same name: "Netherlands · No. 12345678".
pub(super) fn told_apart(company: &Company) -> String {
    let number = company.registration_number.as_ref().map(|number| format!(" · No. {number}"));
    format!("{}{}", country_name(&company.country), number.unwrap_or_default())
}

/// A company with that, in a sentence: "Love Crème BV (Netherlands · No. 12345678)".
pub(super) fn named_apart(company: &Company) -> String {
    format!("{} ({})", company.name, told_apart(company))
}
