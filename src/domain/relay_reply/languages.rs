//! Replies in German, Dutch, French, Spanish, Italian and Portuguese: a few words, matched by their
//! beginnings.
//!
//! `?` matches any one character. It replaces non-ASCII letters, since some servers send bytes that are no
//! UTF-8. Phrases that name the recipient have priority: the recipient may have refused the sender.

use crate::domain::mail_fault::MailFault::{self, Authentication, Quota, Reputation, Sender};

/// The recipient, or their mailbox.
const RECIPIENT: &[&str] = &[
    "empf?nger",
    "empfaenger",
    "postfach",
    "benutzer",
    "ontvanger",
    "geadresseerde",
    "postvak",
    "postbus",
    "gebruiker",
    "destinataire",
    "utilisateur",
    "bo?te",
    "boite",
    "destinat",
    "usuario",
    "usu?rio",
    "buz?n",
    "buzon",
    "utente",
    "casella",
    "caixa",
];

/// Phrases about our side: beginnings of consecutive words.
const US: &[(MailFault, &[&str])] = &[
    (
        Quota,
        &[
            "sendelimit",
            "sendekontingent",
            "versandlimit",
            "versandkontingent",
            "tageslimit",
            "stundenlimit",
            "ihr konto",
            "ihr account",
            "verzendlimiet",
            "verzendquot",
            "daglimiet",
            "uw account",
            "uw limiet",
            "je account",
            "quota denvoi",
            "limite denvoi",
            "votre compte",
            "votre quota",
            "l?mite de env",
            "limite de env",
            "cuota de env",
            "su cuenta",
            "limite di invio",
            "quota di invio",
            "il tuo account",
            "il suo account",
            "sua conta",
        ],
    ),
    (
        Reputation,
        &[
            "sperrliste",
            "schwarze liste",
            "schwarzen liste",
            "ihre ip",
            "ihrer ip",
            "ihr server",
            "zwarte lijst",
            "uw ip",
            "uw server",
            "liste noire",
            "votre ip",
            "votre adresse ip",
            "votre serveur",
            "lista negra",
            "su ip",
            "su direcci?n ip",
            "su servidor",
            "lista nera",
            "tuo ip",
            "suo ip",
            "tuo indirizzo ip",
            "suo indirizzo ip",
            "seu ip",
            "seu endere?o ip",
        ],
    ),
    (
        Authentication,
        &[
            "authentifizierung",
            "authentisierung",
            "anmeldung",
            "authenticatie",
            "authentification",
            "autenticaci?n",
            "autenticacion",
            "autenticazione",
            "autentica??o",
        ],
    ),
    (
        Sender,
        &[
            "absender",
            "afzender",
            "exp?diteur",
            "expediteur",
            "lexp?diteur",
            "lexpediteur",
            "remitente",
            "mittente",
            "remetente",
        ],
    ),
];

/// The fault on our side in one of these languages, unless the recipient is named.
pub(super) fn of_us(words: &str) -> Option<MailFault> {
    let any = |phrases: &[&str]| phrases.iter().any(|phrase| begins(words, phrase));
    if any(RECIPIENT) {
        return None;
    }
    US.iter().find(|(_, phrases)| any(phrases)).map(|(fault, _)| *fault)
}

/// Whether the words contain the phrase, from the beginning of a word on.
fn begins(words: &str, phrase: &str) -> bool {
    let (words, phrase): (Vec<char>, Vec<char>) =
        (words.chars().collect(), format!(" {phrase}").chars().collect());
    words
        .windows(phrase.len())
        .any(|window| window.iter().zip(&phrase).all(|(said, wanted)| said == wanted || *wanted == '?'))
}
