//! Letters and the page speak by the system's time zones where there are some, and by the program's own where
//! there are none.

use std::{fs, path::Path};

use crate::support::{Backend, TestApp, on_each};

/// A compiled zone (TZif, RFC 9636) without changes: 5:45 ahead of universal time, called NEW.
fn made_up() -> Vec<u8> {
    let mut block = b"TZif2".to_vec();
    block.extend([0; 15]);
    // No leap seconds and no changes; one type, and its name.
    block.extend([0_u32, 0, 0, 0, 1, 4].into_iter().flat_map(u32::to_be_bytes));
    block.extend((345_i32 * 60).to_be_bytes());
    block.extend(*b"\0\0NEW\0");
    [block.as_slice(), block.as_slice(), b"\nNEW-5:45\n"].concat()
}

/// The page and the letter of an invitation that was sent at noon of 24 November 2026.
async fn page_and_letter(backend: Backend, folder: &Path) -> (String, String) {
    let app =
        TestApp::start(backend, &[("TIME_ZONE", "Europe/Amsterdam"), ("TZDIR", folder.to_str().unwrap())])
            .await;
    let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
    let page = app.anonymous().get(&format!("/activate?token={}", mail.token)).await.expect(200).text;
    (page, mail.text)
}

on_each! {
    async fn the_system_s_rules_where_there_are_some(backend: Backend) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("Europe")).unwrap();
        fs::write(folder.path().join("Europe/Amsterdam"), made_up()).unwrap();
        let (page, letter) = page_and_letter(backend, folder.path()).await;
        assert!(page.contains("Wednesday 25 November 2026, 17:45 NEW"), "{page}");
        assert!(letter.contains("17:45 (NEW)"), "{letter}");
    }

    async fn the_program_s_own_where_there_are_none(backend: Backend) {
        let (page, letter) = page_and_letter(backend, Path::new("/nowhere/zoneinfo")).await;
        assert!(page.contains("Wednesday 25 November 2026, 13:00 CET"), "{page}");
        assert!(letter.contains("13:00 (CET)"), "{letter}");
    }
}
