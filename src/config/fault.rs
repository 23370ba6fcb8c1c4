//! The error of the configuration.

/// A fault of one variable: its name, and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFault(pub String);
