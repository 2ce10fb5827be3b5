//! job.*

use holdfast_contract::event::Topic;
use holdfast_contract::job::{Job, JobListRequest, JobListResponse, JobLogResponse, JobRef};
use holdfast_contract::policy::Policy;
use holdfast_contract::{ApiError, JobId};

use crate::cx::Cx;
use crate::gate::{Operation, Reading, touched};

const LIMIT: u32 = 100;
const LIMIT_MAX: u32 = 1000;

pub struct JobList;
impl Reading for JobList {
    const NAME: &'static str = "job.list";
    const POLICY: Policy = Policy::reads(&[Topic::Jobs]);
    type Request = JobListRequest;
    type Response = JobListResponse;
    async fn run(cx: Cx, request: JobListRequest) -> Result<JobListResponse, ApiError> {
        let connection = match request.connection {
            Some(name) => Some(cx.catalog().connections().find(&name).await?.id),
            None => None,
        };
        let limit = request.limit.unwrap_or(LIMIT).min(LIMIT_MAX);
        Ok(JobListResponse { jobs: cx.catalog().jobs().list(connection, request.active_only, limit).await? })
    }
}

pub struct JobGet;
impl Reading for JobGet {
    const NAME: &'static str = "job.get";
    const POLICY: Policy = Policy::reads(&[Topic::Jobs]);
    type Request = JobRef;
    type Response = Job;
    async fn run(cx: Cx, request: JobRef) -> Result<Job, ApiError> {
        cx.catalog().jobs().get(&JobId(request.job)).await
    }
}

pub struct JobLog;
impl Reading for JobLog {
    const NAME: &'static str = "job.log";
    const POLICY: Policy = Policy::reads(&[Topic::Jobs]);
    type Request = JobRef;
    type Response = JobLogResponse;
    async fn run(cx: Cx, request: JobRef) -> Result<JobLogResponse, ApiError> {
        let job = cx.catalog().jobs().get(&JobId(request.job)).await?;
        Ok(JobLogResponse { lines: cx.catalog().job_log().of(&job.id).await? })
    }
}

pub struct JobCancel;
impl Operation for JobCancel {
    const NAME: &'static str = "job.cancel";
    const POLICY: Policy = Policy::changes(&[Topic::Jobs]);
    type Request = JobRef;
    type Response = Job;
    async fn touched(cx: &Cx, request: &Self::Request) -> touched::Answer {
        touched::job(cx, &request.job).await
    }
    async fn run(cx: Cx, request: JobRef) -> Result<Job, ApiError> {
        cx.jobs().cancel(&JobId(request.job)).await
    }
}
