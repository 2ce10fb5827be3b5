//! job.*

use holdfast_contract::job::{Job, JobListRequest, JobListResponse, JobLogResponse, JobRef};
use holdfast_contract::policy::{Policy, Target};
use holdfast_contract::{ApiError, JobId};

use crate::cx::Cx;
use crate::gate::Operation;

const LIMIT: u32 = 100;
const LIMIT_MAX: u32 = 1000;

pub struct JobList;
impl Operation for JobList {
    const NAME: &'static str = "job.list";
    const POLICY: Policy = super::READ;
    type Request = JobListRequest;
    type Response = JobListResponse;
    fn target(_: &JobListRequest) -> Target {
        Target::Application
    }
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
impl Operation for JobGet {
    const NAME: &'static str = "job.get";
    const POLICY: Policy = super::READ;
    type Request = JobRef;
    type Response = Job;
    fn target(request: &JobRef) -> Target {
        Target::Job(JobId(request.job.clone()))
    }
    async fn run(cx: Cx, request: JobRef) -> Result<Job, ApiError> {
        cx.catalog().jobs().get(&JobId(request.job)).await
    }
}

pub struct JobLog;
impl Operation for JobLog {
    const NAME: &'static str = "job.log";
    const POLICY: Policy = super::READ;
    type Request = JobRef;
    type Response = JobLogResponse;
    fn target(request: &JobRef) -> Target {
        Target::Job(JobId(request.job.clone()))
    }
    async fn run(cx: Cx, request: JobRef) -> Result<JobLogResponse, ApiError> {
        let job = cx.catalog().jobs().get(&JobId(request.job)).await?;
        Ok(JobLogResponse { lines: cx.catalog().job_log().of(&job.id).await? })
    }
}

pub struct JobCancel;
impl Operation for JobCancel {
    const NAME: &'static str = "job.cancel";
    const POLICY: Policy = super::CHANGE;
    type Request = JobRef;
    type Response = Job;
    fn target(request: &JobRef) -> Target {
        Target::Job(JobId(request.job.clone()))
    }
    async fn run(cx: Cx, request: JobRef) -> Result<Job, ApiError> {
        cx.jobs().cancel(&JobId(request.job)).await
    }
}
