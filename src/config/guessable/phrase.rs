//! Texts made of words about keys, of dates and of digits.

/// Words that name the purpose of a key or say that it is none, and words that join them.
const WORDS: &str = "a access acme activation admin alone always and any api app application apps at auth \
    authentication backend base be bearer before better by change changed charger charging client cloud code \
    company config configuration cookie credential credentials data database default demo deploy deployment \
    dev develop developer development docker dont do dummy each encryption env environment ev every example \
    fake filler first for from front frontend generate generated global go here hmac hash hello i in ini \
    insecure internal into invitation invitations invite invites is it its jwt jwts key keys kubernetes last \
    link links live local localhost login long longer made main make master me micro microservice mobile \
    must my never new not now of old on one only operator our own pass passphrase password passwords phrase \
    placeholder platform please pre preprod private prod product production project public put qa random \
    real release replace root safe salt sample sandbox save secret secrets secure security server service \
    services session set sign signature signed signing site some something stage staging string strong super \
    sure system team temp temporary test tester testing tests text that the then this to todo token tokens \
    top two type use used user users value very we web website with work world you your bit bits byte bytes \
    char character characters minimum least at length deadbeef cafebabe";
/// The bits of a word at its first use. They are few, since the order of such words is easy to guess.
const NEW: f64 = 5.0;
/// The bits of a repeated word.
const AGAIN: f64 = 1.0;
/// The bits of a date or a time of day.
const DATE: f64 = 8.0;

/// Patterns of dates and times of day: `d` is a digit, `-` a separator.
const DATES: [&str; 6] = ["dddd-dd-dd", "dd-dd-dddd", "dd:dd:dd", "dd:dd", "dddd-dd", "dd-dd-dd"];

/// Whether a text has fewer than `enough` bits, since little is left of it without these words and dates.
/// Random text has at least 3.3 bits for each character, which is 106 for the shortest key.
pub(super) fn is_made_up(text: &str, enough: f64) -> bool {
    bits(text) < enough
}

/// The cheapest split of each prefix of the text: its bits, and its last piece.
#[derive(Clone)]
struct Way {
    bits: f64,
    from: usize,
    word: Option<&'static str>,
}

fn bits(text: &str) -> f64 {
    let written: Vec<char> = text.chars().map(|sign| sign.to_ascii_lowercase()).collect();
    let read: Vec<char> = written.iter().copied().map(letter).collect();
    let words: Vec<(&'static str, Vec<char>)> =
        WORDS.split_whitespace().map(|word| (word, word.chars().collect())).collect();
    let mut ways: Vec<Option<Way>> = vec![None; written.len() + 1];
    let start = Way { bits: 0.0, from: 0, word: None };
    for at in 0..written.len() {
        let bits = ways[at].as_ref().unwrap_or(&start).bits;
        let mut reach = |length: usize, more: f64, word| {
            let way = &mut ways[at + length];
            if way.as_ref().is_none_or(|way| bits + more < way.bits) {
                *way = Some(Way { bits: bits + more, from: at, word });
            }
        };
        reach(1, of_sign(written[at]), None);
        for (word, signs) in &words {
            // Digits count as letters in long words only: short ones match by chance.
            let text = if signs.len() < 4 { &written } else { &read };
            if text[at..].starts_with(signs) {
                reach(signs.len(), NEW, Some(word));
            }
        }
        if let Some(length) = date(&written[at..]) {
            reach(length, DATE, None);
        }
    }
    ways.last().and_then(Option::as_ref).unwrap_or(&start).bits - saved_by_repetition(&ways)
}

/// The bits that words cost less where they are repeated on the way to the end.
fn saved_by_repetition(ways: &[Option<Way>]) -> f64 {
    let (mut at, mut seen, mut saved) = (ways.len() - 1, std::collections::HashSet::new(), 0.0);
    while let Some(way) = ways[at].as_ref() {
        if way.word.is_some_and(|word| !seen.insert(word)) {
            saved += NEW - AGAIN;
        }
        at = way.from;
    }
    saved
}

/// The bits of a character that belongs to no word.
fn of_sign(sign: char) -> f64 {
    match sign {
        '0'..='9' => 3.3,
        'a'..='z' => 4.7,
        // Separators are easy to guess. Other signs are not used by people who write these words.
        sign if sign.is_ascii() => 1.0,
        _ => 5.0,
    }
}

/// The letter that a digit or a sign replaces, as in `s3cr3t`.
fn letter(sign: char) -> char {
    match sign {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        sign => sign,
    }
}

/// The length of the date that the text starts with.
fn date(text: &[char]) -> Option<usize> {
    let fits = |pattern: &&&str| {
        let signs = pattern.chars().zip(text);
        pattern.len() <= text.len()
            && signs.into_iter().all(|(pattern, sign)| match pattern {
                'd' => sign.is_ascii_digit(),
                '-' => matches!(sign, '-' | '/' | '.' | '_'),
                other => *sign == other,
            })
    };
    DATES.iter().find(fits).map(|pattern| pattern.len()).or_else(|| compact_date(text))
}

/// `20261128`, in this century or the last.
fn compact_date(text: &[char]) -> Option<usize> {
    let digits: String = text.get(..8)?.iter().collect();
    let number = |from: usize| digits.get(from..from + 2).and_then(|two| two.parse::<u32>().ok());
    let (century, month, day) = (number(0)?, number(4)?, number(6)?);
    (matches!(century, 19 | 20) && (1..=12).contains(&month) && (1..=31).contains(&day)).then_some(8)
}
