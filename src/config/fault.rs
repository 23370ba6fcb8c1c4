//! What is wrong with the configuration.

/// What is wrong with one variable: its name, and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFault(pub String);
