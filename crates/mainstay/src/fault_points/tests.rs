use super::*;

#[test]
fn a_point_is_a_step_an_act_and_an_occasion() {
    let point = strike("after-answer:kill").unwrap();
    assert_eq!(point, StrikePoint { step: Step::AfterAnswer, act: Act::Kill, occasion: 1 });
    let point = strike("before-commit:stop:3").unwrap();
    assert_eq!(point, StrikePoint { step: Step::BeforeCommit, act: Act::Stop, occasion: 3 });
    for wrong in
        ["", "after", "after-answer", "after-answer:pause", "after-answer:kill:0", "after-answer:kill:1:1"]
    {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_point_waits_for_its_own_step_and_occasion() {
    let strike = Strike { point: strike("after-spill:stop:3").unwrap(), left: AtomicU32::new(3) };
    assert!(strike.waits_at(Step::AfterSpill) && !strike.waits_at(Step::AfterAnswer));
    strike.reached(Step::AfterAnswer);
    strike.reached(Step::AfterSpill);
    strike.reached(Step::AfterSpill);
    assert!(strike.waits_at(Step::AfterSpill), "the third time is the one");
}

#[test]
fn a_store_is_slowed_by_milliseconds() {
    let slow = parse("slow-store:2").unwrap();
    assert_eq!(slow.slows_store_by(), Some(Duration::from_millis(2)));
    assert_eq!(parse("after-spill:stop").unwrap().slows_store_by(), None);
    for wrong in ["slow-store", "slow-store:", "slow-store:0", "slow-store:1001", "slow-store:2:kill"] {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
}
