//! Rules of a group of connections, and carrying rules out for one connection or a group.

use holdfast_contract::connection::Connection;
use holdfast_contract::retention::{
    GroupMember, GroupRetention, GroupRetentionListResponse, GroupRetentionPreview,
    GroupRetentionPreviewRequest, GroupRetentionSetPlan, GroupRetentionSetRequest, Retention,
    RetentionOutcome, RetentionRules, RetentionRunRequest,
};
use holdfast_contract::{ApiError, ErrorCode, PlanId};
use holdfast_engine::Progress as _;
use serde::{Deserialize, Serialize};

use super::{LEAST_MOST, carry_out, checked, plan};
use crate::consent::Consent;
use crate::cx::{Begun, Cx, NewWork};
use crate::jobs::JobContext;
use crate::vaults;

pub async fn list(cx: &Cx) -> Result<GroupRetentionListResponse, ApiError> {
    Ok(GroupRetentionListResponse { groups: cx.catalog().retention().groups().await? })
}

pub async fn get(cx: &Cx, group: &str) -> Result<Option<GroupRetention>, ApiError> {
    Ok(cx.catalog().retention().groups().await?.into_iter().find(|set| set.group == group))
}

/// What is agreed to with rules of a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetIntent {
    pub group: String,
    /// None: the group has no rules any more.
    pub rules: Option<RetentionRules>,
    pub zone: String,
    pub most: u64,
}

/// With every choice made.
pub async fn settle(cx: &Cx, request: GroupRetentionSetRequest) -> Result<SetIntent, ApiError> {
    let known = get(cx, &request.group).await?.map(|set| set.zone);
    let zone = request.zone.or(known).unwrap_or_else(|| "UTC".to_owned());
    let most = match &request.rules {
        Some(rules) => {
            checked(rules, &zone)?;
            let (group, rules, zone) = (request.group.clone(), Some(rules.clone()), Some(zone.clone()));
            let shown = preview(cx, GroupRetentionPreviewRequest { group, rules, zone }).await?;
            let going = shown.members.iter().map(|member| member.going.len() as u64).max().unwrap_or(0);
            request.most_backups.unwrap_or((going * 2).max(LEAST_MOST))
        }
        None => 0,
    };
    Ok(SetIntent { group: request.group, rules: request.rules, zone, most })
}

/// Without id and digest; and who takes the rules over.
pub async fn set_plan(
    cx: &Cx,
    intent: &SetIntent,
) -> Result<(GroupRetentionSetPlan, Vec<Connection>), ApiError> {
    let SetIntent { group, rules, zone, most } = intent;
    let shown = match rules {
        Some(_) => {
            let request = GroupRetentionPreviewRequest {
                group: group.clone(),
                rules: rules.clone(),
                zone: Some(zone.clone()),
            };
            preview(cx, request).await?.members
        }
        None => Vec::new(),
    };
    let mut heirs = members(cx, group).await?;
    heirs.retain(|one| !shown.iter().any(|member| member.own && member.connection_id == one.id));
    let going: usize = shown.iter().filter(|member| !member.own).map(|member| member.going.len()).sum();
    let summary = match rules {
        None => format!("The group {group} has no rules any more; every backup of its members stays."),
        Some(_) => format!(
            "Whenever the rules are carried out, up to {most} backups of each of {} connections go; {going} would go now. \
             A connection that joins the group later waits until somebody agrees again.",
            heirs.len()
        ),
    };
    let plan = GroupRetentionSetPlan {
        plan_id: PlanId::from(""),
        digest: String::new(),
        group: group.clone(),
        rules: rules.clone(),
        zone: zone.clone(),
        members: shown,
        most_backups: *most,
        summary,
    };
    Ok((plan, heirs))
}

/// Keeps the rules, and who agreed to them for whom.
pub async fn set(
    cx: &Cx,
    intent: SetIntent,
    heirs: &[Connection],
    consent: &Consent,
) -> Result<GroupRetentionListResponse, ApiError> {
    let SetIntent { group, rules, zone, most } = intent;
    let Some(rules) = rules else {
        cx.catalog().retention().forget_group(group).await?;
        return list(cx).await;
    };
    let set = GroupRetention { group: group.clone(), rules: rules.clone(), zone: zone.clone() };
    cx.catalog().retention().put_group(set).await?;
    for heir in heirs {
        let held = Retention {
            connection_id: heir.id.clone(),
            rules: rules.clone(),
            zone: zone.clone(),
            of_group: Some(group.clone()),
            consent: None,
        };
        super::agree(cx, &held, most, consent).await?;
    }
    list(cx).await
}

/// What the rules would do to each member, by those that hold for it. Reads only.
pub async fn preview(
    cx: &Cx,
    request: GroupRetentionPreviewRequest,
) -> Result<GroupRetentionPreview, ApiError> {
    let connections = members(cx, &request.group).await?;
    if connections.is_empty() {
        return Err(nobody(&request.group));
    }
    let (known, known_zone) = match get(cx, &request.group).await? {
        Some(set) => (set.rules, set.zone),
        None => (RetentionRules::default(), "UTC".to_owned()),
    };
    let rules = request.rules.unwrap_or(known);
    let zone = request.zone.unwrap_or(known_zone);
    checked(&rules, &zone)?;
    let mut members = Vec::new();
    for connection in connections {
        let own = cx.catalog().retention().get(&connection.id).await?;
        let has_own = own.is_some();
        let held = own.unwrap_or_else(|| Retention {
            connection_id: connection.id.clone(),
            rules: rules.clone(),
            zone: zone.clone(),
            of_group: Some(request.group.clone()),
            consent: None,
        });
        let plan = plan(cx, &connection, held).await?;
        members.push(GroupMember {
            connection_id: connection.id,
            connection: connection.name,
            own: has_own,
            going: plan.going,
            staying: plan.staying.len() as u64,
            frees_bytes: plan.frees_bytes,
        });
    }
    members.sort_by(|left, right| left.connection.cmp(&right.connection));
    Ok(GroupRetentionPreview { members })
}

/// A connection and the rules that hold for it.
pub type Found = (Connection, Retention);

/// Those of one connection, or of each of a group.
pub async fn find(cx: &Cx, request: &RetentionRunRequest) -> Result<Vec<Found>, ApiError> {
    let connections = match (&request.connection, &request.group) {
        (Some(wanted), None) => vec![cx.catalog().connections().find(wanted).await?],
        (None, Some(group)) => members(cx, group).await?,
        _ => return Err(ApiError::new(ErrorCode::BadRequest, "connection, group: one of them is needed.")),
    };
    if connections.is_empty() {
        return Err(nobody(request.group.as_deref().unwrap_or_default()));
    }
    let mut found = Vec::new();
    for connection in connections {
        let held = super::held(cx, &connection).await?;
        found.push((connection, held));
    }
    Ok(found)
}

/// A job. Each connection by the rules that hold for it; one that fails or waits does not keep the others from being done, its
/// error is told at the end.
pub async fn run(
    cx: &Cx,
    request: RetentionRunRequest,
    rules: Vec<(Found, Consent)>,
    waiting: Option<ApiError>,
) -> Result<Begun<RetentionOutcome>, ApiError> {
    let (title, connection_id) = match rules.as_slice() {
        [((one, _), _)] => (format!("Remove old backups of {}", one.name), Some(one.id.clone())),
        more => (format!("Remove old backups of {} connections", more.len()), None),
    };
    let given = cx.clone();
    cx.start_job(NewWork { title, connection_id, cancellable: true }, move |job: JobContext| async move {
        let mut all = RetentionOutcome { deleted: Vec::new(), kept: 0, freed: None };
        let mut failed = waiting;
        let mut last = None;
        for ((connection, held), consent) in rules {
            job.progress.phase(&format!("Removing old backups of {}", connection.name));
            match one(&given, &connection, held, &consent).await {
                Ok(done) => {
                    all.deleted.extend(done.deleted);
                    all.kept += done.kept;
                }
                Err(mut error) => {
                    error.message = format!("{}: {}", connection.name, error.message);
                    failed.get_or_insert(error);
                }
            }
            last = Some(consent);
        }
        if let (Some(consent), true) = (&last, request.collect.unwrap_or(true)) {
            all.freed = Some(vaults::collect(&given, &job, consent).await?);
        }
        match failed {
            Some(error) => Err(error),
            None => Ok(all),
        }
    })
    .await
}

async fn one(
    cx: &Cx,
    connection: &Connection,
    held: Retention,
    consent: &Consent,
) -> Result<RetentionOutcome, ApiError> {
    let plan = plan(cx, connection, held).await?;
    carry_out(cx, &plan, &connection.name, consent).await
}

async fn members(cx: &Cx, group: &str) -> Result<Vec<Connection>, ApiError> {
    let all = cx.catalog().connections().list().await?;
    Ok(all.into_iter().filter(|connection| connection.group.as_deref() == Some(group)).collect())
}

fn nobody(group: &str) -> ApiError {
    ApiError::new(ErrorCode::NotFound, format!("No connection is in the group {group:?}."))
        .hint("Give connections this group first.")
}
