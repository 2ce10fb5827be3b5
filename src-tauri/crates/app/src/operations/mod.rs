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
use holdfast_contract::backup::BackupDeletePlan;
use holdfast_contract::clearing::{CleanupRulePlan, TableClearPlan};
use holdfast_contract::import::ImportPlan;
use holdfast_contract::maintenance::MaintenancePlan;
use holdfast_contract::restore::{RestoreFollowUpPlan, RestorePlan};
use holdfast_contract::retention::{GroupRetentionSetPlan, RetentionPlan, RetentionSetPlan};
use holdfast_contract::schedule::ScheduleAgreePlan;
use holdfast_contract::session::SessionClosePlan;
use holdfast_contract::vault::VaultPrunePlan;

use crate::gate::{Entry, shown};

/// The one list: dispatch, policies, API description and types come from it.
///
/// `reads`: looks and answers. `does`: done when it answers. `starts`: a job. `plans`: a plan and what applies it. `applies`: the
/// latter alone, where the plan is a job's result. `stands`: acts by rules that were agreed to.
macro_rules! operations {
    (@ [$($entry:expr,)*]) => { pub static OPERATIONS: &[Entry] = &[$($entry,)*]; };
    (@ [$($done:expr,)*] reads $name:path, $($rest:tt)*) => { operations!(@ [$($done,)* Entry::reading::<$name>(),] $($rest)*); };
    (@ [$($done:expr,)*] does $name:path, $($rest:tt)*) => { operations!(@ [$($done,)* Entry::operation::<$name>(),] $($rest)*); };
    (@ [$($done:expr,)*] starts $name:path, $($rest:tt)*) => { operations!(@ [$($done,)* Entry::starting::<$name>(),] $($rest)*); };
    (@ [$($done:expr,)*] plans $name:path, $($rest:tt)*) => {
        operations!(@ [$($done,)* Entry::plan::<$name>(), Entry::apply::<$name>(),] $($rest)*);
    };
    (@ [$($done:expr,)*] applies $name:path, $($rest:tt)*) => { operations!(@ [$($done,)* Entry::apply::<$name>(),] $($rest)*); };
    (@ [$($done:expr,)*] stands $name:path, $($rest:tt)*) => { operations!(@ [$($done,)* Entry::standing::<$name>(),] $($rest)*); };
    ($($all:tt)*) => { operations!(@ [] $($all)*); };
}

operations![
    reads vault::VaultStatusGet,
    does vault::VaultInit,
    does vault::VaultAttach,
    does vault::VaultUnlock,
    does vault::VaultLock,
    starts vault::VaultCheck,
    plans vault::VaultPrune,
    does vault::VaultRecoveryKit,
    does vault::VaultRecoveryKitSave,
    does vault::VaultChangePassphrase,
    reads vault::SecretsStatusGet,
    does vault::SecretsUseFile,
    reads connection::ConnectionList,
    reads connection::ConnectionGet,
    does connection::ConnectionAdd,
    does connection::ConnectionUpdate,
    does connection::ConnectionRemove,
    reads connection::ConnectionTest,
    reads connection::ConnectionParseUrl,
    reads connection::DatabaseInspect,
    reads connection::HealthCheck,
    reads overview::OverviewGet,
    does overview::SampleCreate,
    reads settings::SettingsGet,
    does settings::SettingsUpdate,
    reads backup::Plan,
    starts backup::Create,
    reads backup::List,
    reads backup::Get,
    starts backup::Verify,
    plans backup::Delete,
    starts backup::Export,
    does backup::ProofExport,
    starts drill::Drill,
    starts guard::Begin,
    does guard::Check,
    does guard::End,
    reads guard::List,
    reads guard::Get,
    plans restore::Start,
    reads restore::List,
    reads restore::Get,
    plans restore::Undo,
    plans restore::Release,
    starts import::LookThrough,
    reads import::PlanGet,
    applies import::Import,
    reads retention::Get,
    plans retention::Set,
    plans retention::Once,
    stands retention::Run,
    does retention::Pin,
    reads retention::GroupList,
    reads retention::GroupPreview,
    plans retention::GroupSet,
    reads maintenance::List,
    plans maintenance::Once,
    stands maintenance::Run,
    reads maintenance::History,
    plans clearing::Clear,
    reads clearing::Candidates,
    reads clearing::List,
    reads clearing::Preview,
    plans clearing::Set,
    does clearing::Remove,
    stands clearing::Run,
    reads session::List,
    plans session::Close,
    does session::Ask,
    reads session::Pool,
    reads schedule::List,
    reads schedule::Get,
    does schedule::Add,
    does schedule::Update,
    does schedule::Remove,
    plans schedule::Agree,
    does schedule::RunNow,
    reads schedule::Preview,
    reads schedule::Coming,
    reads schedule::RunList,
    reads job::JobList,
    reads job::JobGet,
    reads job::JobLog,
    does job::JobCancel,
    reads audit::AuditList,
    reads audit::AuditVerify,
    reads about::AboutGet,
];

shown![
    BackupDeletePlan,
    CleanupRulePlan,
    GroupRetentionSetPlan,
    ImportPlan,
    MaintenancePlan,
    RestoreFollowUpPlan,
    RestorePlan,
    RetentionPlan,
    RetentionSetPlan,
    ScheduleAgreePlan,
    SessionClosePlan,
    TableClearPlan,
    VaultPrunePlan,
];
