use super::*;

fn spec() -> ClientSpec {
    let metadata = ClientMetadata {
        name: "Example".to_owned(),
        redirect_uris: vec!["https://a.example/cb".to_owned()],
        scopes: vec!["a".to_owned(), "b".to_owned()],
        ..ClientMetadata::default()
    };
    metadata.applied_to(ClientSpec::confidential("c", ""))
}

#[test]
fn metadata_and_settings_say_the_same() {
    let spec = spec();
    assert_eq!(ClientMetadata::of(&spec).applied_to(ClientSpec::confidential("c", "other")), spec);
    let public = ClientMetadata { public: true, ..ClientMetadata::default() };
    let made = public.applied_to(ClientSpec::public("p", ""));
    assert_eq!(made.auth_methods, BTreeSet::from([ClientAuthMethod::None]));
}

#[test]
fn each_of_the_metadata_takes_effect_over_what_was_before() {
    let metadata = ClientMetadata {
        pkce: PkceRule::Optional,
        auth_methods: [ClientAuthMethod::ClientSecretPost].into(),
        subject_type: Some("organisation".to_owned()),
        ..ClientMetadata::of(&spec())
    };
    let made = metadata.applied_to(spec());
    assert_eq!((made.public, made.pkce), (false, PkceRule::Optional));
    assert_eq!(made.auth_methods, metadata.auth_methods);
    assert_eq!(made.subject_type, metadata.subject_type);
    let public = ClientMetadata { public: true, pkce: PkceRule::Required, ..metadata };
    assert!(public.applied_to(made.clone()).public);
    assert_eq!(public.applied_to(made).pkce, PkceRule::Required);
}

#[test]
fn what_people_were_told_at_review_is_reviewed_again_and_nothing_else() {
    let before = spec();
    let with = |change: fn(&mut ClientSpec)| {
        let mut after = spec();
        change(&mut after);
        needs_review(&before, &after)
    };
    assert!(with(|spec| spec.name = "Other".to_owned()));
    assert!(with(|spec| spec.redirect_uris = vec!["https://b.example/cb".parse().unwrap()]));
    assert!(with(|spec| spec.scope = "a b c".parse().unwrap()));
    assert!(with(|spec| spec.presentation.logo_uri = Some("https://b.example/logo".to_owned())));
    assert!(with(|spec| spec.presentation.initiation_uri = Some("https://b.example/".to_owned())));
    assert!(with(|spec| spec.subject_type = Some("organisation".to_owned())));
    assert!(!with(|spec| spec.scope = "a".parse().unwrap()), "less is not more");
    assert!(!with(|spec| spec.presentation.contacts = vec!["x@a.example".to_owned()]));
    assert!(!with(|_| {}));
}

#[test]
fn a_change_brings_nobody_back_who_was_stopped() {
    use ClientState::{Approved, AwaitingReview, ChangeAwaitingReview, Declined, Removed, Suspended};
    for (before, with_review, without) in [
        (Approved, ChangeAwaitingReview, Approved),
        (AwaitingReview, AwaitingReview, AwaitingReview),
        (ChangeAwaitingReview, ChangeAwaitingReview, ChangeAwaitingReview),
        (Declined, AwaitingReview, AwaitingReview),
        (Suspended, Suspended, Suspended),
        (Removed, Removed, Removed),
    ] {
        assert_eq!(state_after_change(before, true), with_review, "{before:?}");
        assert_eq!(state_after_change(before, false), without, "{before:?}");
    }
}
