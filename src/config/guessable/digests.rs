//! Digests of common words: `echo -n password | sha256sum` looks random, and is guessed first.

use std::{collections::HashSet, sync::LazyLock};

use md5::{Digest as _, Md5};
use sha1_smol::Sha1;
use sha2::{Digest as _, Sha224, Sha256, Sha384, Sha512};

/// How many bytes of a digest are compared. They suffice to identify it, also when it was truncated.
const START: usize = 16;
/// The length of the longest digest.
const MAX_LEN: usize = 64;

/// The words whose digests people use, beside the empty text.
const COMMON: &str = "password secret changeme change-me change_me changeit admin administrator root test \
    tests testing test123 invitation-service invitation_service invitationservice invitation invitations \
    service user guest default demo sample example dummy foo bar foobar hello world helloworld hello-world \
    key mykey my-key secretkey secret-key secret_key my-secret mysecret supersecret super-secret topsecret \
    passphrase passw0rd p@ssw0rd password1 password123 admin123 secret123 letmein welcome qwerty qwertyuiop \
    abc abc123 abcdef a 0 1 12 123 1234 12345 123456 1234567 12345678 123456789 1234567890 0123456789 \
    0123456789abcdef 111111 000000 iloveyou monkey dragon master login access token jwt jwt-secret jwtsecret \
    jwt_secret signing signing-key signingkey auth app api backend server production prod development dev \
    local localhost staging environment company operator charging ev-charging insecure temp temporary null \
    none undefined true false yes no ok";

static STARTS: LazyLock<HashSet<Vec<u8>>> = LazyLock::new(|| {
    let words = COMMON.split_whitespace().chain([""]);
    words.flat_map(spellings).flat_map(|word| digests(word.as_bytes())).collect()
});

/// Whether these bytes are the digest of a common word, or a prefix of one.
pub(super) fn is_of_common_word(bytes: &[u8]) -> bool {
    bytes.len() <= MAX_LEN && bytes.get(..START).is_some_and(|start| STARTS.contains(start))
}

/// The word in the usual cases, each with and without the line break that `echo` adds.
fn spellings(word: &str) -> Vec<String> {
    let mut capital = word.to_owned();
    if let Some(first) = capital.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let cases = [word.to_owned(), capital, word.to_ascii_uppercase()];
    cases.into_iter().flat_map(|word| [format!("{word}\n"), word]).collect()
}

fn digests(word: &[u8]) -> [Vec<u8>; 6] {
    let start = |digest: &[u8]| digest.iter().copied().take(START).collect();
    [
        start(&Md5::digest(word)),
        start(&Sha1::from(word).digest().bytes()),
        start(&Sha224::digest(word)),
        start(&Sha256::digest(word)),
        start(&Sha384::digest(word)),
        start(&Sha512::digest(word)),
    ]
}
