//! Identifiers: opaque lower-hex strings, typed so that one cannot stand in for another.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String)]
        pub struct $name(pub String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    )*};
}

id! {
    /// A connection in the catalog.
    ConnectionId;
    /// A backup: the id of its manifest in the vault (32 hex digits). Commands accept an unambiguous prefix.
    BackupId;
    /// One restore, with its journal and what it kept.
    RestoreId;
    /// One run of long work.
    JobId;
    /// A plan that was shown and may be applied.
    PlanId;
    /// A stored call with its times.
    ScheduleId;
    /// One attempt at one due time of a schedule.
    RunId;
    /// A rule that lets old rows go.
    CleanupRuleId;
    /// What is around a guarded command.
    GuardId;
    /// A vault (32 hex digits), the same on every machine that opens it.
    VaultId;
}
