//! Replies in German, Dutch, French, Spanish, Italian and Portuguese: few words, told by their beginnings.
//!
//! A letter that is no ASCII is written `?` here, since some servers send bytes that are no UTF-8 and each of
//! them is read so; any one character stands there then. Phrases that name the recipient go first: a sender
//! may be refused by them.

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

/// What speaks of us, by the beginnings of words that follow each other.
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

/// What speaks of us in one of these languages, and not of the recipient.
pub(super) fn of_us(words: &str) -> Option<MailFault> {
    let any = |phrases: &[&str]| phrases.iter().any(|phrase| begins(words, phrase));
    if any(RECIPIENT) {
        return None;
    }
    US.iter().find(|(_, phrases)| any(phrases)).map(|(fault, _)| *fault)
}

/// Whether the phrase stands in the words, from the beginning of one on.
fn begins(words: &str, phrase: &str) -> bool {
    let (words, phrase): (Vec<char>, Vec<char>) =
        (words.chars().collect(), format!(" {phrase}").chars().collect());
    words
        .windows(phrase.len())
        .any(|window| window.iter().zip(&phrase).all(|(said, wanted)| said == wanted || *wanted == '?'))
}
