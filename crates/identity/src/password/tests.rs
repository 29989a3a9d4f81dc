use base::testing::SeededEntropy;

use super::*;

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn hasher(cost: Cost) -> Hasher {
    Hasher::new(cost, Arc::new(SeededEntropy::new(1)))
}

#[tokio::test]
async fn a_password_fits_its_own_hash_alone() {
    let hasher = hasher(Cost::LEAST);
    let hash = hasher.hash(&secret("correct horse")).await.unwrap();
    for (password, fits) in
        [("correct horse", true), ("correct hors", false), ("correct horse ", false), ("", false)]
    {
        assert_eq!(hasher.verify(&secret(password), Some(hash.clone())).await.unwrap(), fits, "{password:?}");
    }
    assert!(!hasher.verify(&secret("correct horse"), None).await.unwrap());
    assert_ne!(hash, hasher.hash(&secret("correct horse")).await.unwrap(), "each has a salt of its own");
}

#[test]
fn it_is_argon2id_as_others_compute_it() {
    // Checked against the crate's own PHC implementation, which this module does without.
    let hash = PasswordHash::compute("password", Cost { memory_kib: 64, passes: 3 }, *b"0123456789abcdef");
    let params = Params::new(64, 3, 1, Some(32)).unwrap();
    let mut expected = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(b"password", b"0123456789abcdef", &mut expected)
        .unwrap();
    assert_eq!(hash.hash, expected);
    assert!(hash.to_phc().starts_with("$argon2id$v=19$m=64,t=3,p=1$MDEyMzQ1Njc4OWFiY2RlZg$"));
}

#[test]
fn the_stored_text_reads_back_and_nothing_else_does() {
    let hash = PasswordHash::compute("password", Cost::LEAST, [7; 16]);
    let text = hash.to_phc();
    assert_eq!(text.parse::<PasswordHash>().unwrap(), hash);
    for damaged in [
        "",
        "$2b$12$abcdefghijklmnopqrstuv",
        &text.replace("argon2id", "argon2i"),
        &text.replace("v=19", "v=16"),
        &text.replace("m=8", "m=7"),
        &text.replace("m=8", "m=4294967295"),
        &text.replace("t=1", "t=0"),
        &text.replace("t=1", "t=1000000"),
        &text.replace("p=1", "p=2"),
        &text[..text.len() - 4],
        &format!("{text}$x"),
    ] {
        assert!(damaged.parse::<PasswordHash>().is_err(), "{damaged}");
    }
    assert_eq!(format!("{hash:?}"), "PasswordHash(..)");
}

#[tokio::test]
async fn the_crowd_that_waits_is_bounded() {
    let hasher = hasher(Cost::LEAST);
    let places = hasher.waiting.try_acquire_many(u32::try_from(AT_ONCE + WAITING).unwrap()).unwrap();
    assert_eq!(hasher.hash(&secret("password")).await, Err(Busy));
    drop(places);
    hasher.hash(&secret("password")).await.unwrap();
}

#[tokio::test]
async fn the_memory_of_a_hash_goes_back_to_the_system() {
    let resident_kib = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    };
    let hasher = hasher(Cost::DEFAULT);
    let password = secret("password");
    let before = resident_kib();
    for _ in 0..4 {
        let (a, b) = tokio::join!(hasher.hash(&password), hasher.verify(&password, None));
        a.unwrap();
        b.unwrap();
    }
    let grown = resident_kib().saturating_sub(before);
    assert!(grown < 12 * 1024, "{grown} KiB stayed after hashes of 19 MiB each");
}
