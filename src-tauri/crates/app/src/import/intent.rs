//! What an import was asked for, with every choice made and the file looked through.
//!
//! The report is kept with the plan, so that applying does not read the file twice; the run proves by its hash that it
//! is the file that was shown.

use std::path::Path;

use holdfast_contract::connection::Connection;
use holdfast_contract::import::{ImportInto, ImportPlanRequest, ScriptReport, SqlDialect};
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::script::{self, RunScript, Script};
use holdfast_engine::{NamePurpose, Work};
use serde::{Deserialize, Serialize};

use crate::change::file_name;
use crate::change::target::Target;
use crate::connections::database::{Database, tag};

/// What was asked for, with every choice made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    pub file: String,
    #[serde(flatten)]
    pub target: Target,
    pub into: ImportInto,
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
        let target = match (request.into, &request.database) {
            (ImportInto::New, name) => {
                let name = match name {
                    Some(name) => database.valid_name(name.clone())?,
                    None => database
                        .made_up_name(NamePurpose::Restored, &tag)?
                        .replace("_restored_", "_imported_"),
                };
                must_be_free(database, &name).await?;
                Target::beside(&connection.id, database, name, database.live(), &tag)?
            }
            (ImportInto::Live | ImportInto::Replace, Some(_)) => {
                return Err(ApiError::new(
                    ErrorCode::BadRequest,
                    "An import either makes a new database or goes into the live one.",
                )
                .hint("Give a database name, or ask for the live database, not both."));
            }
            (ImportInto::Replace, None) => Target::in_place(&connection.id, database, &tag)?,
            (ImportInto::Live, None) => {
                let unused = database.made_up_name(NamePurpose::Staging, &tag)?;
                Target::within(&connection.id, database, unused, None)
            }
        };
        let own = runner(database)?.dialect();
        let report = look_through(request, own, work).await?;
        Ok(Self {
            file: request.file.clone(),
            target,
            into: request.into,
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

    pub(crate) fn file_name(&self) -> String {
        file_name(&self.file)
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

pub(super) async fn must_be_free(database: &Database, name: &str) -> Result<(), ApiError> {
    if !database.load()?.exists(name).await? {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::TargetExists, format!("{name} exists already."))
        .hint("Choose another name; to import over the live database ask for that."))
}
