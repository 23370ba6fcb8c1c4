//! Sub-accounts: who uses one, and the role of its first member.

closed_set! {
    /// Who uses a sub-account of a business.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum UsedBy {
        /// One person who works for the parent.
        Employee = "employee",
        /// A company that belongs to the parent.
        Subsidiary = "subsidiary",
    }
}

impl UsedBy {
    /// Who uses the sub-account when the inviter names only the role.
    #[must_use]
    pub fn default_for(role: MemberRole) -> Self {
        match role {
            MemberRole::Driver => Self::Employee,
            MemberRole::AccountOwner => Self::Subsidiary,
        }
    }
}

closed_set! {
    /// The role of a customer in an account.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum MemberRole {
        /// Manages the account and what is below it.
        AccountOwner = "account_owner",
        /// Charges cars and manages nothing.
        Driver = "driver",
    }
}

impl MemberRole {
    /// The role when the inviter names only who uses the sub-account.
    #[must_use]
    pub fn default_for(used_by: UsedBy) -> Self {
        match used_by {
            UsedBy::Employee => Self::Driver,
            UsedBy::Subsidiary => Self::AccountOwner,
        }
    }
}

/// The use of a new sub-account and the role of the invited person. The one invalid pair cannot be
/// constructed.
///
/// An employee may own the sub-account with which they charge; this is only not the default. A driver manages
/// nothing, so a subsidiary whose only member is a driver would be an account without a manager. A request
/// for that is a mistake in one of the two fields, and a default must not hide it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SubAccountUse {
    role: MemberRole,
    used_by: UsedBy,
}

/// A driver cannot be the first member of a subsidiary's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "A subsidiary's account needs an account owner: a driver manages nothing. Invite an account owner, or an \
    employee."
)]
pub struct DriverOfSubsidiary;

impl DriverOfSubsidiary {
    /// The stable code for programs.
    pub const CODE: &'static str = "driver_of_subsidiary";
}

impl SubAccountUse {
    /// From the role, and the use of the sub-account if given.
    ///
    /// # Errors
    /// [`DriverOfSubsidiary`] when the two contradict each other.
    pub fn of_role(role: MemberRole, used_by: Option<UsedBy>) -> Result<Self, DriverOfSubsidiary> {
        Self::of(role, used_by.unwrap_or_else(|| UsedBy::default_for(role)))
    }

    /// From the use of the sub-account, and the role if given.
    ///
    /// # Errors
    /// [`DriverOfSubsidiary`] when the two contradict each other.
    pub fn of_user(used_by: UsedBy, role: Option<MemberRole>) -> Result<Self, DriverOfSubsidiary> {
        Self::of(role.unwrap_or_else(|| MemberRole::default_for(used_by)), used_by)
    }

    fn of(role: MemberRole, used_by: UsedBy) -> Result<Self, DriverOfSubsidiary> {
        match (role, used_by) {
            (MemberRole::Driver, UsedBy::Subsidiary) => Err(DriverOfSubsidiary),
            _ => Ok(Self { role, used_by }),
        }
    }

    /// The role of the invited person.
    #[must_use]
    pub fn role(self) -> MemberRole {
        self.role
    }

    /// Who uses the sub-account.
    #[must_use]
    pub fn used_by(self) -> UsedBy {
        self.used_by
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_alone_is_no_subsidiary() {
        for role in MemberRole::ALL {
            let chosen = SubAccountUse::of_role(role, None).unwrap();
            assert_eq!(chosen, SubAccountUse::of_user(chosen.used_by(), None).unwrap(), "the defaults agree");
        }
        assert_eq!(
            SubAccountUse::of_role(MemberRole::Driver, Some(UsedBy::Subsidiary)),
            Err(DriverOfSubsidiary)
        );
        assert_eq!(
            SubAccountUse::of_user(UsedBy::Subsidiary, Some(MemberRole::Driver)),
            Err(DriverOfSubsidiary)
        );
        let manager = SubAccountUse::of_user(UsedBy::Employee, Some(MemberRole::AccountOwner)).unwrap();
        assert_eq!((manager.role(), manager.used_by()), (MemberRole::AccountOwner, UsedBy::Employee));
    }
}
