//! audit.*

use holdfast_contract::ApiError;
use holdfast_contract::audit::{AuditListRequest, AuditListResponse, AuditVerifyResponse};
use holdfast_contract::meta::Empty;
use holdfast_contract::policy::{Permission, Policy, Target};

use crate::cx::Cx;
use crate::gate::Operation;

const LIMIT: u32 = 100;
const LIMIT_MAX: u32 = 1000;

pub struct AuditList;
impl Operation for AuditList {
    const NAME: &'static str = "audit.list";
    const POLICY: Policy = Policy { needs: Permission::Administer, ..super::READ };
    type Request = AuditListRequest;
    type Response = AuditListResponse;
    fn target(_: &AuditListRequest) -> Target {
        Target::Application
    }
    async fn run(cx: Cx, request: AuditListRequest) -> Result<AuditListResponse, ApiError> {
        let limit = request.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX);
        let search = request.search.filter(|search| !search.trim().is_empty());
        let (entries, more) = cx.catalog().audit().list(request.before, limit, search).await?;
        Ok(AuditListResponse { entries, more })
    }
}

pub struct AuditVerify;
impl Operation for AuditVerify {
    const NAME: &'static str = "audit.verify";
    const POLICY: Policy = Policy { needs: Permission::Administer, ..super::READ };
    type Request = Empty;
    type Response = AuditVerifyResponse;
    fn target(_: &Empty) -> Target {
        Target::Application
    }
    async fn run(cx: Cx, _: Empty) -> Result<AuditVerifyResponse, ApiError> {
        cx.catalog().audit().verify().await
    }
}
