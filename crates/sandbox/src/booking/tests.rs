use serde_json::json;

use super::*;

#[test]
fn decimals_become_hundredths_exactly() {
    for (value, wanted) in [
        (json!(12), Some(1200)),
        (json!(0.1), Some(10)),
        (json!(-19.99), Some(-1999)),
        (json!("7.50"), Some(750)),
        (json!("7.500"), Some(750)),
        (json!(1.005), None),
        (json!("1e3"), None),
        (json!(""), None),
        (json!(null), None),
    ] {
        assert_eq!(minor_units(&value), wanted, "{value}");
    }
}

#[test]
fn entries_must_balance_in_each_form() {
    let signed = Lines { pointer: "/JournalLines", amount: LineAmount::Signed("LineAmount") };
    assert_eq!(signed.check(&json!({"JournalLines": [{"LineAmount": 10.5}, {"LineAmount": -10.5}]})), Ok(()));
    assert_eq!(
        signed.check(&json!({"JournalLines": [{"LineAmount": 10.5}, {"LineAmount": -10}]})),
        Err(LinesError::Unbalanced)
    );
    assert_eq!(signed.check(&json!({"JournalLines": [{"LineAmount": 0}]})), Err(LinesError::None));
    assert_eq!(signed.check(&json!({})), Err(LinesError::None));
    let sides = Lines { pointer: "/Voucher/VoucherRows", amount: LineAmount::Sides("Debit", "Credit") };
    assert_eq!(
        sides.check(&json!({"Voucher": {"VoucherRows": [{"Debit": 5}, {"Credit": 5, "Debit": null}]}})),
        Ok(())
    );
    assert_eq!(
        sides.check(&json!({"Voucher": {"VoucherRows": [{"Debit": 5}, {"Account": 1}]}})),
        Err(LinesError::Amount)
    );
    let posting = Lines { pointer: "/Line", amount: LineAmount::Posting("Amount", "/Detail/PostingType") };
    let line = |side: &str| json!({"Amount": 3, "Detail": {"PostingType": side}});
    assert_eq!(posting.check(&json!({"Line": [line("Debit"), line("Credit")]})), Ok(()));
    assert_eq!(posting.check(&json!({"Line": [line("Debit"), line("Debit")]})), Err(LinesError::Unbalanced));
    assert_eq!(posting.check(&json!({"Line": [line("Debit"), line("Both")]})), Err(LinesError::Amount));
}
