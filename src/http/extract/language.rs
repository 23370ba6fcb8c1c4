//! The language of a page where the person's own is not known.

use std::cmp::Reverse;

use actix_web::{
    HttpRequest,
    http::header::{AcceptLanguage, Header, LanguageTag, Preference, Quality},
};

use crate::domain::locale::Locale;

/// The language that the browser asks for (`Accept-Language`, RFC 9110 §12.5.4), by the lookup of RFC 4647
/// §3.4: the supported one of the highest weight, and of equal weights the first, whatever the region. A `*`,
/// a header that cannot be read, and one that names no supported language stand for `default`. A weight of 0
/// refuses a language: `*` is then the first of the others.
pub fn language(request: &HttpRequest, default: Locale) -> Locale {
    let Ok(AcceptLanguage(mut ranges)) = AcceptLanguage::parse(request) else { return default };
    // The sort keeps the order of equal weights.
    ranges.sort_by_key(|range| Reverse(range.quality));
    let (accepted, refused): (Vec<_>, Vec<_>) =
        ranges.iter().partition(|range| range.quality > Quality::ZERO);
    let refused: Vec<Locale> = refused.into_iter().filter_map(|range| named(&range.item)).collect();
    let any = || [default].into_iter().chain(Locale::ALL).find(|locale| !refused.contains(locale));
    let found = accepted.into_iter().find_map(|range| match range.item {
        Preference::Any => any(),
        Preference::Specific(_) => named(&range.item),
    });
    found.unwrap_or(default)
}

/// The supported language that a range names.
fn named(range: &Preference<LanguageTag>) -> Option<Locale> {
    Locale::parse(range.item()?.primary_language()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::{http::header::ACCEPT_LANGUAGE, test::TestRequest};

    #[test]
    fn the_supported_language_of_the_highest_weight() {
        for (lines, expected) in [
            ("", Locale::Nl),
            ("de", Locale::De),
            ("DE-at", Locale::De),
            ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", Locale::Fr),
            ("es-ES, es;q=0.9, en;q=0.8, de;q=0.9", Locale::De),
            ("en;q=0.8, de;q=0.80", Locale::En),
            ("en;q=0.001, de;q=0.01 , fr;q=0.1", Locale::Fr),
            ("en;q=0.8\nfr ; q=0.9", Locale::Fr),
            ("es, it;q=0.5", Locale::Nl),
            ("es, *;q=0.1", Locale::Nl),
            ("*, de;q=0.9", Locale::Nl),
            ("de;q=0, en;q=0.1", Locale::En),
            ("de;q=0", Locale::Nl),
            ("nl;q=0, *", Locale::En),
            ("nl;q=0, en;q=0.000, *;q=0.3", Locale::De),
            ("*;q=0", Locale::Nl),
            // What cannot be read is ignored.
            ("de;q=2, fr;q=x, en;q=0.1", Locale::En),
            ("de-, fr_FR, en-US", Locale::En),
            (";;,,q=1,\"\nen", Locale::En),
            ("d\u{e9}, en", Locale::Nl),
        ] {
            let request = lines.lines().fold(TestRequest::default(), |request, value| {
                request.append_header((ACCEPT_LANGUAGE, value.as_bytes()))
            });
            assert_eq!(language(&request.to_http_request(), Locale::Nl), expected, "{lines:?}");
        }
    }
}
