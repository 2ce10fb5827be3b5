//! The list of operations, one file for each feature. A file turns requests into calls of a use case and
//! nothing more.

mod about;
mod audit;
mod backup;
mod clearing;
mod connection;
mod drill;
mod guard;
mod import;
mod job;
mod maintenance;
mod overview;
mod restore;
mod retention;
mod schedule;
mod session;
mod settings;
mod vault;

pub(crate) use about::infos;
use holdfast_contract::ApiError;
use holdfast_contract::policy::{Audit, Confirm, Permission, Policy, Risk};

use crate::catalog::CatalogError;
use crate::gate::Entry;

/// The one list: dispatch, policies, API description and types come from it.
macro_rules! operations {
    ($($room:ident::{$($name:ident),* $(,)?}),* $(,)?) => {
        pub static OPERATIONS: &[Entry] = &[$($(Entry::of::<$room::$name>()),*),*];
    };
}

operations![
    vault::{
        VaultStatusGet, VaultInit, VaultAttach, VaultUnlock, VaultLock, VaultCheck, VaultPrunePlanMake, VaultPruneApply,
        VaultRecoveryKit, VaultRecoveryKitSave, VaultChangePassphrase, SecretsStatusGet, SecretsUseFile,
    },
    connection::{
        ConnectionList, ConnectionGet, ConnectionAdd, ConnectionUpdate, ConnectionRemove, ConnectionTest,
        ConnectionParseUrl, DatabaseInspect, HealthCheck,
    },
    overview::{OverviewGet, SampleCreate},
    settings::{SettingsGet, SettingsUpdate},
    backup::{Plan, Create, List, Get, Verify, DeletePlan, DeleteApply, Export, ProofExport},
    drill::{Drill},
    guard::{Begin, Check, End, List, Get},
    restore::{Plan, Apply, List, Get, UndoPlan, UndoApply, ReleasePlan, ReleaseApply},
    import::{Plan, PlanGet, Apply},
    retention::{Get, Set, Plan, Apply, Run, Pin, GroupList, GroupPreview, GroupSet},
    maintenance::{List, Plan, Run, History},
    clearing::{ClearPlan, ClearApply, Candidates, List, Preview, Set, Remove, Run},
    session::{List, ClosePlan, CloseApply, Ask},
    schedule::{List, Get, Add, Update, Remove, RunNow, Preview, Coming, RunList},
    job::{JobList, JobGet, JobLog, JobCancel},
    audit::{AuditList, AuditVerify},
    about::{AboutGet},
];

/// Reads only; nothing worth a record.
const READ: Policy = Policy {
    needs: Permission::View,
    risk: Risk::Read,
    confirm: Confirm::None,
    audit: Audit::None,
    schedulable: false,
};

/// Changes Holdfast's own data; a person's everyday work.
const CHANGE: Policy = Policy { needs: Permission::Operate, risk: Risk::Change, audit: Audit::Both, ..READ };

/// Changes what others rely on: connections, keys, settings.
const ADMINISTER: Policy = Policy { needs: Permission::Administer, ..CHANGE };

/// What a plan was made from, for applying it.
fn kept_request<T: serde::de::DeserializeOwned>(plan: &crate::catalog::Plan) -> Result<T, ApiError> {
    serde_json::from_value(plan.request.clone()).map_err(|error| ApiError::from(CatalogError::from(error)))
}
