//! French.

use super::{Facts, Faults, Fields, Form, Notice, Notices, Unsubscribe, Words};
use crate::domain::role::Role;

pub(super) const WORDS: Words = Words {
    date_format: "%A %-d %B %Y, %H:%M",
    date_locale: chrono::Locale::fr_FR,
    error: "Erreur :",
    errors_heading: "Veuillez vérifier votre saisie",
    optional: "facultatif",
    choose: "Choisissez un pays",
    form: Form {
        activate_heading: "Activez votre compte",
        activate: "Activer le compte",
        accept_heading: "Acceptez votre invitation",
        accept: "Accepter l’invitation",
        intro_system_user: "{inviter} vous invite à rejoindre {organisation} au sein de l’équipe.",
        intro_account: "{inviter} de {organisation} vous invite à ouvrir un compte.",
        intro_named_account: "{inviter} de {organisation} vous invite à gérer le compte {account} en tant que propriétaire.",
        intro_sub_account: "{inviter} de {organisation} vous propose un compte de recharge.",
        intro_sub_account_of: "{inviter} de {organisation} vous propose, rattaché à {parent}, un compte de recharge.",
        about_you: "À propos de vous",
        account: "Votre compte",
        company: "Votre entreprise",
        company_if_business: "Votre entreprise – uniquement pour un compte professionnel",
        password: "Choisissez un mot de passe",
        any_password: "Votre mot de passe",
    },
    facts: Facts {
        email: "Adresse e-mail",
        role: "Votre rôle",
        roles: "Vos rôles",
        account: "Compte",
        parent: "Rattaché à",
        used_by: "Utilisé par",
        account_type: "Type de compte",
        expires: "Lien valable jusqu’au",
        employee: "Une personne salariée",
        subsidiary: "Une filiale",
        business: "Professionnel",
        consumer: "Particulier",
        role_name: |role| match role {
            Role::Admin => "Administration",
            Role::UserManager => "Gestion des utilisateurs",
            Role::CustomerSupport => "Service client",
            Role::Finance => "Finances",
            Role::Viewer => "Lecture seule",
        },
    },
    fields: Fields {
        first_name: "Prénom",
        last_name: "Nom",
        confirm_email: "Votre adresse e-mail",
        confirm_email_hint: "Saisissez l’adresse à laquelle l’invitation a été envoyée. Nous savons ainsi que c’est bien vous.",
        password: "Mot de passe",
        password_hints: [
            "Au moins {number} caractères. Quelques mots pris au hasard conviennent bien.",
            "Pas de mot de passe courant ou facile à deviner, ni votre nom ni votre adresse e-mail.",
            "Majuscules, chiffres et symboles sont bienvenus, mais pas obligatoires.",
        ],
        own_password_hint: "Si vous avez déjà un compte avec cette adresse, saisissez le mot de passe que vous avez ; votre nom reste le même. Si vous ne le connaissez pas, demandez à {inviter} de vous envoyer l’invitation par e-mail.",
        password_again: "Veuillez saisir à nouveau votre mot de passe : nous ne le conservons jamais sur cette page.",
        account_name: "Nom du compte",
        account_type: "À quoi sert le compte ?",
        company_name: "Nom de l’entreprise",
        company_registration_number: "Numéro d’immatriculation",
        company_vat_number: "Numéro de TVA",
        company_vat_number_hint: "Avec le code du pays, par exemple NL123456789B01.",
        company_vat_exempt: "L’entreprise n’a pas de numéro de TVA",
        company_street: "Rue",
        company_house_number: "Numéro",
        company_postal_code: "Code postal",
        company_postal_code_hint: "Laissez ce champ vide si votre pays n’a pas de codes postaux.",
        company_city: "Ville",
        company_country: "Pays",
    },
    notices: Notices {
        somebody: "la personne qui vous a invité",
        invalid: Notice {
            heading: "Ce lien ne fonctionne pas",
            texts: &[
                "Il a peut-être été coupé ou abîmé en chemin.",
                "Ouvrez encore une fois le lien de votre e-mail, ou copiez-le en entier dans votre navigateur. S’il ne \
                 fonctionne toujours pas, demandez à {inviter} de vous en envoyer un nouveau.",
            ],
        },
        expired: Notice {
            heading: "Ce lien a expiré",
            texts: &[
                "Pour votre sécurité, un lien ne fonctionne que pendant un temps limité.",
                "Demandez à {inviter} un nouveau lien.",
            ],
        },
        renewable: Notice {
            heading: "Ce lien a expiré",
            texts: &[
                "Pour votre sécurité, un lien ne fonctionne que pendant un temps limité.",
                "Nous pouvons envoyer un nouveau lien à la même adresse e-mail.",
            ],
        },
        renew: "Envoyez-moi un nouveau lien",
        renewed: Notice {
            heading: "Un nouveau lien est en route",
            texts: &[
                "Cherchez notre dernier e-mail d’ici une minute, y compris dans vos courriers indésirables. Seul le lien qu’il \
                 contient fonctionne.",
                "Vous pouvez fermer cette page.",
            ],
        },
        used: Notice {
            heading: "Ce lien a déjà été utilisé",
            texts: &[
                "Si c’était vous, votre compte est actif et vous pouvez vous connecter.",
                "Si ce n’était pas vous, prévenez {inviter} tout de suite.",
            ],
        },
        superseded: Notice {
            heading: "Il existe un lien plus récent",
            texts: &[
                "Nous vous avons envoyé un autre e-mail depuis. Seul le lien du plus récent fonctionne.",
                "Si vous ne le trouvez pas, contactez {inviter} ou regardez dans vos courriers indésirables.",
            ],
        },
        revoked: Notice {
            heading: "Cette invitation a été retirée",
            texts: &["Le lien ne fonctionne plus. Si vous ne vous y attendiez pas, demandez à {inviter} ce qu’il en est."],
        },
        missing_token: Notice {
            heading: "Ce lien est incomplet",
            texts: &[
                "La fin de l’adresse manque, peut-être parce que l’e-mail a coupé le lien sur deux lignes.",
                "Ouvrez encore une fois le lien de votre e-mail, ou copiez-le en entier dans votre navigateur.",
            ],
        },
        done: Notice {
            heading: "Votre compte est actif",
            texts: &["Il n’y a rien d’autre à faire ici : vous pouvez fermer cette page."],
        },
        done_new_password: "Vous pouvez maintenant vous connecter chez {organisation}, avec {email} et le mot de passe que vous venez de choisir.",
        done_old_password: "Vous pouvez maintenant vous connecter chez {organisation}, avec {email} et votre mot de passe habituel.",
        done_inherited: "Quelqu’un a déjà rejoint {accounts} avec votre adresse, par un lien qui ne vous a pas été envoyé par e-mail. Son mot de passe ne fonctionne plus. Vous en faites partie maintenant ; si vous ne le voulez pas, connectez-vous et quittez ce compte, ou contactez-nous.",
        welcome: "{name}, bienvenue !",
        away: Notice {
            heading: "Il y a beaucoup de monde en ce moment",
            texts: &["Rien n’est perdu : votre lien fonctionne encore. Veuillez réessayer dans un instant."],
        },
        too_many: Notice {
            heading: "C’était un peu trop souvent",
            texts: &["Votre lien fonctionne encore. Veuillez patienter quelques minutes avant de réessayer."],
        },
        unexpected: Notice {
            heading: "Une erreur s’est produite",
            texts: &["Elle vient de nous, pas de vous. Veuillez réessayer dans un instant."],
        },
        try_again: "Réessayer",
        request_id: "Si cela continue, donnez-nous ce numéro :",
    },
    faults: Faults {
        required: "Veuillez remplir ce champ.",
        too_long: "Utilisez au plus {number} caractères.",
        shorter: "Veuillez raccourcir ce texte.",
        control: "Utilisez des caractères ordinaires, sur une seule ligne.",
        email_malformed: "Saisissez une adresse e-mail complète, par exemple ada@example.com.",
        email_other: "Ce n’est pas l’adresse à laquelle l’invitation a été envoyée.",
        not_offered: "Choisissez l’une des possibilités.",
        vat_malformed: "Ce n’est pas un numéro de TVA de ce pays. Veuillez le vérifier.",
        vat_check_digits: "Un caractère de ce numéro de TVA est faux. Veuillez le comparer à vos documents.",
        vat_other_country: "Ce numéro de TVA appartient à un autre pays que l’adresse.",
        vat_or_none: "Indiquez le numéro de TVA, ou cochez que l’entreprise n’en a pas.",
        vat_both: "Indiquez soit le numéro de TVA, soit que l’entreprise n’en a pas, mais pas les deux.",
        malformed: "Cela ne semble pas correct. Veuillez vérifier.",
        password_too_short: "Utilisez au moins {number} caractères.",
        password_common: "Beaucoup de gens utilisent ce mot de passe. Choisissez-en un qui ne soit qu’à vous.",
        password_guessable: "Ce mot de passe est facile à deviner. Quelques mots pris au hasard conviennent mieux.",
        password_contains_identity: "N’utilisez ni votre nom ni votre adresse e-mail dans votre mot de passe.",
        password_wrong: "Ce n’est pas votre mot de passe. Si vous ne le connaissez pas, demandez que l’invitation vous soit envoyée par e-mail.",
    },
    unsubscribe: Unsubscribe {
        summary: "Ne m’écrivez plus",
        text: "Plus aucun e-mail d’invitation ne sera envoyé à l’adresse qui a reçu ce lien. Le lien lui-même continue de fonctionner.",
        confirm: "Oui, ne plus jamais écrire à cette adresse",
        button: "Ne m’écrivez plus",
    },
    unsubscribed: Notice {
        heading: "Nous ne vous écrirons plus",
        texts: &[
            "Plus aucun e-mail d’invitation ne sera envoyé à {email}.",
            "Si vous changez d’avis, dites-le à la personne qui vous a invité.",
        ],
    },
    unconfirmed: Notice {
        heading: "Cochez la case",
        texts: &["Rien n’a encore changé. Cochez la case ci-dessous si nous ne devons plus vous écrire."],
    },
};
