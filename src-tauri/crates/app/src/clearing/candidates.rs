//! What may be worth clearing: found, explained, and left to a person.

use holdfast_contract::ApiError;
use holdfast_contract::clearing::{
    CandidateKind, CandidateStep, CleanupCandidate, CleanupCandidatesRequest, CleanupCandidatesResponse,
};
use holdfast_contract::connection::Connection;
use holdfast_contract::maintenance::{FindingLevel, MaintenanceKind};
use holdfast_contract::snapshot::Scope;
use holdfast_engine::{NamePurpose, Work, pattern};

use crate::clock;
use crate::connections::borrow;
use crate::connections::database::Database;
use crate::cx::Cx;
use crate::jobs::JobProgress;

const LOOKS_TEMPORARY: &[&str] =
    &["tmp_*", "temp_*", "*_tmp", "*_temp", "*_old", "*_bak", "*_backup", "*_copy", "zz_*"];

pub async fn find(cx: &Cx, request: CleanupCandidatesRequest) -> Result<CleanupCandidatesResponse, ApiError> {
    let connection = cx.catalog().connections().find(&request.connection).await?;
    let database = Database::of(cx, &connection).await?;
    let (mut candidates, mut not_seen) = (Vec::new(), Vec::new());
    for found in [
        empty_room(cx, &database, &connection).await,
        advice(&database).await,
        temporary(&database, &request.patterns).await,
        leftovers(cx, &database, &connection).await,
    ] {
        match found {
            Ok(found) => candidates.extend(found),
            // The others can still be told of.
            Err(error) => not_seen.push(error.message),
        }
    }
    Ok(CleanupCandidatesResponse { candidates, not_seen })
}

async fn empty_room(
    cx: &Cx,
    database: &Database,
    connection: &Connection,
) -> Result<Vec<CleanupCandidate>, ApiError> {
    let Some(maintain) = database.engine().maintain() else { return Ok(Vec::new()) };
    let work = Work {
        cancel: Default::default(),
        progress: std::sync::Arc::<JobProgress>::default(),
        scratch_dir: Default::default(),
        parallel: 1,
        clock: clock::reading(cx.clock()),
    };
    let report = maintain.maintain(MaintenanceKind::Bloat, &[], &work).await?;
    let kind = maintain.compacts();
    let mut lease = borrow(cx, connection).await?;
    let actions = maintain.actions(lease.session()).await?;
    lease.give_back().await;
    let offered = actions.into_iter().find(|action| action.kind == kind);
    let step = |table: &Option<String>| {
        let action = offered.as_ref()?;
        let table = table.clone().filter(|_| action.takes_tables);
        Some(CandidateStep::Maintain { action: kind, title: action.title.clone(), table })
    };
    let worth = report.findings.into_iter().filter(|finding| finding.level == FindingLevel::Warning);
    Ok(worth
        .map(|finding| CleanupCandidate {
            kind: CandidateKind::EmptyRoom,
            next: step(&finding.table),
            name: finding.table.unwrap_or_else(|| database.spec().database_name().to_owned()),
            why: format!("An estimate: {}. Maintenance gives it back.", finding.text),
            bytes: finding.bytes,
        })
        .collect())
}

async fn advice(database: &Database) -> Result<Vec<CleanupCandidate>, ApiError> {
    match database.engine().clear() {
        Some(clear) => clear.candidates().await.map_err(ApiError::from),
        None => Ok(Vec::new()),
    }
}

async fn temporary(database: &Database, patterns: &[String]) -> Result<Vec<CleanupCandidate>, ApiError> {
    let usual: Vec<String> = LOOKS_TEMPORARY.iter().map(|&pattern| pattern.to_owned()).collect();
    let patterns = if patterns.is_empty() { &usual } else { patterns };
    let plan = database.dump()?.plan(&Scope::default()).await?;
    let fitting = plan.tables.into_iter().filter_map(|table| {
        let by = patterns.iter().find(|by| pattern::matches(by, &table.table))?;
        Some(CleanupCandidate {
            kind: CandidateKind::TemporaryTable,
            name: table.table.to_string(),
            why: format!("Its name fits {by}; look into it before it goes."),
            bytes: table.estimated_bytes,
            next: Some(CandidateStep::Clear),
        })
    });
    Ok(fitting.collect())
}

/// Staging and scratch databases of ours whose work is over: a crash on another machine leaves them, or a lost network.
async fn leftovers(
    cx: &Cx,
    database: &Database,
    connection: &Connection,
) -> Result<Vec<CleanupCandidate>, ApiError> {
    let busy = cx.catalog().jobs().list(Some(connection.id.clone()), true, 1).await?;
    if !busy.is_empty() {
        return Ok(Vec::new());
    }
    let load = database.load()?;
    let databases = database.engine().databases().await?;
    let ours = databases.into_iter().filter(|name| is_unfinished(name));
    Ok(ours
        .map(|name| CleanupCandidate {
            kind: CandidateKind::LeftoverDatabase,
            next: load.drop_statement(&name).map(|sql| CandidateStep::Statement { sql }),
            name,
            why: "It is named as Holdfast names a restore or proof that is not finished, and none runs from here; another machine's may.".to_owned(),
            bytes: None,
        })
        .collect())
}

fn is_unfinished(name: &str) -> bool {
    [NamePurpose::Staging, NamePurpose::Scratch].iter().any(|purpose| {
        name.rsplit_once(&format!("_{}_", purpose.word())).is_some_and(|(base, tag)| {
            !base.is_empty() && tag.len() == 8 && tag.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::is_unfinished;

    #[test]
    fn only_names_that_we_give() {
        assert!(is_unfinished("shop_restoring_0a1b2c3d") && is_unfinished("shop_proof_0a1b2c3d"));
        for name in [
            "shop",
            "shop_restored_0a1b2c3d",
            "shop_before_0a1b2c3d",
            "shop_proof_reading",
            "_proof_0a1b2c3d",
        ] {
            assert!(!is_unfinished(name), "{name}");
        }
    }
}
