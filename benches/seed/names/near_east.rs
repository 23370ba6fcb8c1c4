//! Names in Arabic and Hebrew letters, which are written from right to left.

use super::script::Script;

pub(super) const ARABIC: Script = Script {
    share: 5,
    given: &[
        ("محمد", "mohammed"),
        ("فاطمة", "fatima"),
        ("أحمد", "ahmad"),
        ("عائشة", "aisha"),
        ("يوسف", "yusuf"),
        ("ليلى", "layla"),
        ("عبد الله", "abdullah"),
        ("زينب", "zaynab"),
    ],
    family: &[
        ("الحسن", "alhassan"),
        ("المصري", "almasri"),
        ("حداد", "haddad"),
        ("خليل", "khalil"),
        ("النجار", "alnajjar"),
        ("منصور", "mansour"),
        ("الزهراني", "alzahrani"),
        ("عمران", "omran"),
    ],
    syllables: &[
        ("با", "ba"),
        ("در", "dar"),
        ("سل", "sal"),
        ("ما", "ma"),
        ("نور", "nur"),
        ("ري", "ri"),
        ("هاد", "had"),
        ("كم", "kam"),
        ("وي", "wi"),
        ("شا", "sha"),
    ],
    company: &[" للطاقة", " للنقل", " ش.م.م", " وشركاه"],
};

pub(super) const HEBREW: Script = Script {
    share: 2,
    given: &[
        ("נועה", "noa"),
        ("דוד", "david"),
        ("יעל", "yael"),
        ("איתי", "itai"),
        ("שירה", "shira"),
        ("משה", "moshe"),
    ],
    family: &[
        ("כהן", "cohen"),
        ("לוי", "levi"),
        ("מזרחי", "mizrahi"),
        ("פרץ", "peretz"),
        ("בן־דוד", "bendavid"),
        ("אברהם", "avraham"),
    ],
    syllables: &[
        ("בר", "bar"),
        ("גל", "gal"),
        ("דן", "dan"),
        ("שי", "shai"),
        ("טל", "tal"),
        ("מור", "mor"),
        ("רון", "ron"),
        ("לי", "li"),
    ],
    company: &[" בע״מ", " אנרגיה", " ובניו"],
};
