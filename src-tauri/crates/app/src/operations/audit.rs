//! audit.*

use holdfast_contract::ApiError;
use holdfast_contract::audit::{AuditListRequest, AuditListResponse, AuditVerifyResponse};
use holdfast_contract::event::Topic;
use holdfast_contract::meta::Empty;
use holdfast_contract::policy::{Permission, Policy};

use crate::cx::Cx;
use crate::gate::Reading;

const LIMIT: u32 = 100;
const LIMIT_MAX: u32 = 1000;

pub struct AuditList;
impl Reading for AuditList {
    const NAME: &'static str = "audit.list";
    const POLICY: Policy = Policy::reads(&[Topic::Audit]).needing(Permission::Administer);
    type Request = AuditListRequest;
    type Response = AuditListResponse;
    async fn run(cx: Cx, request: AuditListRequest) -> Result<AuditListResponse, ApiError> {
        let limit = request.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX);
        let search = request.search.filter(|search| !search.trim().is_empty());
        let (entries, more) = cx.catalog().audit().list(request.before, limit, search).await?;
        Ok(AuditListResponse { entries, more })
    }
}

pub struct AuditVerify;
impl Reading for AuditVerify {
    const NAME: &'static str = "audit.verify";
    const POLICY: Policy = Policy::reads(&[Topic::Audit]).needing(Permission::Administer);
    type Request = Empty;
    type Response = AuditVerifyResponse;
    async fn run(cx: Cx, _: Empty) -> Result<AuditVerifyResponse, ApiError> {
        cx.catalog().audit().verify().await
    }
}
