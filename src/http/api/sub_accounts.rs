//! Two routes that invite a sub-account user: from the users overview, and from an account's page.

pub(in crate::http) mod create;
pub(in crate::http) mod invite;

use crate::domain::sub_account::{DriverOfSubsidiary, SubAccountUse};
use crate::http::extract::members::{MemberError, Members};

/// The use of the account, or a fault of the member that contradicts it.
fn contradiction(
    members: &mut Members,
    name: &str,
    chosen: Result<SubAccountUse, DriverOfSubsidiary>,
) -> Option<SubAccountUse> {
    match chosen {
        Ok(chosen) => Some(chosen),
        Err(error) => {
            members.fault(name, MemberError(DriverOfSubsidiary::CODE, error.to_string()));
            None
        }
    }
}
