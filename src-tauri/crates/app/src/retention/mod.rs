//! Letting go of old backups by rules: what would go, why the rest stays, and carrying it out.

pub mod groups;
mod judge;

use std::collections::BTreeMap;

use chrono_tz::Tz;
use holdfast_contract::backup::{Backup, Level};
use holdfast_contract::connection::Connection;
use holdfast_contract::event::Topic;
use holdfast_contract::retention::{
    Retention, RetentionOutcome, RetentionPlan, RetentionPlanRequest, RetentionRules, RetentionSetPlan,
    RetentionSetRequest, StayingBackup,
};
use holdfast_contract::{ApiError, BackupId, ConnectionId, ErrorCode, PlanId};
use holdfast_engine::SnapshotSource;
use holdfast_vault::Vault;
use serde::{Deserialize, Serialize};

use crate::backup::source::VaultSource;
use crate::backup::{list, pins, shelf};
use crate::catalog::{Plan, Subject};
use crate::consent::{self, Consent};
use crate::cx::Cx;
use crate::vaults;
use judge::{Candidate, judge};

/// A number that is no rule any more but a slip of the hand.
const MOST: u32 = 10_000;
/// One run may always take this many, whatever would have gone when somebody agreed.
const LEAST_MOST: u64 = 10;

/// The rules that hold for a connection, and where their consent stands.
pub async fn get(cx: &Cx, connection: &Connection) -> Result<Retention, ApiError> {
    let held = held(cx, connection).await?;
    let given = cx.catalog().consents().get(&Subject::Retention(connection.id.clone())).await?;
    let consent = match held.rules == RetentionRules::default() {
        true => None,
        false => Some(consent::state(&digest(&held)?, given.as_ref())),
    };
    Ok(Retention { consent, ..held })
}

/// Its own, or else its group's, or none.
async fn held(cx: &Cx, connection: &Connection) -> Result<Retention, ApiError> {
    match cx.catalog().retention().get(&connection.id).await? {
        Some(own) => Ok(own),
        None => inherited(cx, connection).await,
    }
}

async fn inherited(cx: &Cx, connection: &Connection) -> Result<Retention, ApiError> {
    let of_group = match &connection.group {
        Some(group) => groups::get(cx, group).await?,
        None => None,
    };
    let (rules, zone, of_group) = match of_group {
        Some(set) => (set.rules, set.zone, Some(set.group)),
        None => (RetentionRules::default(), "UTC".to_owned(), None),
    };
    Ok(Retention { connection_id: connection.id.clone(), rules, zone, of_group, consent: None })
}

/// Of the rules and of whose backups they are about: the same now as when somebody agreed.
pub fn digest(held: &Retention) -> Result<String, ApiError> {
    Plan::digest_of(&(&held.connection_id, &held.rules, &held.zone))
}

/// What is agreed to with rules.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetIntent {
    pub connection: ConnectionId,
    pub retention: Retention,
    pub inherit: bool,
    pub most: u64,
}

/// With every choice made.
pub async fn settle(cx: &Cx, request: RetentionSetRequest) -> Result<SetIntent, ApiError> {
    let connection = cx.catalog().connections().find(&request.connection).await?;
    let retention = match request.inherit {
        true => inherited(cx, &connection).await?,
        false => {
            let zone = match request.zone {
                Some(zone) => zone,
                None => held(cx, &connection).await?.zone,
            };
            let (connection_id, rules) = (connection.id.clone(), request.rules);
            Retention { connection_id, rules, zone, of_group: None, consent: None }
        }
    };
    checked(&retention.rules, &retention.zone)?;
    let going = plan(cx, &connection, retention.clone()).await?.going.len() as u64;
    let most = request.most_backups.unwrap_or((going * 2).max(LEAST_MOST));
    Ok(SetIntent { connection: connection.id, retention, inherit: request.inherit, most })
}

/// Without id and digest.
pub async fn set_plan(cx: &Cx, intent: &SetIntent) -> Result<(RetentionSetPlan, Connection), ApiError> {
    let connection = cx.catalog().connections().find(intent.connection.as_str()).await?;
    if intent.inherit {
        // The group's rules may have changed meanwhile.
        let now = inherited(cx, &connection).await?;
        if now != intent.retention {
            return Err(crate::catalog::plan_moved("The rules of the group have changed since."));
        }
    }
    let RetentionPlan { going, staying, frees_bytes, .. } =
        plan(cx, &connection, intent.retention.clone()).await?;
    let summary = if intent.retention.rules == RetentionRules::default() {
        format!("Every backup of {} stays.", connection.name)
    } else {
        format!(
            "Whenever the rules of {} are carried out, up to {} backups go; {} would go now, {} stay.",
            connection.name,
            intent.most,
            going.len(),
            staying.len()
        )
    };
    let plan = RetentionSetPlan {
        plan_id: PlanId::from(""),
        digest: String::new(),
        retention: intent.retention.clone(),
        going,
        staying: staying.len() as u64,
        frees_bytes,
        most_backups: intent.most,
        summary,
    };
    Ok((plan, connection))
}

/// Keeps the rules and who agreed to them.
pub async fn set(cx: &Cx, intent: SetIntent, consent: &Consent) -> Result<Retention, ApiError> {
    let connection = cx.catalog().connections().find(intent.connection.as_str()).await?;
    match intent.inherit {
        true => cx.catalog().retention().forget(&connection.id).await?,
        false => cx.catalog().retention().put(intent.retention.clone()).await?,
    }
    agree(cx, &intent.retention, intent.most, consent).await?;
    get(cx, &connection).await
}

/// Which rules a look is by.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OnceIntent {
    pub connection: ConnectionId,
    /// Rules to try out; None: those that are set.
    pub tried: Option<RetentionRules>,
}

pub async fn settle_once(cx: &Cx, request: RetentionPlanRequest) -> Result<OnceIntent, ApiError> {
    let connection = cx.catalog().connections().find(&request.connection).await?.id;
    Ok(OnceIntent { connection, tried: request.rules })
}

/// Without id and digest.
pub async fn look_once(cx: &Cx, intent: &OnceIntent) -> Result<(RetentionPlan, Connection), ApiError> {
    let connection = cx.catalog().connections().find(intent.connection.as_str()).await?;
    let set = get(cx, &connection).await?;
    let tried = Retention { rules: intent.tried.clone().unwrap_or_else(|| set.rules.clone()), ..set };
    Ok((plan(cx, &connection, tried).await?, connection))
}

/// Why rules that are only tried out are not carried out.
pub async fn only_tried(
    cx: &Cx,
    intent: &OnceIntent,
    connection: &Connection,
) -> Result<Vec<String>, ApiError> {
    let set = held(cx, connection).await?.rules;
    Ok(match &intent.tried {
        Some(tried) if *tried != set => {
            vec!["These rules are only tried out; set them before they are carried out.".to_owned()]
        }
        _ => Vec::new(),
    })
}

async fn agree(cx: &Cx, held: &Retention, most: u64, consent: &Consent) -> Result<(), ApiError> {
    let stands = consent.stands(digest(held)?, cx.principal(), cx.now_ms(), most);
    cx.catalog().consents().put(&Subject::Retention(held.connection_id.clone()), stands).await
}

fn checked(rules: &RetentionRules, zone: &str) -> Result<(), ApiError> {
    parsed_zone(zone)?;
    let RetentionRules { keep_last, keep_days, daily, weekly, monthly, yearly } = rules;
    if [keep_last, keep_days, daily, weekly, monthly, yearly]
        .iter()
        .any(|rule| rule.is_some_and(|n| n > MOST))
    {
        return Err(ApiError::new(ErrorCode::BadRequest, "A rule keeps 10,000 at most."));
    }
    Ok(())
}

/// A pinned backup is never removed by rules, on any machine that uses the vault.
pub async fn pin(cx: &Cx, typed: &str, pinned: bool) -> Result<BackupId, ApiError> {
    let vault = vaults::open(cx).await?;
    let backup = shelf::find(cx, &vault, typed).await?;
    list::require_good(&backup)?;
    pins::put(&vault, &backup.id, pinned, cx.now_ms()).await?;
    cx.events().changed(Topic::Backups);
    Ok(backup.id)
}

/// What the rules would do now, without id and digest. Only backups that are good are looked at; what failed or
/// runs is neither counted nor removed.
pub async fn plan(cx: &Cx, connection: &Connection, retention: Retention) -> Result<RetentionPlan, ApiError> {
    let vault = vaults::open(cx).await?;
    let zone = parsed_zone(&retention.zone)?;
    let sequences: BTreeMap<BackupId, u64> =
        vault.heads().await?.into_iter().map(|head| (head.id, head.sequence)).collect();
    let mut series: BTreeMap<Part, Vec<(Candidate, Backup)>> = BTreeMap::new();
    for backup in shelf::all(cx, &vault).await? {
        let sequence = sequences.get(&backup.id).copied();
        let mine = backup.connection_id == connection.id && list::holds_rows(backup.state);
        let Some(sequence) = sequence.filter(|_| mine) else { continue };
        let part = part(&vault, &backup).await;
        let candidate = Candidate {
            id: backup.id.clone(),
            sequence,
            created_at_ms: backup.created_at_ms,
            proven: backup.level == Some(Level::Restored),
            pinned: backup.pinned,
            // A manifest that cannot be read is damage, whatever was found before.
            damaged: backup.damaged || part.is_none(),
        };
        series.entry(part.unwrap_or_default()).or_default().push((candidate, backup));
    }
    Ok(decided(retention, series, zone))
}

/// Backups that hold the same part of the database as wholly as each other: a schema-only, chosen-tables or partial
/// one takes no whole one's place.
type Part = String;

async fn part(vault: &Vault, backup: &Backup) -> Option<Part> {
    let source = VaultSource::open(vault, &backup.id).await.ok()?;
    let scope = serde_json::to_string(&source.snapshot().scope).ok()?;
    Some(format!("{:?} {scope}", backup.state))
}

fn decided(
    retention: Retention,
    series: BTreeMap<Part, Vec<(Candidate, Backup)>>,
    zone: Tz,
) -> RetentionPlan {
    let (mut going, mut staying) = (Vec::new(), Vec::new());
    for (_, members) in series {
        let (candidates, backups): (Vec<Candidate>, Vec<Backup>) = members.into_iter().unzip();
        let mut backups: BTreeMap<BackupId, Backup> =
            backups.into_iter().map(|backup| (backup.id.clone(), backup)).collect();
        for verdict in judge(&retention.rules, &candidates, zone) {
            let Some(backup) = backups.remove(&verdict.id) else { continue };
            match verdict.goes() {
                true => going.push(backup),
                false => staying.push(StayingBackup { backup, reasons: verdict.reasons }),
            }
        }
    }
    going.sort_by_key(|backup| std::cmp::Reverse(backup.created_at_ms));
    staying.sort_by_key(|staying| std::cmp::Reverse(staying.backup.created_at_ms));
    RetentionPlan {
        plan_id: PlanId::from(""),
        digest: String::new(),
        frees_bytes: going.iter().map(|backup| backup.stored_bytes).sum(),
        summary: summary(going.len(), staying.len()),
        retention,
        going,
        staying,
    }
}

fn summary(going: usize, staying: usize) -> String {
    let backups = |count: usize| if count == 1 { "1 backup".to_owned() } else { format!("{count} backups") };
    match going {
        0 => format!("Nothing goes; {} stay.", backups(staying)).replace("1 backup stay", "1 backup stays"),
        _ => format!(
            "{} {} deleted, {} kept. Their room is freed by the next prune.",
            backups(going),
            if going == 1 { "is" } else { "are" },
            backups(staying)
        ),
    }
}

/// What a person agrees to.
#[derive(Serialize)]
pub struct Material {
    rules: RetentionRules,
    going: Vec<BackupId>,
}

impl Material {
    pub fn new(plan: &RetentionPlan) -> Self {
        let going = plan.going.iter().map(|backup| backup.id.clone()).collect();
        Self { rules: plan.retention.rules.clone(), going }
    }
}

/// Deletes what the plan lists, oldest first. One that is being restored stays until the next time. What is deleted
/// when something fails is deleted; the rest can be done again.
pub async fn carry_out(
    cx: &Cx,
    plan: &RetentionPlan,
    of: &str,
    consent: &Consent,
) -> Result<RetentionOutcome, ApiError> {
    consent.covers(plan.going.len() as u64, &format!("backups of {of}"))?;
    let vault = vaults::open(cx).await?;
    let mut deleted = Vec::new();
    for backup in plan.going.iter().rev() {
        match crate::change::journal::refuse_in_use(cx, backup).await {
            Err(error) if error.code == ErrorCode::VaultBusy => continue,
            answer => answer?,
        }
        vault.delete(&backup.id, cx.now_ms()).await?;
        deleted.push(backup.id.clone());
    }
    if !deleted.is_empty() {
        vaults::remember_tip(cx, &vault).await?;
        cx.events().changed(Topic::Backups);
    }
    let kept = plan.staying.len() + plan.going.len() - deleted.len();
    Ok(RetentionOutcome { deleted, kept: kept as u64, freed: None })
}

fn parsed_zone(zone: &str) -> Result<Tz, ApiError> {
    crate::timing::zone(zone)
}
