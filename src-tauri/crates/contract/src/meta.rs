//! About the program itself.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::offers::Offers;
use crate::policy::Policy;

/// Request or response of operations that need none.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Empty {}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct About {
    pub version: String,
    pub sqlite_version: String,
    pub home: String,
    pub secrets: SecretsStatus,
    pub operations: Vec<OperationInfo>,
    /// Every kind of database, before there is a connection: what forms ask, and backups whose connection is gone.
    pub engines: Vec<Offers>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OperationInfo {
    pub name: String,
    pub policy: Policy,
    /// The name of the result's type, where it starts a job and answers with that.
    #[serde(default)]
    pub starts: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecretsBackend {
    Keychain,
    /// Sealed by a passphrase; chosen by the user.
    File,
    /// The keychain cannot be used and the file has not been chosen.
    Unavailable,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SecretsStatus {
    pub backend: SecretsBackend,
    /// The sealed file (or the keychain) waits for its passphrase.
    pub locked: bool,
    /// The sealed file is there; without it, its first passphrase is yet to be chosen.
    #[serde(default)]
    pub made: bool,
    pub problem: Option<crate::error::ApiError>,
}

/// Chooses the sealed file (made if it is not there) or opens it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SecretsUseFileRequest {
    #[schema(write_only)]
    pub passphrase: crate::connection::Password,
}
