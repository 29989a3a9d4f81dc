use super::*;

#[test]
fn a_company_has_a_limit_of_its_own_and_others_do_not_notice() {
    let limits = ApiLimits::new(3, 5);
    let now = Duration::from_secs(100);
    let company = |number: u128| Subject::Company(crate::CompanyId::from_uuid(Uuid::from_u128(number)));
    let call = |credential: u128, of: u128| limits.admit(Uuid::from_u128(credential), company(of), now);
    for _ in 0..3 {
        assert_eq!(call(1, 1), Ok(()));
    }
    assert_eq!(call(1, 1), Err(WINDOW), "its own limit");
    for _ in 0..2 {
        assert_eq!(call(2, 1), Ok(()), "what was refused did not count for the company");
    }
    assert_eq!(call(3, 1), Err(WINDOW), "the company's");
    assert_eq!(call(4, 2), Ok(()));
}
