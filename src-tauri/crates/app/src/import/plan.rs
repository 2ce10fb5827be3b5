//! What an import would do: the file looked through, the target looked at, nothing changed.
//!
//! The report is kept with the plan, so that applying does not read the file twice; the run proves by its hash that it
//! is the file that was shown.

use std::path::Path;

use holdfast_contract::connection::{Connection, ConnectionSpec, Environment};
use holdfast_contract::import::{ImportInto, ImportPlan, ImportPlanRequest, ScriptReport, SqlDialect};
use holdfast_contract::snapshot::EngineKind;
use holdfast_contract::{ApiError, BackupId, ConnectionId, ErrorCode, PlanId};
use holdfast_engine::script::{self, RunScript, Script};
use holdfast_engine::{NamePurpose, Work};
use serde::{Deserialize, Serialize};

use super::words;
use crate::connections::database::{Database, tag};
use crate::{restore, text};

/// What was asked for, with every choice made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Intent {
    pub file: String,
    pub connection: ConnectionId,
    pub into: ImportInto,
    pub database: String,
    pub staging: String,
    pub kept_as: Option<String>,
    pub without_owners: bool,
    pub report: ScriptReport,
}

impl Intent {
    /// Reads the whole file. Cancellable.
    pub(crate) async fn new(
        request: &ImportPlanRequest,
        connection: &Connection,
        database: &Database,
        work: &Work,
    ) -> Result<Self, ApiError> {
        if database.is_read_only() {
            return Err(ApiError::new(
                ErrorCode::ReadOnly,
                format!(
                    "“{}” is read-only: Holdfast may not make or change a database there.",
                    connection.name
                ),
            )
            .hint("Choose another connection, or take the read-only switch off this one."));
        }
        if !Path::new(&request.file).is_absolute() {
            return Err(ApiError::new(ErrorCode::BadRequest, "The SQL file is given by its full path."));
        }
        let tag = tag()?;
        let name = match (request.into, &request.database) {
            (ImportInto::New, Some(name)) => database.valid_name(name.clone())?,
            (ImportInto::New, None) => {
                database.made_up_name(NamePurpose::Restored, &tag)?.replace("_restored_", "_imported_")
            }
            (_, Some(_)) => {
                return Err(ApiError::new(
                    ErrorCode::BadRequest,
                    "An import either makes a new database or goes into the live one.",
                )
                .hint("Give a database name, or ask for the live database, not both."));
            }
            (_, None) => database.live().to_owned(),
        };
        let staging = match (request.into, database.kind()) {
            // A SQLite file is renamed within its folder.
            (ImportInto::New, EngineKind::Sqlite) => {
                database.load()?.made_up_name(&name, NamePurpose::Staging, &tag)
            }
            _ => database.made_up_name(NamePurpose::Staging, &tag)?,
        };
        let kept_as = match request.into {
            ImportInto::Replace => Some(database.made_up_name(NamePurpose::Kept, &tag)?),
            _ => None,
        };
        if request.into == ImportInto::New {
            must_be_free(database, &name).await?;
        }
        let own = runner(database)?.dialect();
        let report = look_through(request, own, work).await?;
        Ok(Self {
            file: request.file.clone(),
            connection: connection.id.clone(),
            into: request.into,
            database: name,
            staging,
            kept_as,
            without_owners: request.without_owners,
            report,
        })
    }

    /// Nothing in the file forbids one transaction around everything.
    pub(crate) fn one_transaction(&self) -> bool {
        self.report.dialect != SqlDialect::Mysql && self.report.outside_transaction.is_empty()
    }

    pub(crate) fn script(&self) -> Script {
        Script {
            file: self.file.clone().into(),
            dialect: self.report.dialect,
            hash: self.report.hash.clone(),
            without_owners: self.without_owners,
            one_transaction: self.one_transaction(),
        }
    }

    /// As the journal of restores keeps it.
    pub(crate) fn as_restore(&self) -> restore::intent::Intent {
        restore::intent::Intent {
            backup: BackupId::from(""),
            connection: self.connection.clone(),
            replace: self.into == ImportInto::Replace,
            database: self.database.clone(),
            staging: self.staging.clone(),
            kept_as: self.kept_as.clone(),
            tables: None,
            globals: false,
            map_definers: false,
        }
    }

    pub(crate) fn file_name(&self) -> String {
        let path = Path::new(&self.file);
        path.file_name().map_or_else(|| self.file.clone(), |name| name.to_string_lossy().into_owned())
    }
}

async fn look_through(
    request: &ImportPlanRequest,
    own: SqlDialect,
    work: &Work,
) -> Result<ScriptReport, ApiError> {
    let (file, asked, without_owners) = (request.file.clone(), request.dialect, request.without_owners);
    let work = work.clone();
    let reading = tokio::task::spawn_blocking(move || {
        let path = Path::new(&file);
        let (dialect, because) = match asked {
            Some(dialect) => (dialect, "it was chosen".to_owned()),
            None => script::guess(path)?
                .unwrap_or_else(|| (own, "nothing in it tells; it is the connection's own".to_owned())),
        };
        script::survey(path, dialect, &because, without_owners, &work)
    });
    match reading.await {
        Ok(report) => report.map_err(ApiError::from),
        Err(error) => {
            Err(ApiError::new(ErrorCode::Internal, format!("Reading the file stopped early: {error}.")))
        }
    }
}

pub(crate) fn runner(database: &Database) -> Result<&dyn RunScript, ApiError> {
    database.engine().script().ok_or_else(|| {
        ApiError::new(ErrorCode::Unsupported, "Holdfast cannot run SQL files on this kind of database yet.")
    })
}

async fn must_be_free(database: &Database, name: &str) -> Result<(), ApiError> {
    if !database.load()?.exists(name).await? {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::TargetExists, format!("{name} exists already."))
        .hint("Choose another name; to import over the live database ask for that."))
}

/// The plan without its id and digest. What could be put right comes as blockers.
pub(crate) async fn plan(
    intent: &Intent,
    connection: &Connection,
    database: &Database,
) -> Result<ImportPlan, ApiError> {
    let report = &intent.report;
    if intent.into == ImportInto::New {
        must_be_free(database, &intent.database).await?;
    } else {
        database.engine().ping().await?;
    }
    let mut blockers = words::blockers(intent);
    let mut warnings = words::warnings(intent);
    if runner(database)?.dialect() == report.dialect {
        let preflight = runner(database)?.preflight(report).await?;
        blockers.extend(preflight.blockers);
        warnings.extend(preflight.warnings);
    } else {
        blockers.push(format!(
            "The file is in {} ({}), and “{}” is another kind of database.",
            words::dialect(report.dialect),
            report.dialect_because,
            connection.name
        ));
    }
    blockers.extend(no_room(database, intent));
    let sessions_to_end = match intent.into {
        ImportInto::Replace => database.swap()?.sessions().await?,
        _ => Vec::new(),
    };
    let touches_live = intent.into != ImportInto::New;
    Ok(ImportPlan {
        plan_id: PlanId::from(""),
        digest: String::new(),
        file: intent.file.clone(),
        report: report.clone(),
        connection_id: connection.id.clone(),
        connection_name: connection.name.clone(),
        into: intent.into,
        database: intent.database.clone(),
        staging: (intent.into != ImportInto::Live).then(|| intent.staging.clone()),
        kept_as: intent.kept_as.clone(),
        one_transaction: intent.one_transaction(),
        safety_backup: touches_live,
        steps: words::steps(intent, connection, &sessions_to_end),
        sessions_to_end,
        blockers,
        warnings,
        loses: words::loses(intent, connection),
        confirm_name: touches_live.then(|| connection.spec.database_name().to_owned()),
        estimated_ms: words::estimate(report),
    })
}

/// A new SQLite file is about as large as its text.
fn no_room(database: &Database, intent: &Intent) -> Option<String> {
    if database.kind() != EngineKind::Sqlite {
        return None;
    }
    let folder = Path::new(&intent.staging).parent()?;
    let free = holdfast_vault::storage::free_bytes(folder)?;
    (free < intent.report.text_bytes).then(|| {
        format!(
            "{} has {} free; the text alone is {}.",
            folder.display(),
            text::size(free),
            text::size(intent.report.text_bytes)
        )
    })
}

/// What a person agrees to, as the digest covers it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Material {
    intent: Intent,
    spec: ConnectionSpec,
    environment: Environment,
    blockers: Vec<String>,
}

impl Material {
    pub(crate) fn new(intent: &Intent, connection: &Connection, plan: &ImportPlan) -> Self {
        Self {
            intent: intent.clone(),
            spec: connection.spec.clone(),
            environment: connection.environment,
            blockers: plan.blockers.clone(),
        }
    }
}

/// A plan with blockers can be looked at but not applied.
pub(crate) fn require_unblocked(plan: &ImportPlan) -> Result<(), ApiError> {
    if plan.blockers.is_empty() {
        return Ok(());
    }
    let shown: Vec<&str> = plan.blockers.iter().take(5).map(String::as_str).collect();
    Err(ApiError::new(ErrorCode::Unsupported, format!("The import cannot start: {}", shown.join(" ")))
        .hint("Put this right in the file or on the target, and plan again."))
}
