use std::os::unix::fs::PermissionsExt as _;

use base::testing::SeededEntropy;

use super::*;

struct Place {
    _directory: tempfile::TempDir,
    path: PathBuf,
}

fn place() -> Place {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys").join("connect.keys");
    Place { _directory: directory, path }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn created(place: &Place) -> KeyRing {
    KeyRing::open_or_create(&place.path, true, &SeededEntropy::new(1)).unwrap()
}

fn same(a: &KeyRing, b: &KeyRing) -> bool {
    let keys =
        |ring: &KeyRing| ring.keys().iter().map(|(id, key)| (id.clone(), *key.expose())).collect::<Vec<_>>();
    a.primary() == b.primary() && keys(a) == keys(b)
}

#[test]
fn an_empty_place_gets_a_file_that_nobody_else_can_read() {
    let place = place();
    let ring = created(&place);
    assert_eq!((mode(&place.path), mode(place.path.parent().unwrap())), (0o600, 0o700));
    // From now on it is only read, whatever the database holds.
    for database_is_empty in [true, false] {
        let again = KeyRing::open_or_create(&place.path, database_is_empty, &SeededEntropy::new(2)).unwrap();
        assert!(same(&ring, &again));
    }
    let left = fs::read_dir(place.path.parent().unwrap()).unwrap().count();
    assert_eq!(left, 1, "no temporary file stays");
}

#[test]
fn a_database_with_data_gets_no_new_key() {
    let place = place();
    let error = KeyRing::open_or_create(&place.path, false, &SeededEntropy::new(1)).unwrap_err();
    assert_eq!(error, KeyFileError::Missing { path: place.path.clone() });
    assert!(!place.path.exists());
    let text = error.to_string();
    assert!(text.contains("connect.keys is missing") && text.contains("put the file back"), "{text}");
    assert_eq!(KeyRing::open(&place.path).unwrap_err(), error);
}

#[test]
fn who_comes_second_takes_what_the_first_made() {
    let place = place();
    let first = created(&place);
    let second = KeyRing::generate(&SeededEntropy::new(2));
    assert!(!create(&place.path, &second).unwrap());
    assert!(same(&read(&place.path).unwrap(), &first));
}

#[test]
fn many_that_start_at_once_agree() {
    for round in 0..20 {
        let place = place();
        let path = &place.path;
        let barrier = std::sync::Barrier::new(8);
        let start = |seed| {
            barrier.wait();
            KeyRing::open_or_create(path, true, &SeededEntropy::new(seed)).unwrap()
        };
        let rings: Vec<_> = std::thread::scope(|scope| {
            let start = &start;
            let starts: Vec<_> = (0..8).map(|i| scope.spawn(move || start(100 * round + i))).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        assert!(rings.iter().all(|ring| same(ring, &rings[0])));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}

#[test]
fn a_changed_ring_replaces_the_file() {
    let place = place();
    let mut ring = created(&place);
    let second = ring.add(&SeededEntropy::new(2));
    ring.make_primary(&second).unwrap();
    ring.save(&place.path).unwrap();
    assert!(same(&KeyRing::open(&place.path).unwrap(), &ring));
    assert_eq!(mode(&place.path), 0o600);
}

#[test]
fn a_file_open_to_others_is_refused() {
    let place = place();
    created(&place);
    for mode in [0o640, 0o604, 0o660, 0o601] {
        set_mode(&place.path, mode);
        let text = read(&place.path).unwrap_err().to_string();
        assert!(text.contains(&format!("mode {mode:04o}")) && text.contains("chmod 600"), "{text}");
    }
    set_mode(&place.path, 0o400);
    read(&place.path).unwrap();
    set_mode(place.path.parent().unwrap(), 0o770);
    let text = read(&place.path).unwrap_err().to_string();
    assert!(text.contains("chmod 700") && !text.contains("connect.keys"), "{text}");
}

#[test]
fn another_users_file_is_refused() {
    let place = place();
    created(&place);
    // Only root can give a file away; for anyone else there is nothing to be seen here.
    if std::os::unix::fs::chown(&place.path, Some(4242), None).is_err() {
        assert!(!rustix::process::geteuid().is_root());
        return;
    }
    let text = read(&place.path).unwrap_err().to_string();
    assert!(text.contains("belongs to user 4242") && text.contains("chown 0"), "{text}");
}

#[test]
fn a_damaged_file_is_refused_with_its_line_and_without_its_content() {
    let place = place();
    let ring = created(&place);
    let text = fs::read_to_string(&place.path).unwrap();
    let key_line = text.lines().position(|line| line.starts_with("key ")).unwrap();
    let secret = text.lines().nth(key_line).unwrap().split(' ').nth(2).unwrap().to_owned();
    let flipped =
        if secret.starts_with('A') { secret.replacen('A', "B", 1) } else { format!("A{}", &secret[1..]) };
    let other_id = ring.primary().as_str().replace("kek_", "kex_");
    let cases = [
        (text.replace(&secret, &flipped), "line 5", "check characters"),
        (text.replace(&secret, &secret[..20]), "line 5", "32 bytes"),
        (text.replace("mainstay-keys 1", "something else"), "line 1", "first line"),
        (String::new(), "line 1", "first line"),
        (text.replace("primary ", "# "), "line 5", "no line names the primary"),
        (
            text.replace(&format!("primary {}", ring.primary()), &format!("primary {other_id}")),
            "line 5",
            "not among the keys",
        ),
        (format!("{text}{}\n", text.lines().nth(key_line).unwrap()), "line 6", "twice"),
        (format!("{text}surprise\n"), "line 6", "a line is"),
        (format!("{text}primary {other_id}\n"), "line 6", "second primary"),
        (text.replace("key kek_", "key KEK_"), "line 5", "the id"),
    ];
    for (damaged, line, what) in cases {
        fs::write(&place.path, &damaged).unwrap();
        let error = KeyRing::open_or_create(&place.path, true, &SeededEntropy::new(9)).unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains(line) && message.contains(what) && message.contains("connect.keys"),
            "{message}"
        );
        assert!(!format!("{message}{error:?}").contains(&secret[4..16]), "{message}");
        assert_eq!(fs::read_to_string(&place.path).unwrap(), damaged, "what is there is never overwritten");
    }
    fs::write(&place.path, text.replace("keys 1", "keys 2")).unwrap();
    assert!(matches!(read(&place.path), Err(KeyFileError::UnknownFormat { .. })));
    fs::write(&place.path, [0xff; 40]).unwrap();
    assert!(matches!(read(&place.path), Err(KeyFileError::Malformed { .. })));
    fs::write(&place.path, vec![b'#'; 100_000]).unwrap();
    assert!(matches!(read(&place.path), Err(KeyFileError::Malformed { .. })));
}

#[test]
fn a_directory_in_its_place_is_refused() {
    let place = place();
    fs::create_dir_all(&place.path).unwrap();
    assert!(KeyRing::open_or_create(&place.path, true, &SeededEntropy::new(1)).is_err());
}
