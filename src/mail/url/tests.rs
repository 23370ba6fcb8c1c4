use secrecy::ExposeSecret;

use super::*;
use crate::mail::{fault, testing};

fn relay(text: &str) -> Relay {
    match MailUrl::parse(text).unwrap().0 {
        Destination::Smtp(relay) => relay,
        _ => panic!("{text} is no relay"),
    }
}

fn server(text: &str) -> Server {
    match MailUrl::parse(text).unwrap().0 {
        Destination::Http(server) => server,
        _ => panic!("{text} is no service over HTTP"),
    }
}

#[test]
fn describes_every_form_without_its_password() {
    for (text, words) in [
        ("directory:data/mail", "folder data/mail"),
        ("directory:/srv/mail", "folder /srv/mail"),
        ("smtp://mail.example.com", "smtp://mail.example.com:587"),
        ("smtp://ada:hunter2@mail.example.com:2525", "smtp://mail.example.com:2525"),
        ("smtp://127.0.0.1:25/?tls=none", "smtp://127.0.0.1:25"),
        ("smtps://ada:hunter2@mail.example.com", "smtps://mail.example.com:465"),
        ("SMTP://mail.example.com", "smtp://mail.example.com:587"),
        ("smtp://[::1]:25", "smtp://[::1]:25"),
        ("mailpit+http://127.0.0.1:8025", "Mailpit at http://127.0.0.1:8025"),
        ("mailpit+https://ada:hunter2@mail.example.com/box/", "Mailpit at https://mail.example.com/box"),
        ("postmark://hunter2", "Postmark at https://api.postmarkapp.com"),
        ("sendgrid://SG.hunter2_-x", "SendGrid at https://api.sendgrid.com"),
        ("sendgrid://hunter2?region=eu", "SendGrid at https://api.eu.sendgrid.com"),
        ("mailgun://hunter2@mg.example.com", "Mailgun for mg.example.com at https://api.mailgun.net"),
        (
            "mailgun://hunter2@mg.example.com/?region=eu",
            "Mailgun for mg.example.com at https://api.eu.mailgun.net",
        ),
        ("resend://hunter2?api=http://127.0.0.1:8025/", "Resend at http://127.0.0.1:8025"),
        ("resend://hunter2?api=https://mail.example.com/resend", "Resend at https://mail.example.com/resend"),
    ] {
        let url = MailUrl::parse(text).unwrap();
        assert_eq!(url.describe(), words);
        assert_eq!(format!("{url:?}"), format!("MailUrl({words})"));
    }
}

#[test]
fn takes_tls_as_the_url_says() {
    assert_eq!(relay("smtp://h").tls, TlsUse::Offered);
    assert_eq!(relay("smtp://h?tls=required").tls, TlsUse::Required);
    assert_eq!(relay("smtp://h?tls=offered").tls, TlsUse::Offered);
    assert_eq!(relay("smtp://h?tls=none").tls, TlsUse::None);
    assert_eq!(relay("smtps://h").tls, TlsUse::Implicit);
    let own = relay("smtp://h?ca=/etc/ssl/own%20ca.pem&tls=required");
    assert_eq!((own.tls, own.ca), (TlsUse::Required, Some(PathBuf::from("/etc/ssl/own ca.pem"))));
    assert_eq!(relay("smtps://h?ca=ca.pem").ca, Some(PathBuf::from("ca.pem")));
}

#[test]
fn says_how_letters_are_kept_from_others_on_the_way() {
    for (text, words) in [
        (
            "smtp://h",
            "smtp://h:587, under TLS when the relay offers STARTTLS, and in the clear when it does not",
        ),
        ("smtp://h?tls=required", "smtp://h:587, under TLS (STARTTLS) or not at all"),
        ("smtp://h?tls=none", "smtp://h:587, in the clear (tls=none)"),
        ("smtps://h", "smtps://h:465, under TLS from the first byte"),
        ("directory:data/mail", "folder data/mail"),
        ("postmark://hunter2", "Postmark at https://api.postmarkapp.com"),
    ] {
        assert_eq!(MailUrl::parse(text).unwrap().describe_way(), words);
    }
}

#[test]
fn a_password_that_may_go_in_the_clear_without_a_setting_is_cautioned_of() {
    for (text, careless) in [
        ("smtp://ada:hunter2@h", true),
        ("smtp://ada:hunter2@h?ca=/a.pem", true),
        ("smtp://ada:hunter2@h?tls=required", false),
        ("smtp://ada:hunter2@h?tls=offered", false),
        ("smtp://ada:hunter2@h?tls=none", false),
        ("smtps://ada:hunter2@h", false),
        ("smtp://h", false),
        ("directory:data/mail", false),
        ("postmark://hunter2", false),
    ] {
        let caution = MailUrl::parse(text).unwrap().caution();
        assert_eq!(caution.is_some_and(|caution| caution.contains("add ?tls=required")), careless, "{text}");
    }
}

#[test]
fn decodes_user_and_password() {
    for login in [
        relay("smtp://ada%40example.com:p%2F%3a%25w%C3%AB@h").login,
        relay("smtps://ada%40example.com:p%2F%3a%25w%C3%AB@h").login,
    ] {
        let login = login.unwrap();
        assert_eq!((login.user.as_str(), login.password.expose_secret()), ("ada@example.com", "p/:%wë"));
    }
    assert_eq!(relay("smtp://[::1]").host, "::1");
    assert_eq!(server("mailpit+http://ada:pw@h:8025").base, "http://h:8025");
}

#[test]
fn says_what_is_wrong_and_repeats_nothing() {
    for (text, part) in [
        ("", "must be one of"),
        ("data/mail", "must be one of"),
        ("hunter2://h", "scheme is not known"),
        ("postmark:hunter2", "Two slashes"),
        ("postmark://", "key is missing"),
        ("postmark://hunter2/x", "visible ASCII"),
        ("postmark://hunter2%20", "visible ASCII"),
        ("postmark://hunter2@h", "visible ASCII"),
        ("postmark://hunter2?region=eu", "no region parameter"),
        ("sendgrid://hunter2?region=hunter2", "region parameter must be eu"),
        ("resend://hunter2?hunter2=1", "query parameter is not known"),
        ("resend://hunter2?api=http://mail.example.com", "loopback"),
        ("resend://hunter2?api=https://ada:hunter2@h", "loopback"),
        ("resend://hunter2?api=https://h&api=https://h", "given once"),
        ("mailgun://hunter2", "domain is missing"),
        ("mailgun://hunter2@", "The domain must be"),
        ("mailgun://hunter2@h/x", "The domain must be"),
        ("directory:", "folder is missing"),
        ("directory:  ", "folder is missing"),
        ("directory://data/mail", "without slashes"),
        ("directory:data?tls=none", "no parameters"),
        ("smtp:h", "Two slashes"),
        ("smtp://", "host is missing"),
        ("smtp:///path", "host is missing"),
        ("smtp://:25", "host is missing"),
        ("smtp://h:hunter2", "port must be"),
        ("smtp://h:0", "port must be"),
        ("smtp://h:65536", "port must be"),
        ("smtp://ada:hun/ter2@h", "port must be"),
        ("smtp://h/hunter2", "Nothing may follow"),
        ("smtp://h?tls=hunter2", "tls parameter must be"),
        ("smtp://h?tls=", "tls parameter must be"),
        ("smtp://h?tls=none&tls=required", "given once"),
        ("smtp://h?hunter2=1", "query parameter is not known"),
        ("smtps://h?tls=none", "takes no tls parameter"),
        ("smtp://h?ca=", "must name a PEM file"),
        ("smtp://h?ca=/a.pem&ca=/b.pem", "given once"),
        ("smtp://h?tls=none&ca=/a.pem", "no certificate to check"),
        ("smtp://ada@h", "without a password"),
        ("smtp://:hunter2@h", "without a user name"),
        ("smtp://ada:hunter2%@h", "%25"),
        ("smtp://ada:hunter2%FF@h", "UTF-8"),
        ("smtp://h#hunter2", "%23"),
        ("smtp://b\u{fc}cher.example", "xn--"),
        ("mailpit+http:", "host is missing"),
        ("mailpit+http://", "host is missing"),
        ("mailpit+http://h:hunter2", "port must be"),
        ("mailpit+http://h?tls=none", "query parameter is not known"),
        ("mailpit+ftp://h", "scheme is not known"),
    ] {
        let error = MailUrl::parse(text).unwrap_err();
        assert!(error.contains(part), "{text}: {error}");
        assert!(!error.contains("hunter2") && error.ends_with('.'), "{text}: {error}");
    }
}

/// What is sent in headers, as the providers' own tests see it, is decoded.
#[test]
fn keys_are_decoded() {
    for (text, secret) in [
        ("postmark://ABCdef-1234", "ABCdef-1234"),
        ("sendgrid://SG.aB_c-d.E%2Ff", "SG.aB_c-d.E/f"),
        ("mailgun://key-AB%40cd@mg.example.com", "key-AB@cd"),
        ("resend://re_AbC", "re_AbC"),
        ("ses://AKIDEXAMPLE:wJal%2FrXU@eu-central-1", "wJal/rXU"),
        ("brevo://xkeysib-AbC", "xkeysib-AbC"),
        ("mailjet://apikey:S%2FecRet", "S/ecRet"),
        ("azure://aHVudGVy%2FjI=@voltmark", "aHVudGVy/jI="),
        ("mailpit+http://ada%40example.com:p%2F%3a%25w%C3%AB@h", "p/:%wë"),
    ] {
        let said = fault::clean(secret, &testing::letter(), &server(text).api.secrets());
        assert_eq!(said, "[password]", "{text}");
    }
}
