//! The macro for the table of variables: it generates [`Variable`] constants and [`super::Config`] from rows.

use crate::{domain::locale::Locale, mail};

/// One environment variable, as `--help` explains it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// The text that is read when it is not set; empty when there is none.
    pub default: &'static str,
    /// What it means. `{languages}` and `{providers}` stand for lists that are made from tables.
    pub meaning: &'static str,
}

impl Variable {
    /// What it means, for people.
    #[must_use]
    pub fn explanation(&self) -> String {
        self.meaning.replace("{languages}", &Locale::known()).replace("{providers}", &mail::url_forms())
    }
}

/// Makes from each row: a constant of the variable's name, its entry in `variables`, a field of `Config`, and
/// the reading of that field. The documentation of a row is the text that `--help` prints.
///
/// - `NAME = "default" => field: Type = expression;` reads the field. In the expression `$entry` is the
///   variable's [`super::reader::Entry`], and the fields of the rows above it are in scope, each an `Option`
///   that is `None` when it is faulty.
/// - `NAME = "default";` has no field of its own: it is read together with other variables.
/// - `rows_of expression;` after a row adds variables that are made from another table.
/// - `combined { field: Type = expression; }` reads such a field. There `$reader` is the
///   [`super::reader::Reader`].
///
/// Every expression is an `Option`: `None` means that a fault has been reported. All are evaluated before the
/// first `None` returns, so that every fault is reported.
macro_rules! registry {
    (
        $entry:ident, $reader:ident;
        $( $(#[doc = $meaning:literal])+
           $NAME:ident = $default:literal $(=> $field:ident: $Type:ty = $read:expr)?;
           $(rows_of $more:expr;)? )+
        combined { $( $(#[doc = $combined_doc:literal])+ $combined:ident: $Combined:ty = $combine:expr; )+ }
    ) => {
        $(
            $(#[doc = $meaning])+
            pub const $NAME: Variable = Variable {
                name: stringify!($NAME),
                default: $default,
                meaning: concat!($($meaning),+).trim_ascii_start(),
            };
        )+

        /// Every variable, in the order of `--help`.
        pub fn variables() -> impl Iterator<Item = &'static Variable> {
            [$( std::slice::from_ref(&$NAME), $($more,)? )+].into_iter().flatten()
        }

        /// The whole configuration, read and checked.
        #[derive(Clone)]
        #[expect(missing_docs, reason = "a field is explained at the constant of its variable")]
        pub struct Config {
            $( $( pub $field: $Type, )? )+
            $( $(#[doc = $combined_doc])+ pub $combined: $Combined, )+
            /// The names of the variables that are set.
            pub(super) given: BTreeSet<&'static str>,
        }

        impl Config {
            /// Reads every field; `None` when one is faulty.
            pub(super) fn read_fields($reader: &mut Reader<'_>) -> Option<Self> {
                $( $( let $field: Option<$Type> = { let mut $entry = $reader.entry(&$NAME); $read }; )? )+
                $( let $combined: Option<$Combined> = $combine; )+
                Some(Self {
                    $( $( $field: $field?, )? )+
                    $( $combined: $combined?, )+
                    given: $reader.given_names(),
                })
            }
        }
    };
}

pub(super) use registry;
