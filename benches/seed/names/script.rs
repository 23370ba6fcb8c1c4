//! What a script's names are made of.

/// A name, or a syllable of one, and its form in an address.
pub(super) type Spelling = (&'static str, &'static str);

/// The names of one script.
pub(super) struct Script {
    /// Of a hundred people, how many have a name of this script.
    pub(super) share: u32,
    /// Given names, the commonest first.
    pub(super) given: &'static [Spelling],
    /// Family names, the commonest first.
    pub(super) family: &'static [Spelling],
    /// Syllables of which rare names are made.
    pub(super) syllables: &'static [Spelling],
    /// What follows a word in the name of a company.
    pub(super) company: &'static [&'static str],
}
