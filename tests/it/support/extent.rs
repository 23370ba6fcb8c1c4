//! How often tests repeat what they do: few times by default, and many times in the long form, which
//! `LONG_TESTS=1` builds.

/// Whether the tests were built in the long form.
pub const IS_LONG: bool = option_env!("LONG_TESTS").is_some();

/// The number for the long form, or the usual one.
pub const fn rounds(usual: usize, long: usize) -> usize {
    if IS_LONG { long } else { usual }
}
