//! Who sent a message: a mail system, an autoresponder, or another sender. The phrases of automatic replies
//! stand here.

use super::{
    headers::Headers,
    phrases::{any, plain},
};

/// The sender of reports, by address or by name, in lower case.
const SYSTEMS: &[&str] = &[
    "mailer-daemon",
    "mailerdaemon",
    "mail-daemon",
    "mdaemon",
    "mailer_daemon",
    "postmaster",
    "mail delivery",
    "maildelivery",
    "mail administrator",
    "mail system",
    "mailsystem",
    "mail router",
    "system administrator",
    "delivery subsystem",
    "delivery system",
    "microsoftexchange",
    "mailgate",
    "smtpd",
];

/// The subject of an automatic reply, in the languages of Europe: beginnings of consecutive words.
const SUBJECTS: &[&str] = &[
    "auto:",
    "autoreply",
    "auto-reply",
    "auto reply",
    "auto response",
    "auto-response",
    "autoresponse",
    "automatic reply",
    "automatic response",
    "automated reply",
    "automated response",
    "away from my mail",
    "away from the office",
    "on vacation",
    "on holiday",
    "out of office",
    "out of the office",
    "out-of-office",
    "vacation reply",
    "vacation message",
    "i am away",
    "abwesend",
    "abwesenheit",
    "automatische antwort",
    "nicht im büro",
    "nicht im buero",
    "urlaub",
    "automatisch antwoord",
    "automatische beantwoording",
    "afwezig",
    "niet aanwezig",
    "réponse automatique",
    "reponse automatique",
    "absence du bureau",
    "absent du bureau",
    "respuesta automática",
    "respuesta automatica",
    "fuera de la oficina",
    "risposta automatica",
    "fuori ufficio",
    "fuori sede",
    "resposta automática",
    "resposta automatica",
    "ausência temporária",
    "fora do escritório",
    "automatisk svar",
    "automatiskt svar",
    "autosvar",
    "fraværende",
    "frånvaro",
    "poissa",
    "automaattinen vastaus",
    "automatyczna odpowiedź",
    "nieobecn",
    "automatická odpověď",
    "automatikus válasz",
    "αυτόματη απάντηση",
    "otomatik yanıt",
    "автоматический ответ",
    "автоматичен отговор",
    "автоматична відповідь",
    "automatická odpoveď",
    "automatski odgovor",
    "samodejni odgovor",
    "răspuns automat",
    "automaatvastus",
    "automātiskā atbilde",
    "automatinis atsakymas",
];

/// What a vacation note says where nothing else marks it.
const NOTES: &[&str] = &[
    "out of the office",
    "out of office",
    "on vacation",
    "on holiday",
    "on annual leave",
    "on parental leave",
    "maternity leave",
    "limited access to email",
    "will be back on",
    "i am currently away",
    "i will respond to your",
    "i will reply to your",
    "we have received your message",
    "we have received your email",
    "thank you for your email",
    "thank you for your message",
    "thank you for contacting",
    "your ticket",
    "nicht im büro",
    "im urlaub",
    "nicht im haus",
    "erst wieder ab",
    "ihre nachricht wird nicht weitergeleitet",
    "afwezig",
    "niet op kantoor",
    "met vakantie",
    "op vakantie",
    "en congé",
    "absent du bureau",
    "absente du bureau",
    "de retour le",
    "fuera de la oficina",
    "de vacaciones",
    "fuori ufficio",
    "in ferie",
];

/// Whether a mail system sent it, by its name or address.
pub(super) fn is_mail_system(headers: &Headers) -> bool {
    ["from", "sender"].iter().any(|name| any(&headers.lower(name), SYSTEMS))
}

/// Whether no answer is wanted: reports have an empty return path (RFC 5321 §6.1), and so have automatic
/// replies (RFC 3834 §3.3).
pub(super) fn has_empty_path(headers: &Headers) -> bool {
    headers.all("return-path").any(|path| path.trim() == "<>")
}

/// Whether its header marks it as an automatic reply (RFC 3834 §5, and the fields that came before it).
///
/// Servers mark reports so, too: a report counts whatever its header says.
pub(super) fn is_marked_as_reply(headers: &Headers) -> bool {
    let auto = headers.lower("auto-submitted");
    let precedence = headers.lower("precedence");
    auto.starts_with("auto-replied")
        || matches!(precedence.as_str(), "auto_reply" | "auto-reply" | "autoreply")
        || [
            "x-autoreply",
            "x-autorespond",
            "x-autoresponder",
            "x-auto-reply",
            "x-autoreply-from",
            "x-vacation",
        ]
        .iter()
        .any(|name| headers.has(name))
        || has_reply_subject(&plain(&headers.subject))
}

fn has_reply_subject(subject: &str) -> bool {
    SUBJECTS.iter().any(|begin| {
        let subject = subject.trim_start_matches(['[', '(', ' ']);
        subject.starts_with(begin) || subject.contains(&format!(" {begin}"))
    })
}

/// Whether a subject (in lower case) may quote that of another message, whose words others chose: an
/// automatic reply does, and a person's mail program, which answers or forwards.
pub(super) fn quotes_subject(headers: &Headers, subject: &str) -> bool {
    is_marked_as_reply(headers) || is_answer(headers, subject)
}

fn is_answer(headers: &Headers, subject: &str) -> bool {
    let prefixes = ["re:", "aw:", "antw:", "sv:", "fw:", "fwd:", "wg:", "tr:", "doorst:"];
    let is_prefixed = prefixes.iter().any(|prefix| subject.starts_with(prefix));
    is_prefixed && (headers.has("in-reply-to") || headers.has("references"))
}

/// Whether the text is a vacation note or a receipt.
pub(super) fn is_note(text: &str) -> bool {
    any(text, NOTES)
}
