//! Labels before a VAT number: "USt-IdNr.", "BTW-nr.", "N° de TVA intracommunautaire", "P.IVA".

/// Names of the number, in capitals without accents and separators. None is the beginning of a number with
/// its prefix.
const NAMES: &[&str] = &[
    // Several languages
    "VAT",
    "TAX",
    "TIN",
    "NUMBER",
    "NUMMER",
    "NUMERO",
    "VIES",
    "VATIN",
    "VRN",
    "GST",
    // German, and Switzerland's register of companies
    "UST",
    "USTID",
    "USTIDNR",
    "UMSATZSTEUER",
    "UMSATZSTEUERID",
    "UMSATZSTEUERIDENTIFIKATIONSNUMMER",
    "STEUER",
    "UID",
    "MWST",
    "MEHRWERTSTEUER",
    "MEHRWERTSTEUERNUMMER",
    "IDENTIFIKATIONSNUMMER",
    "IDE",
    "IDI",
    // Dutch
    "BTW",
    "BTWNUMMER",
    "BTWIDENTIFICATIENUMMER",
    "OMZETBELASTING",
    "ONDERNEMINGSNUMMER",
    "KBO",
    // French
    "TVA",
    "TVAINTRACOMMUNAUTAIRE",
    "ENTREPRISE",
    "BCE",
    "TPV",
    // Italian
    "IVA",
    "PIVA",
    "PI",
    "PARTIVA",
    "PARTITAIVA",
    "CODICEFISCALE",
    "CODFISC",
    // Spanish, Portuguese, Romanian
    "NIF",
    "CIF",
    "NIE",
    "DNI",
    "NIPC",
    "CONTRIBUINTE",
    "CONTRIB",
    "CONTRIBUYENTE",
    "CUI",
    "CODFISCAL",
    "CODDEINREGISTRAREFISCALA",
    "CODTVA",
    "CODUNICDEINREGISTRARE",
    // Danish, Swedish, Finnish, Norwegian
    "CVR",
    "SENR",
    "MOMS",
    "MOMSNR",
    "MOMSREGNR",
    "MOMSREGISTRERINGSNUMMER",
    "ALV",
    "ALVNUMERO",
    "YTUNNUS",
    "ORGNR",
    "MVA",
    "ORGANISASJONSNUMMER",
    "ORGANISATIONSNUMMER",
    // Estonian, Latvian, Lithuanian
    "KMKR",
    "PVN",
    "PVNREGISTRACIJASNUMURS",
    "PVM",
    "PVMMOKETOJOKODAS",
    // Polish, Czech, Slovak, Hungarian
    "NIP",
    "DIC",
    "ICDPH",
    "DPH",
    "ADOSZAM",
    "KOZOSSEGIADOSZAM",
    "AFA",
    "AFASZAM",
    // Slovene, Croatian
    "IDZADDV",
    "DDV",
    "DAVCNASTEVILKA",
    "DAVCNAST",
    "IDSTZADDV",
    "IDENTIFIKACIJSKASTEVILKAZADDV",
    "OIB",
    "PDV",
    "PDVID",
    // Greek and Cyprus, in either script
    "AFM",
    "ΑΦΜ",
    "ΦΠΑ",
    "ΑΡΙΘΜΟΣΦΠΑ",
    "ΑΡΦΠΑ",
    "ΑΡΙΘΜΟΣΦΟΡΟΛΟΓΙΚΟΥΜΗΤΡΩΟΥ",
    "ΑΡΙΘΜΟΣΕΓΓΡΑΦΗΣΦΠΑ",
    "FPA",
    // Bulgarian
    "ДДС",
    "ЗДДС",
    "ИН",
    "ИДЕНТИФИКАЦИОНЕН",
    "ИДЕНТ",
    "ЕИК",
    "БУЛСТАТ",
    // Elsewhere
    "ABN",
    "CNPJ",
    "RUC",
    "EIN",
];

/// Words that belong to a name and do not end a label: each could be the prefix of a number.
const INNER: &[&str] = &[
    "DE",
    "DI",
    "DU",
    "DELLA",
    "A",
    "E",
    "LA",
    "CF",
    "ПО",
    "EU",
    "EG",
    "OUR",
    "D",
    "IDENTIFICATION",
    "COMPANY",
    "UK",
    "GB",
];

/// Words that belong to a name and may end a label.
const CLOSING: &[&str] = &[
    "N",
    "NO",
    "NR",
    "NRO",
    "NUM",
    "NUMER",
    "NUMMER",
    "NUMERO",
    "NUMBER",
    "ID",
    "IDNR",
    "IDNO",
    "IDNUMMER",
    "IDENTNR",
    "REG",
    "REGNR",
    "REGNO",
    "REGISTRATION",
    "INTRACOMMUNAUTAIRE",
    "INTRACOM",
    "INTRA",
    "INTRACOMUNITARIO",
    "CODE",
    "KODAS",
    "NUMURS",
    "BROJ",
    "REGISTERED",
    "UE",
    "CF",
    "НОМЕР",
];

/// Every place where a label may end, the nearest first; empty when the text begins with no label.
pub(super) fn ends(text: &str) -> Vec<usize> {
    // The end of a word, and whether a name has occurred by then.
    let mut reached = vec![(0, false)];
    let mut ends = Vec::new();
    let mut next = 0;
    while let Some((at, named)) = reached.get(next).copied() {
        next += 1;
        let rest = text.get(at..).unwrap_or_default();
        let mut follow = |words: &[&str], named: bool, ending: bool| {
            for end in words.iter().filter(|word| rest.starts_with(**word)).map(|word| at + word.len()) {
                if !reached.contains(&(end, named)) {
                    reached.push((end, named));
                }
                if ending && !ends.contains(&end) {
                    ends.push(end);
                }
            }
        };
        follow(NAMES, true, true);
        follow(CLOSING, named, named);
        follow(INNER, named, false);
    }
    ends.sort_unstable();
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_has_a_name_and_ends_with_no_prefix() {
        let rest =
            |text: &'static str| ends(text).into_iter().map(|at| text.get(at..).unwrap()).collect::<Vec<_>>();
        assert_eq!(rest("BTWBE0403170701"), ["BE0403170701"]);
        assert_eq!(rest("NUMERODETVAFR40303265045"), ["DETVAFR40303265045", "FR40303265045"]);
        assert_eq!(rest("VATNO923609016"), ["NO923609016", "O923609016", "923609016"]);
        assert_eq!(rest("USTDE136695976"), ["DE136695976"]);
        for none in ["DE136695976", "NO923609016MVA", "NL004495445B01", "NRDE136695976", "ABC123", ""] {
            assert_eq!(rest(none), [""; 0], "{none}");
        }
    }

    #[test]
    fn no_name_begins_a_number() {
        use super::super::scheme::SCHEMES;
        for scheme in &SCHEMES {
            assert_eq!(ends(scheme.example), [0; 0], "{}", scheme.example);
        }
    }

    #[test]
    fn repeated_words_end_soon() {
        assert!(ends(&"N".repeat(300)).is_empty());
        assert!(ends(&"NOVAT".repeat(60)).len() < 300);
    }
}
