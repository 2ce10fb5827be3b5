//! retention.* and backup.pin

use holdfast_contract::ApiError;
use holdfast_contract::connection::Connection;
use holdfast_contract::event::Topic;
use holdfast_contract::meta::Empty;
use holdfast_contract::policy::{Consent, Policy};
use holdfast_contract::retention::{
    BackupPinRequest, BackupPinResponse, GroupRetentionListResponse, GroupRetentionPreview,
    GroupRetentionPreviewRequest, GroupRetentionSetPlan, GroupRetentionSetRequest, Retention,
    RetentionOutcome, RetentionPlan, RetentionPlanRequest, RetentionRef, RetentionRules, RetentionRunRequest,
    RetentionSetPlan, RetentionSetRequest,
};

use crate::catalog::{Plan, Subject};
use crate::cx::{Begun, Cx};
use crate::gate::{
    Agreed, Allowed, Asking, Done, Look, Operation, Planned, PlansAtOnce, Reading, RuleNow, Standing, touched,
};
use crate::retention::groups::Found;
use crate::retention::{self, Material, groups};

pub struct Get;
impl Reading for Get {
    const NAME: &'static str = "retention.get";
    const POLICY: Policy = Policy::reads(&[Topic::Retention, Topic::Connections]);
    type Request = RetentionRef;
    type Response = Retention;
    async fn run(cx: Cx, request: RetentionRef) -> Result<Retention, ApiError> {
        let connection = cx.catalog().connections().find(&request.connection).await?;
        retention::get(&cx, &connection).await
    }
}

/// Rules by which backups go by themselves from then on.
pub struct Set;
impl PlansAtOnce for Set {
    const PLAN: &'static str = "retention.set.plan";
    type Request = RetentionSetRequest;
    async fn settle(cx: &Cx, request: RetentionSetRequest) -> Result<retention::SetIntent, ApiError> {
        retention::settle(cx, request).await
    }
}
impl Planned for Set {
    const APPLY: &'static str = "retention.set.apply";
    const POLICY: Policy = Policy::destroys(Consent::Digest, &[Topic::Retention]);
    type Intent = retention::SetIntent;
    type Plan = RetentionSetPlan;
    type Ground = ();
    type Outcome = Done<Retention>;
    async fn look(cx: &Cx, intent: &retention::SetIntent) -> Result<Look<Self>, ApiError> {
        let (plan, connection) = retention::set_plan(cx, intent).await?;
        Ok(Look {
            digest: Plan::digest_of(&(intent, retention::get(cx, &connection).await?.rules))?,
            blockers: Vec::new(),
            confirm_name: None,
            touched: vec![touched::of(&connection)],
            ground: (),
            plan,
        })
    }
    async fn apply(cx: Cx, agreed: Agreed<Self>) -> Result<Done<Retention>, ApiError> {
        let (intent, _, (), consent) = agreed.into_parts();
        retention::set(&cx, intent, &consent).await.map(Done)
    }
}

/// Carries the rules of a connection out, once.
pub struct Once;
impl PlansAtOnce for Once {
    const PLAN: &'static str = "retention.plan";
    /// On screen while rules are tried out.
    const LOOKS: Policy = Policy::reads(&[Topic::Retention, Topic::Backups, Topic::Connections]);
    type Request = RetentionPlanRequest;
    async fn settle(cx: &Cx, request: RetentionPlanRequest) -> Result<retention::OnceIntent, ApiError> {
        retention::settle_once(cx, request).await
    }
}
impl Planned for Once {
    const APPLY: &'static str = "retention.apply";
    const POLICY: Policy =
        Policy::destroys(Consent::Digest, &[Topic::Backups, Topic::Retention, Topic::Vault]);
    type Intent = retention::OnceIntent;
    type Plan = RetentionPlan;
    type Ground = Connection;
    type Outcome = Done<RetentionOutcome>;
    async fn look(cx: &Cx, intent: &retention::OnceIntent) -> Result<Look<Self>, ApiError> {
        let (plan, connection) = retention::look_once(cx, intent).await?;
        Ok(Look {
            digest: Plan::digest_of(&Material::new(&plan))?,
            blockers: retention::only_tried(cx, intent, &connection).await?,
            confirm_name: None,
            touched: vec![touched::of(&connection)],
            ground: connection,
            plan,
        })
    }
    async fn apply(cx: Cx, agreed: Agreed<Self>) -> Result<Done<RetentionOutcome>, ApiError> {
        let (_, plan, connection, consent) = agreed.into_parts();
        retention::carry_out(&cx, &plan, &connection.name, &consent).await.map(Done)
    }
}

pub struct Run;
impl Standing for Run {
    const NAME: &'static str = "retention.run";
    const POLICY: Policy =
        Policy::standing(&[Topic::Jobs, Topic::Backups, Topic::Retention, Topic::Vault]).schedulable();
    type Request = RetentionRunRequest;
    type Result = RetentionOutcome;
    type Rule = Found;
    async fn rules(cx: &Cx, request: &RetentionRunRequest) -> Result<Vec<RuleNow<Found>>, ApiError> {
        let mut rules = Vec::new();
        for (connection, held) in groups::find(cx, request).await? {
            let asks = match held.rules == RetentionRules::default() {
                true => Asking::Nothing,
                false => Asking::Consent {
                    digest: retention::digest(&held)?,
                    given: cx.catalog().consents().get(&Subject::Retention(connection.id.clone())).await?,
                    how: "Look at the rules and agree to them: holdfastctl retention set, or the retention page.",
                },
            };
            rules.push(RuleNow {
                name: format!("The retention rules of {}", connection.name),
                touched: vec![touched::of(&connection)],
                asks,
                rule: (connection, held),
            });
        }
        Ok(rules)
    }
    async fn start(
        cx: Cx,
        request: RetentionRunRequest,
        rules: Allowed<Found>,
    ) -> Result<Begun<RetentionOutcome>, ApiError> {
        let (rules, waiting) = rules.into_parts();
        groups::run(&cx, request, rules, waiting).await
    }
}

pub struct GroupList;
impl Reading for GroupList {
    const NAME: &'static str = "retention.group.list";
    const POLICY: Policy = Policy::reads(&[Topic::Retention, Topic::Connections]);
    type Request = Empty;
    type Response = GroupRetentionListResponse;
    async fn run(cx: Cx, _: Empty) -> Result<GroupRetentionListResponse, ApiError> {
        groups::list(&cx).await
    }
}

pub struct GroupPreview;
impl Reading for GroupPreview {
    const NAME: &'static str = "retention.group.preview";
    const POLICY: Policy = Policy::reads(&[Topic::Retention, Topic::Backups, Topic::Connections]);
    type Request = GroupRetentionPreviewRequest;
    type Response = GroupRetentionPreview;
    async fn run(cx: Cx, request: GroupRetentionPreviewRequest) -> Result<GroupRetentionPreview, ApiError> {
        groups::preview(&cx, request).await
    }
}

/// Rules for all connections of a group that have none of their own.
pub struct GroupSet;
impl PlansAtOnce for GroupSet {
    const PLAN: &'static str = "retention.group.set.plan";
    type Request = GroupRetentionSetRequest;
    async fn settle(cx: &Cx, request: GroupRetentionSetRequest) -> Result<groups::SetIntent, ApiError> {
        groups::settle(cx, request).await
    }
}
impl Planned for GroupSet {
    const APPLY: &'static str = "retention.group.set.apply";
    const POLICY: Policy = Policy::destroys(Consent::Digest, &[Topic::Retention]);
    type Intent = groups::SetIntent;
    type Plan = GroupRetentionSetPlan;
    /// Who takes the rules over.
    type Ground = Vec<Connection>;
    type Outcome = Done<GroupRetentionListResponse>;
    async fn look(cx: &Cx, intent: &groups::SetIntent) -> Result<Look<Self>, ApiError> {
        let (plan, heirs) = groups::set_plan(cx, intent).await?;
        let ids: Vec<_> = heirs.iter().map(|heir| &heir.id).collect();
        let before = groups::get(cx, &intent.group).await?.map(|set| set.rules);
        let mut touched = vec![touched::Touched::Group { name: intent.group.clone() }];
        touched.extend(heirs.iter().map(touched::of));
        Ok(Look {
            digest: Plan::digest_of(&(intent, ids, before))?,
            blockers: Vec::new(),
            confirm_name: None,
            touched,
            ground: heirs,
            plan,
        })
    }
    async fn apply(cx: Cx, agreed: Agreed<Self>) -> Result<Done<GroupRetentionListResponse>, ApiError> {
        let (intent, _, heirs, consent) = agreed.into_parts();
        groups::set(&cx, intent, &heirs, &consent).await.map(Done)
    }
}

pub struct Pin;
impl Operation for Pin {
    const NAME: &'static str = "backup.pin";
    const POLICY: Policy = Policy::changes(&[Topic::Backups]);
    type Request = BackupPinRequest;
    type Response = BackupPinResponse;
    async fn touched(cx: &Cx, request: &BackupPinRequest) -> touched::Answer {
        touched::backup(cx, &request.backup).await
    }
    async fn run(cx: Cx, request: BackupPinRequest) -> Result<BackupPinResponse, ApiError> {
        let id = retention::pin(&cx, &request.backup, request.pinned).await?;
        Ok(BackupPinResponse { id, pinned: request.pinned })
    }
}
