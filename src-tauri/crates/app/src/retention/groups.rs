//! Rules of a group of connections, and carrying rules out for one connection or a group.

use holdfast_contract::connection::Connection;
use holdfast_contract::retention::{
    GroupMember, GroupRetention, GroupRetentionListResponse, GroupRetentionPreview,
    GroupRetentionPreviewRequest, GroupRetentionSetRequest, Retention, RetentionOutcome, RetentionRules,
    RetentionRunRequest,
};
use holdfast_contract::{ApiError, ErrorCode};

use super::{carry_out, checked, plan};
use crate::cx::Cx;
use crate::vaults;

pub async fn list(cx: &Cx) -> Result<GroupRetentionListResponse, ApiError> {
    Ok(GroupRetentionListResponse { groups: cx.catalog().retention().groups().await? })
}

pub(super) async fn get(cx: &Cx, group: &str) -> Result<Option<GroupRetention>, ApiError> {
    Ok(cx.catalog().retention().groups().await?.into_iter().find(|set| set.group == group))
}

pub async fn set(cx: &Cx, request: GroupRetentionSetRequest) -> Result<GroupRetentionListResponse, ApiError> {
    let members = members(cx, &request.group).await?;
    match request.rules {
        None => cx.catalog().retention().forget_group(request.group).await?,
        Some(rules) => {
            if members.is_empty() {
                return Err(nobody(&request.group));
            }
            let known = get(cx, &request.group).await?.map(|set| set.zone);
            let zone = request.zone.or(known).unwrap_or_else(|| "UTC".to_owned());
            checked(&rules, &zone)?;
            cx.catalog().retention().put_group(GroupRetention { group: request.group, rules, zone }).await?;
        }
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

/// Each connection by the rules that hold for it. One that fails does not keep the others from being done; its error is told
/// at the end. The room is freed by a job of its own.
pub async fn run(cx: &Cx, request: RetentionRunRequest) -> Result<RetentionOutcome, ApiError> {
    let connections = match (&request.connection, &request.group) {
        (Some(wanted), None) => vec![cx.catalog().connections().find(wanted).await?],
        (None, Some(group)) => members(cx, group).await?,
        _ => return Err(ApiError::new(ErrorCode::BadRequest, "connection, group: one of them is needed.")),
    };
    if connections.is_empty() {
        return Err(nobody(request.group.as_deref().unwrap_or_default()));
    }
    let mut all = RetentionOutcome { deleted: Vec::new(), kept: 0, job_id: None };
    let mut failed = None;
    for connection in connections {
        match one(cx, &connection).await {
            Ok(done) => {
                all.deleted.extend(done.deleted);
                all.kept += done.kept;
            }
            Err(mut error) => {
                error.message = format!("{}: {}", connection.name, error.message);
                failed.get_or_insert(error);
            }
        }
    }
    if let Some(error) = failed {
        return Err(error);
    }
    if request.collect.unwrap_or(true) {
        all.job_id = Some(vaults::collect(cx).await?);
    }
    Ok(all)
}

async fn one(cx: &Cx, connection: &Connection) -> Result<RetentionOutcome, ApiError> {
    let set = super::get(cx, connection).await?;
    let plan = plan(cx, connection, set).await?;
    carry_out(cx, &plan).await
}

async fn members(cx: &Cx, group: &str) -> Result<Vec<Connection>, ApiError> {
    let all = cx.catalog().connections().list().await?;
    Ok(all.into_iter().filter(|connection| connection.group.as_deref() == Some(group)).collect())
}

fn nobody(group: &str) -> ApiError {
    ApiError::new(ErrorCode::NotFound, format!("No connection is in the group {group:?}."))
        .hint("Give connections this group first.")
}
