//! What holds on every page, whatever it shows.

mod accessible;
mod fixture;
mod form;
mod names;
mod notice;

use base64::{Engine, engine::general_purpose::STANDARD};
use fixture::{TOKEN, attributes, between, error, every_screen, page, requires};
use sha2::{Digest, Sha256};

use super::*;
use crate::domain::activation::{Requires, SignInWith};

#[test]
fn every_screen_renders_in_every_language_without_a_gap() {
    let bodies = Locale::ALL.map(|locale| {
        every_screen()
            .into_iter()
            .map(|(name, screen)| {
                let html = page(&screen, locale);
                assert!(html.contains(&format!("<html lang=\"{}\">", locale.as_str())), "{name}");
                assert!(!between(&html, "<title>", "</title>")[0].trim().is_empty(), "{name}");
                let body = html.split_once("</style>").unwrap().1.to_owned();
                assert!(!body.contains(['{', '}']), "{name} has an unfilled slot: {body}");
                body
            })
            .collect::<Vec<String>>()
    });
    let [english, others @ ..] = bodies;
    for other in others {
        assert!(english.iter().zip(&other).all(|(english, other)| english != other));
    }
}

#[test]
fn nothing_is_loaded_run_or_linked_from_elsewhere() {
    for (name, screen) in every_screen() {
        let html = page(&screen, Locale::En);
        for banned in ["<script", "http://", "https://", "<img", "<link", " style=", " onclick=", "url("] {
            assert!(!html.contains(banned), "{name} contains {banned}");
        }
    }
}

#[test]
fn the_policy_names_the_style_sheet_of_the_page_by_its_hash() {
    let pages = Pages::new("").unwrap();
    let html = pages.render(&Screen::Form(fixture::form()), Locale::En).unwrap();
    let styles = between(&html, "<style>", "</style>");
    let hash = STANDARD.encode(Sha256::digest(styles[0]));
    assert_eq!(styles.len(), 1);
    let policy = pages.content_security_policy();
    assert!(policy.contains(&format!("style-src 'sha256-{hash}';")), "{policy}");
    assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("script-src"), "{policy}");
}

#[test]
fn the_token_is_in_hidden_fields_alone() {
    let hidden = format!("<input type=\"hidden\" name=\"token\" value=\"{TOKEN}\">");
    for (name, screen) in every_screen() {
        let html = page(&screen, Locale::En);
        assert_eq!(html.matches(TOKEN).count(), html.matches(&hidden).count(), "{name}");
    }
    assert_eq!(page(&Screen::Form(fixture::form()), Locale::En).matches(TOKEN).count(), 1);
}

#[test]
fn what_people_typed_is_escaped_wherever_it_appears() {
    let evil = "\"><script>alert('{account}')</script>";
    let mut form = fixture::form();
    form.requires = Requires { account_name: true, ..requires(true) };
    form.inviter = Inviter { name: evil, organisation: evil };
    form.account = Some(Account {
        name: Some(evil),
        parent_name: Some(evil),
        used_by: Some(evil),
        account_type: Some(evil),
    });
    (form.email, form.token) = (evil, evil);
    let countries = [(evil.to_owned(), evil.to_owned())];
    form.countries = &countries;
    (form.values.account_name, form.values.first_name) = (evil.to_owned(), evil.to_owned());
    form.errors = vec![error("first_name", evil)];
    let inviter = Some(form.inviter);
    let retry = Some(Retry { token: evil, values: Some(&form.values) });
    let trouble = Failure { kind: FailureKind::Unavailable, message: Some(evil), request_id: evil, retry };
    let dead = InvalidLink { code: InvalidLinkReason::Expired, inviter, renewal: Some(evil) };
    let done = Done {
        organisation: evil,
        first_name: Some(evil),
        email: evil,
        sign_in_with: SignInWith::NewPassword,
        inherited: vec![evil],
    };
    let mut htmls =
        vec![page(&Screen::Failure(trouble), Locale::En), page(&Screen::InvalidLink(dead), Locale::En)];
    htmls.extend([page(&Screen::Done(done), Locale::En), page(&Screen::Form(form), Locale::En)]);
    for html in htmls {
        assert!(
            !html.contains("<script") && !html.contains("\"&gt;<") && html.contains("&lt;script&gt;alert("),
            "{html}"
        );
    }
}

#[test]
fn everything_that_refers_to_an_element_finds_it_once() {
    for (name, screen) in every_screen() {
        let html = page(&screen, Locale::Nl);
        let ids = attributes(&html, "id");
        let unique: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(ids.len(), unique.len(), "{name}: {ids:?}");
        let mut targets = attributes(&html, "for");
        targets.extend(attributes(&html, "aria-labelledby"));
        targets.extend(attributes(&html, "href").iter().map(|link| link.strip_prefix('#').unwrap()));
        targets.extend(attributes(&html, "aria-describedby").iter().flat_map(|list| list.split(' ')));
        for target in targets {
            assert!(ids.contains(&target), "{name}: {target:?} is none of {ids:?}");
        }
    }
}

#[test]
#[ignore = "for looking at: writes every page as a file to the system's directory for temporary files"]
fn write_every_screen() {
    let folder = std::env::temp_dir().join("activation-pages");
    std::fs::create_dir_all(&folder).unwrap();
    for locale in Locale::ALL {
        for (name, screen) in every_screen() {
            std::fs::write(folder.join(format!("{name}.{}.html", locale.as_str())), page(&screen, locale))
                .unwrap();
        }
    }
}
