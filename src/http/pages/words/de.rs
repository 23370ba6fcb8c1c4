//! German.

use super::{Facts, Faults, Fields, Form, Notice, Notices, Unsubscribe, Words};
use crate::domain::role::Role;

pub(super) const WORDS: Words = Words {
    date_format: "%A, %-d. %B %Y, %H:%M Uhr",
    date_locale: chrono::Locale::de_DE,
    error: "Fehler:",
    errors_heading: "Bitte prüfen Sie Ihre Angaben",
    optional: "freiwillig",
    choose: "Land auswählen",
    form: Form {
        activate_heading: "Aktivieren Sie Ihr Konto",
        activate: "Konto aktivieren",
        accept_heading: "Nehmen Sie Ihre Einladung an",
        accept: "Einladung annehmen",
        intro_system_user: "{inviter} lädt Sie ein, bei {organisation} mitzuarbeiten.",
        intro_account: "{inviter} von {organisation} lädt Sie ein, ein Konto zu eröffnen.",
        intro_named_account: "{inviter} von {organisation} lädt Sie ein, das Konto {account} zu verwalten.",
        intro_sub_account: "{inviter} von {organisation} lädt Sie zu einem Ladekonto ein.",
        intro_sub_account_of: "{inviter} von {organisation} lädt Sie zu einem Ladekonto unter {parent} ein.",
        about_you: "Über Sie",
        account: "Ihr Konto",
        company: "Ihr Unternehmen",
        company_if_business: "Ihr Unternehmen – nur bei einem Geschäftskonto",
        password: "Wählen Sie ein Passwort",
        own_password: "Ihr Passwort",
    },
    facts: Facts {
        email: "E-Mail-Adresse",
        role: "Ihre Rolle",
        roles: "Ihre Rollen",
        account: "Konto",
        parent: "Gehört zu",
        used_by: "Genutzt von",
        account_type: "Art des Kontos",
        expires: "Link gültig bis",
        employee: "Einer Person aus der Belegschaft",
        subsidiary: "Einem Tochterunternehmen",
        business: "Geschäftlich",
        consumer: "Privat",
        role_name: |role| match role {
            Role::Admin => "Administration",
            Role::UserManager => "Benutzerverwaltung",
            Role::CustomerSupport => "Kundenservice",
            Role::Finance => "Finanzen",
            Role::Viewer => "Nur Lesen",
        },
    },
    fields: Fields {
        first_name: "Vorname",
        last_name: "Nachname",
        confirm_email: "Ihre E-Mail-Adresse",
        confirm_email_hint: "Geben Sie die Adresse ein, an die die Einladung ging. So wissen wir, dass Sie es sind.",
        password: "Passwort",
        password_hints: [
            "Mindestens {number} Zeichen. Einige zufällige Wörter eignen sich gut.",
            "Kein häufig verwendetes Passwort und weder Ihr Name noch Ihre E-Mail-Adresse.",
            "Großbuchstaben, Ziffern und Sonderzeichen sind willkommen, aber nicht nötig.",
        ],
        own_password_hint: "Das Passwort, das Sie beim Aktivieren Ihres Kontos gewählt haben. Kennen Sie es nicht? Dann lassen Sie sich die Einladung per E-Mail senden, von {inviter}: Mit dem Link darin wählen Sie ein neues.",
        password_again: "Bitte geben Sie Ihr Passwort noch einmal ein: Wir behalten es nie auf dieser Seite.",
        account_name: "Name des Kontos",
        account_type: "Wofür ist das Konto?",
        company_name: "Name des Unternehmens",
        company_registration_number: "Handelsregisternummer",
        company_vat_number: "Umsatzsteuer-Identifikationsnummer",
        company_vat_number_hint: "Mit dem Ländercode, zum Beispiel NL123456789B01.",
        company_street: "Straße",
        company_house_number: "Hausnummer",
        company_postal_code: "Postleitzahl",
        company_city: "Ort",
        company_country: "Land",
    },
    notices: Notices {
        somebody: "die Person, die Sie eingeladen hat",
        invalid: Notice {
            heading: "Dieser Link funktioniert nicht",
            texts: &[
                "Vielleicht wurde er unterwegs abgeschnitten oder beschädigt.",
                "Öffnen Sie den Link in Ihrer E-Mail noch einmal oder kopieren Sie ihn vollständig in Ihren Browser. Geht es \
                 dann immer noch nicht, hilft Ihnen {inviter} mit einem neuen weiter.",
            ],
        },
        expired: Notice {
            heading: "Dieser Link ist abgelaufen",
            texts: &["Zu Ihrer Sicherheit gilt ein Link nur begrenzte Zeit.", "Einen neuen Link sendet Ihnen {inviter}."],
        },
        renewable: Notice {
            heading: "Dieser Link ist abgelaufen",
            texts: &[
                "Zu Ihrer Sicherheit gilt ein Link nur begrenzte Zeit.",
                "Wir können einen neuen Link an dieselbe E-Mail-Adresse senden.",
            ],
        },
        renew: "Neuen Link senden",
        renewed: Notice {
            heading: "Ein neuer Link ist unterwegs",
            texts: &[
                "Sehen Sie in einer Minute nach unserer neuesten E-Mail, auch im Spam-Ordner. Nur der Link darin funktioniert.",
                "Sie können diese Seite schließen.",
            ],
        },
        used: Notice {
            heading: "Dieser Link wurde schon benutzt",
            texts: &[
                "Waren Sie das? Dann ist Ihr Konto aktiv und Sie können sich anmelden.",
                "Waren Sie es nicht? Dann sollte das sofort erfahren: {inviter}.",
            ],
        },
        superseded: Notice {
            heading: "Es gibt einen neueren Link",
            texts: &[
                "Wir haben Ihnen seitdem noch eine E-Mail gesendet. Nur der Link in der neuesten funktioniert.",
                "Wenn Sie sie nicht finden, sehen Sie im Spam-Ordner nach. Auch {inviter} hilft Ihnen weiter.",
            ],
        },
        revoked: Notice {
            heading: "Diese Einladung wurde zurückgezogen",
            texts: &["Der Link funktioniert nicht mehr. Wenn Sie das nicht erwartet haben, hilft Ihnen {inviter} weiter."],
        },
        missing_token: Notice {
            heading: "Dieser Link ist unvollständig",
            texts: &[
                "Das Ende der Adresse fehlt, vielleicht weil Ihr Mailprogramm den Link auf zwei Zeilen verteilt hat.",
                "Öffnen Sie den Link in Ihrer E-Mail noch einmal oder kopieren Sie ihn vollständig in Ihren Browser.",
            ],
        },
        done: Notice {
            heading: "Ihr Konto ist aktiv",
            texts: &["Hier ist nichts weiter zu tun: Sie können diese Seite schließen."],
        },
        done_new_password: "Sie können sich jetzt bei {organisation} anmelden, mit {email} und dem Passwort, das Sie eben gewählt haben.",
        done_old_password: "Sie können sich jetzt bei {organisation} anmelden, mit {email} und Ihrem bisherigen Passwort.",
        welcome: "Willkommen, {name}!",
        away: Notice {
            heading: "Gerade ist hier viel los",
            texts: &["Nichts ist verloren: Ihr Link funktioniert noch. Bitte versuchen Sie es gleich noch einmal."],
        },
        too_many: Notice {
            heading: "Das war etwas zu oft",
            texts: &["Ihr Link funktioniert noch. Bitte warten Sie einige Minuten und versuchen Sie es dann noch einmal."],
        },
        unexpected: Notice {
            heading: "Etwas ist schiefgegangen",
            texts: &["Das liegt an uns, nicht an Ihnen. Bitte versuchen Sie es gleich noch einmal."],
        },
        try_again: "Noch einmal versuchen",
        request_id: "Falls es dabei bleibt, nennen Sie uns bitte diese Nummer:",
    },
    faults: Faults {
        required: "Bitte füllen Sie dies aus.",
        too_long: "Verwenden Sie höchstens {number} Zeichen.",
        shorter: "Bitte kürzen Sie dies.",
        control: "Verwenden Sie gewöhnliche Zeichen in einer Zeile.",
        email_malformed: "Geben Sie eine vollständige E-Mail-Adresse ein, zum Beispiel ada@example.com.",
        email_other: "Das ist nicht die Adresse, an die die Einladung ging.",
        not_offered: "Wählen Sie eine der Möglichkeiten.",
        vat_malformed: "Das ist keine Umsatzsteuer-Identifikationsnummer dieses Landes. Bitte prüfen Sie sie.",
        vat_check_digits: "Ein Zeichen dieser Umsatzsteuer-Identifikationsnummer ist falsch. Bitte vergleichen Sie sie mit Ihren Unterlagen.",
        vat_other_country: "Diese Umsatzsteuer-Identifikationsnummer gehört zu einem anderen Land als die Adresse.",
        malformed: "Das scheint nicht zu stimmen. Bitte prüfen Sie es.",
        password_too_short: "Verwenden Sie mindestens {number} Zeichen.",
        password_common: "Viele Menschen verwenden dieses Passwort. Wählen Sie eines, das nur Sie haben.",
        password_guessable: "Dieses Passwort ist leicht zu erraten. Einige zufällige Wörter sind besser.",
        password_contains_identity: "Lassen Sie Ihren Namen und Ihre E-Mail-Adresse aus dem Passwort weg.",
        password_wrong: "Das ist nicht Ihr Passwort. Wenn Sie es nicht kennen, lassen Sie sich die Einladung per E-Mail senden.",
    },
    unsubscribe: Unsubscribe {
        summary: "Schreiben Sie mir nicht mehr",
        text: "An die Adresse, an die dieser Link gemailt wurde, gehen keine E-Mails zu Einladungen mehr. Der Link selbst funktioniert weiter.",
        confirm: "Ja, nie wieder an diese Adresse schreiben",
        button: "Schreiben Sie mir nicht mehr",
    },
    unsubscribed: Notice {
        heading: "Wir schreiben Ihnen nicht mehr",
        texts: &[
            "An {email} gehen keine E-Mails zu Einladungen mehr.",
            "Wenn Sie es sich anders überlegen, sagen Sie es der Person, die Sie eingeladen hat.",
        ],
    },
    unconfirmed: Notice {
        heading: "Bitte kreuzen Sie das Kästchen an",
        texts: &["Noch ist nichts geändert. Kreuzen Sie unten das Kästchen an, wenn wir Ihnen nicht mehr schreiben sollen."],
    },
};
