use super::*;

#[test]
fn a_key_is_made_once_and_for_its_owner_alone() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("data/secret.key");
    assert!(matches!(read(&path), Err(SecretError::Missing(_))));
    make(&path).unwrap();
    let key = fs::read_to_string(&path).unwrap();
    assert_eq!(key.trim().len(), 64);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    make(&path).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), key);
}

#[test]
fn what_can_be_guessed_is_no_key() {
    for guessable in [
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "abababababababababababababababab",
        "12345678901234567890123456789012",
        "0123456789abcdef0123456789abcdef",
        "0123456789012345678901234567890123456789",
        "abcdefghijklmnopqrstuvwxyz012345",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ123456",
        "qwertyuiopasdfghjklzxcvbnm123456",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9",
        "aaaaaaaabbbbbbbbccccccccdddddddd",
        "00000000-0000-0000-0000-000000000000",
        "deadbeefdeadbeefdeadbeefdeadbeef",
        "passwordpasswordpasswordpassword",
        "Password123!Password123!Password123!",
        "password1password2password3password4",
        "changemechangemechangemechangeme",
        "CHANGE-ME-change-me-CHANGE-ME-now",
        "please-change-this-key-before-production!",
        "your-256-bit-secret-your-256-bit-secret",
        "my-super-secret-key-for-production!!",
        "invitation-service-secret-key-2026",
        "letmeinletmeinletmeinletmeinletmein",
        "the quick brown fox jumps over the lazy dog",
        "replace_me_replace_me_replace_me_1",
        "correct horse battery staple and then some",
        "Lorem ipsum dolor sit amet, consectetur",
        "20260101202601012026010120260101",
        "                                                                x",
    ] {
        assert!(weakness(guessable).is_some(), "{guessable}");
    }
    for good in [
        "1c7be20d94a6f3508e6b17d2c49f0a63d85ef7021b9c43ae60d81f5279ba34ce",
        "hX3k9QmZ0pLw7vR2tYb8nUc5eJf1sGdA",
        "lGS4yZ0m2r+7Yc1uVxk/9Q3dJwAeT5oNfHb8Pp6iRsE=",
        "c9a646d3-9c61-4cb7-bfcd-ee2522c8f633",
        "a key for tests that nobody else has",
        "46285739105837264910583726491058",
        "gravel otter lantern mosaic thimble quartz",
    ] {
        assert_eq!(weakness(good), None, "{good}");
    }
    assert_eq!(weakness("short").as_deref(), Some("has 5 bytes and needs at least 32"));
    // A long key must be checked quickly.
    assert!(weakness(&"1c7be20d94a6f3508e6b17d2c49f0a63".repeat(3000)).is_some(), "a piece that is repeated");
}

#[test]
fn a_made_key_is_never_guessable() {
    for _ in 0..50 {
        let key: [u8; 32] = rand::random();
        assert_eq!(weakness(&hex(&key)), None, "{}", hex(&key));
    }
}

#[test]
fn what_a_crash_left_is_cleared_away() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("secret.key");
    fs::write(home.path().join(format!("1{DRAFT}")), "half a k").unwrap();
    make(&path).unwrap();
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
}
