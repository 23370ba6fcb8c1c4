//! Dutch.

use super::{Facts, Faults, Fields, Form, Notice, Notices, Unsubscribe, Words};
use crate::domain::role::Role;

pub(super) const WORDS: Words = Words {
    date_format: "%A %-d %B %Y, %H:%M",
    date_locale: chrono::Locale::nl_NL,
    error: "Fout:",
    errors_heading: "Kijk nog even naar wat je hebt ingevuld",
    optional: "niet verplicht",
    choose: "Kies een land",
    form: Form {
        activate_heading: "Activeer je account",
        activate: "Account activeren",
        accept_heading: "Neem je uitnodiging aan",
        accept: "Uitnodiging aannemen",
        intro_system_user: "{inviter} nodigt je uit om als collega bij {organisation} te werken.",
        intro_account: "{inviter} van {organisation} nodigt je uit om een account te openen.",
        intro_named_account: "{inviter} van {organisation} nodigt je uit om het account {account} te beheren.",
        intro_sub_account: "{inviter} van {organisation} nodigt je uit voor een laadaccount.",
        intro_sub_account_of: "{inviter} van {organisation} nodigt je uit voor een laadaccount onder {parent}.",
        about_you: "Over jou",
        account: "Je account",
        company: "Je bedrijf",
        company_if_business: "Je bedrijf – alleen voor een zakelijk account",
        password: "Kies een wachtwoord",
        own_password: "Je wachtwoord",
    },
    facts: Facts {
        email: "E-mailadres",
        role: "Je rol",
        roles: "Je rollen",
        account: "Account",
        parent: "Onderdeel van",
        used_by: "Gebruikt door",
        account_type: "Soort account",
        expires: "Link geldig tot",
        employee: "Een medewerker",
        subsidiary: "Een dochteronderneming",
        business: "Zakelijk",
        consumer: "Particulier",
        role_name: |role| match role {
            Role::Admin => "Beheerder",
            Role::UserManager => "Gebruikersbeheerder",
            Role::CustomerSupport => "Klantenservice",
            Role::Finance => "Financiën",
            Role::Viewer => "Meekijker",
        },
    },
    fields: Fields {
        first_name: "Voornaam",
        last_name: "Achternaam",
        confirm_email: "Je e-mailadres",
        confirm_email_hint: "Typ het adres waar de uitnodiging naartoe is gestuurd. Zo weten we dat jij het bent.",
        password: "Wachtwoord",
        password_hints: [
            "Minstens {number} tekens. Een paar willekeurige woorden werken goed.",
            "Geen veelgebruikt wachtwoord, en niet je naam of e-mailadres.",
            "Hoofdletters, cijfers en leestekens mogen, maar hoeven niet.",
        ],
        own_password_hint: "Het wachtwoord dat je hebt gekozen toen je je account activeerde. Weet je het niet? Vraag {inviter} om je de uitnodiging te mailen: met de link daarin kies je een nieuw wachtwoord.",
        password_again: "Typ je wachtwoord opnieuw: we bewaren het nooit op deze pagina.",
        account_name: "Naam van het account",
        account_type: "Waar is het account voor?",
        company_name: "Bedrijfsnaam",
        company_registration_number: "KvK- of ondernemingsnummer",
        company_vat_number: "Btw-nummer",
        company_vat_number_hint: "Met de landcode, bijvoorbeeld NL123456789B01.",
        company_street: "Straat",
        company_house_number: "Huisnummer",
        company_postal_code: "Postcode",
        company_city: "Plaats",
        company_country: "Land",
    },
    notices: Notices {
        somebody: "degene die je heeft uitgenodigd",
        invalid: Notice {
            heading: "Deze link werkt niet",
            texts: &[
                "Misschien is hij onderweg afgebroken of beschadigd geraakt.",
                "Open de link in je mail nog een keer, of kopieer hem in zijn geheel naar je browser. Werkt het dan nog niet, \
                 vraag dan een nieuwe aan {inviter}.",
            ],
        },
        expired: Notice {
            heading: "Deze link is verlopen",
            texts: &["Voor je veiligheid werkt een link maar een beperkte tijd.", "Vraag een nieuwe link aan {inviter}."],
        },
        renewable: Notice {
            heading: "Deze link is verlopen",
            texts: &[
                "Voor je veiligheid werkt een link maar een beperkte tijd.",
                "We kunnen een nieuwe link naar hetzelfde e-mailadres sturen.",
            ],
        },
        renew: "Stuur me een nieuwe link",
        renewed: Notice {
            heading: "Er is een nieuwe link onderweg",
            texts: &[
                "Kijk over een minuutje naar onze nieuwste mail, ook in je map met ongewenste post. Alleen de link daarin werkt.",
                "Je kunt deze pagina sluiten.",
            ],
        },
        used: Notice {
            heading: "Deze link is al gebruikt",
            texts: &[
                "Was jij dat? Dan is je account actief en kun je inloggen.",
                "Was jij het niet? Laat het dan meteen weten aan {inviter}.",
            ],
        },
        superseded: Notice {
            heading: "Er is een nieuwere link",
            texts: &[
                "We hebben je daarna nog een mail gestuurd. Alleen de link in de nieuwste werkt.",
                "Kun je die niet vinden? Kijk in je map met ongewenste post of vraag het aan {inviter}.",
            ],
        },
        revoked: Notice {
            heading: "Deze uitnodiging is ingetrokken",
            texts: &["De link werkt niet meer. Had je dat niet verwacht, vraag het dan aan {inviter}."],
        },
        missing_token: Notice {
            heading: "Deze link is niet compleet",
            texts: &[
                "Het einde van het adres ontbreekt, misschien doordat je mailprogramma de link over twee regels heeft verdeeld.",
                "Open de link in je mail nog een keer, of kopieer hem in zijn geheel naar je browser.",
            ],
        },
        done: Notice {
            heading: "Je account is actief",
            texts: &["Verder hoef je hier niets te doen: je kunt deze pagina sluiten."],
        },
        done_new_password: "Je kunt nu bij {organisation} inloggen, met {email} en het wachtwoord dat je net hebt gekozen.",
        done_old_password: "Je kunt nu bij {organisation} inloggen, met {email} en het wachtwoord dat je al had.",
        welcome: "Welkom, {name}!",
        away: Notice {
            heading: "Het is hier even te druk",
            texts: &["Er is niets verloren: je link werkt nog. Probeer het zo meteen opnieuw."],
        },
        too_many: Notice {
            heading: "Dat was iets te vaak",
            texts: &["Je link werkt nog. Wacht een paar minuten en probeer het dan opnieuw."],
        },
        unexpected: Notice {
            heading: "Er ging iets mis",
            texts: &["Dat ligt aan ons, niet aan jou. Probeer het zo meteen opnieuw."],
        },
        try_again: "Probeer opnieuw",
        request_id: "Blijft het misgaan? Geef ons dan dit nummer door:",
    },
    faults: Faults {
        required: "Vul dit in.",
        too_long: "Gebruik hoogstens {number} tekens.",
        shorter: "Maak dit korter.",
        control: "Gebruik gewone tekens op één regel.",
        email_malformed: "Typ een volledig e-mailadres, zoals ada@example.com.",
        email_other: "Dit is niet het adres waar de uitnodiging naartoe is gestuurd.",
        not_offered: "Kies een van de mogelijkheden.",
        vat_malformed: "Dit is geen btw-nummer van dat land. Kijk het even na.",
        vat_check_digits: "Er staat een fout teken in dit btw-nummer. Vergelijk het met je gegevens.",
        vat_other_country: "Dit btw-nummer hoort bij een ander land dan het adres.",
        malformed: "Dit lijkt niet te kloppen. Kijk het even na.",
        password_too_short: "Gebruik minstens {number} tekens.",
        password_common: "Dit wachtwoord gebruiken veel mensen. Kies er een dat alleen van jou is.",
        password_guessable: "Dit wachtwoord is makkelijk te raden. Een paar willekeurige woorden zijn beter.",
        password_contains_identity: "Laat je naam en e-mailadres weg uit je wachtwoord.",
        password_wrong: "Dit is niet je wachtwoord. Weet je het niet? Vraag dan om de uitnodiging per mail.",
    },
    unsubscribe: Unsubscribe {
        summary: "Mail mij niet meer",
        text: "Er gaat geen e-mail over uitnodigingen meer naar het adres waarnaar deze link is gemaild. De link zelf blijft werken.",
        confirm: "Ja, mail nooit meer naar dit adres",
        button: "Mail mij niet meer",
    },
    unsubscribed: Notice {
        heading: "We mailen je niet meer",
        texts: &[
            "Er gaat geen e-mail over uitnodigingen meer naar {email}.",
            "Bedenk je je, laat het dan weten aan wie je heeft uitgenodigd.",
        ],
    },
    unconfirmed: Notice {
        heading: "Vink het vakje aan",
        texts: &["Er is nog niets veranderd. Vink het vakje hieronder aan als we je niet meer mogen mailen."],
    },
};
