use base64::{Engine, engine::general_purpose as form};
use proptest::prelude::*;

use super::*;
use crate::domain::token::hex;

#[test]
fn bytes_in_some_order_are_no_key() {
    let bytes: [u8; 32] = std::array::from_fn(|place| u8::try_from(place).unwrap());
    let (up, down, threes) =
        (bytes, bytes.map(|byte| 255 - byte), bytes.map(|byte| byte.wrapping_mul(3).wrapping_add(7)));
    let halves: [u8; 32] = std::array::from_fn(|place| if place < 16 { 0x5a } else { 0xc3 });
    for bytes in [up, down, threes, halves, [0; 32]] {
        for key in [
            hex(&bytes),
            hex(&bytes).to_uppercase(),
            form::STANDARD.encode(bytes),
            form::URL_SAFE_NO_PAD.encode(bytes),
        ] {
            assert!(is_guessable(&key), "{key}");
        }
    }
    for key in [
        "00112233445566778899aabbccddeeff",
        "ffeeddccbbaa99887766554433221100",
        "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        "0123456789abcdeffedcba9876543210",
        "a1b2c3d4e5f60718293a4b5c6d7e8f90",
        "a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6",
        "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff",
        "0x000102030405060708090a0b0c0d0e0f",
        "00010203-0405-0607-0809-0a0b0c0d0e0f",
        "deadbeefcafebabedeadbeefcafebabe",
        "zyxwvutsrqponmlkjihgfedcba987654",
        "3.14159265358979323846264338327950",
        "2b7e151628aed2a6abf7158809cf4f3c",
        "123e4567-e89b-12d3-a456-426614174000",
        "550E8400-E29B-41D4-A716-446655440000",
        "<generate with openssl rand -hex 32>",
        "$(openssl rand -hex 32)$(openssl rand -hex 32)",
        "`head -c 32 /dev/urandom | base64`",
    ] {
        assert!(is_guessable(key), "{key}");
    }
}

#[test]
fn another_form_of_a_guessable_text_is_no_key() {
    for text in [
        "0123456789abcdef",
        "0123456789abcdef0123456789abcdef",
        "passwordpassword",
        "change-me-before-production",
        "invitation-service-signing-key",
        "the quick brown fox jumps over it",
        "aaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        let once = [
            hex(text.as_bytes()),
            form::STANDARD.encode(text),
            form::URL_SAFE_NO_PAD.encode(format!("{text}\n")),
        ];
        for once in once.into_iter().filter(|key| key.len() >= 32) {
            let twice = [hex(once.as_bytes()), form::STANDARD.encode(&once)];
            for key in twice.iter().chain([&once]) {
                assert!(is_guessable(key), "{text}: {key}");
            }
        }
    }
}

/// As `md5sum`, `sha1sum`, `sha256sum` and `sha512sum` print them.
#[test]
fn digests_of_common_words_are_no_key() {
    for key in [
        "d41d8cd98f00b204e9800998ecf8427e",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "5F4DCC3B5AA765D61D8327DEB882CF99",
        "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
        "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",
        "5e884898da28047151d0e56f8dc62927",
        "21232f297a57a5a743894a0e4a801fc3",
        "098f6bcd4621d373cade4e832627b4f6",
        "XohImNooBHFR0OVvjcYpJ3NgPQ1qq73WKhHvch0VQtg=",
        "XohImNooBHFR0OVvjcYpJ3NgPQ1qq73WKhHvch0VQtg",
    ] {
        assert!(is_guessable(key), "{key}");
    }
    for word in ["", "secret", "changeme", "Admin", "test\n", "invitation-service", "TOKEN\n"] {
        let sha512 = <sha2::Sha512 as sha2::Digest>::digest(word);
        for key in [hex(&sha512), form::STANDARD.encode(sha512), form::STANDARD.encode(hex(&sha512))] {
            assert!(is_guessable(&key), "{word}: {key}");
        }
    }
}

#[test]
fn what_is_said_of_keys_is_no_key() {
    for key in [
        "invitation-service-invitation-service",
        "development-only-key-do-not-use-in-production",
        "jwt-signing-key-for-local-environment",
        "ThisIsMySigningKeyForProductionUse2024",
        "2026-11-28T22:00:00Z2026-11-28T22:00",
        "2026-11-28 22:00:00 28.11.2026 22:00",
        "local_development_token_signing_key_01",
        "dummy-key-for-the-staging-environment!",
        "THIS IS THE PRODUCTION KEY OF OUR SERVICE",
        "my-t0k3n-s1gn1ng-k3y-f0r-pr0duct10n",
        "InvitationServiceProductionKey20261128",
        "this-key-must-be-at-least-32-characters-long",
        "production-production-production-production-production",
    ] {
        assert!(is_guessable(key), "{key}");
    }
    for key in [
        "a key for tests that nobody else has",
        "a key for benchmarks alone, never for anything else",
        "a key for attacks that nobody else has",
        "another key, which this server does not have",
        "the root of all keys is buried under an oak",
        "gravel otter lantern mosaic thimble quartz",
        "46285739105837264910583726491058",
    ] {
        assert!(!is_guessable(key), "{key}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// All output of `openssl rand` is a valid key, in each form, from 16 bytes in hexadecimal on.
    #[test]
    fn what_chance_made_is_a_key(bytes in any::<[u8; 64]>()) {
        for length in [16, 24, 32, 48, 64] {
            let bytes = &bytes[..length];
            let forms = [hex(bytes), form::STANDARD.encode(bytes), form::URL_SAFE_NO_PAD.encode(bytes)];
            for key in forms.iter().filter(|key| key.len() >= 32) {
                prop_assert!(!is_guessable(key), "{}", key);
            }
        }
    }

    #[test]
    fn random_letters_and_digits_are_a_key(text in "[a-zA-Z0-9]{32,64}", digits in "[0-9]{40}") {
        prop_assert!(!is_guessable(&text), "{}", text);
        prop_assert!(!is_guessable(&digits), "{}", digits);
    }
}
