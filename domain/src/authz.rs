//! The one table of roles and actions.

use serde::{Deserialize, Serialize};

/// What a member may do in an organization, from most to least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, members included.
    Owner,
    /// Everything but deleting the organization and naming owners.
    Admin,
    /// Publishes apis and plans.
    Publisher,
    /// Reads.
    Viewer,
}

impl Role {
    /// Every role, for forms and tests.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Publisher, Self::Viewer];

    /// The word in the database and the manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Publisher => "publisher",
            Self::Viewer => "viewer",
        }
    }
}

/// Something a member of an organization can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// See the console of the organization: drafts, plans, subscribers, usage.
    ReadConsole,
    /// Create and change apis, versions, specs, upstreams.
    EditApi,
    /// Publish, deprecate, restore or retire a version.
    PublishVersion,
    /// Create and change plans.
    EditPlan,
    /// Approve, refuse or end subscriptions.
    ManageSubscribers,
    /// Add, change or remove members.
    ManageMembers,
    /// Read the audit log.
    ReadAudit,
}

impl Action {
    /// Every action, for tests.
    pub const ALL: [Self; 7] = [
        Self::ReadConsole,
        Self::EditApi,
        Self::PublishVersion,
        Self::EditPlan,
        Self::ManageSubscribers,
        Self::ManageMembers,
        Self::ReadAudit,
    ];

    /// Whether it only looks. Accounts whose address waits for verification may do nothing else.
    pub const fn is_read(self) -> bool {
        match self {
            Self::ReadConsole | Self::ReadAudit => true,
            Self::EditApi | Self::PublishVersion | Self::EditPlan | Self::ManageSubscribers | Self::ManageMembers => {
                false
            }
        }
    }
}

/// Whether `role` may do `action`. No wildcard over actions: a new one does not compile until somebody decides.
pub const fn allows(role: Role, action: Action) -> bool {
    match (role, action) {
        (Role::Owner | Role::Admin, _)
        | (
            Role::Publisher,
            Action::ReadConsole
            | Action::EditApi
            | Action::PublishVersion
            | Action::EditPlan
            | Action::ManageSubscribers,
        )
        | (Role::Viewer, Action::ReadConsole) => true,
        (Role::Publisher, Action::ManageMembers | Action::ReadAudit)
        | (
            Role::Viewer,
            Action::EditApi
            | Action::PublishVersion
            | Action::EditPlan
            | Action::ManageSubscribers
            | Action::ManageMembers
            | Action::ReadAudit,
        ) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads_as_decided() {
        let table: Vec<String> = Role::ALL
            .iter()
            .map(|role| {
                let allowed: Vec<_> = Action::ALL
                    .iter()
                    .filter(|a| allows(*role, **a))
                    .map(|a| format!("{a:?}"))
                    .collect();
                format!("{}: {}", role.as_str(), allowed.join(" "))
            })
            .collect();
        assert_eq!(
            table,
            [
                "owner: ReadConsole EditApi PublishVersion EditPlan ManageSubscribers ManageMembers ReadAudit",
                "admin: ReadConsole EditApi PublishVersion EditPlan ManageSubscribers ManageMembers ReadAudit",
                "publisher: ReadConsole EditApi PublishVersion EditPlan ManageSubscribers",
                "viewer: ReadConsole",
            ]
        );
    }
}
