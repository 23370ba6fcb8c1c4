//! Operations for the holder of an activation link: preview, activate, renew. The link's token is the only
//! credential.

pub(in crate::http) mod activate;
pub(in crate::http) mod preview;
pub(in crate::http) mod renew;
