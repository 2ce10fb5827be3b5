//! `holdfastctl job …`

use holdfast_contract::job::{
    Job as JobInfo, JobListRequest, JobListResponse, JobLogResponse, JobRef, JobState,
};
use holdfast_contract::{ApiError, ErrorCode, JobId};

use crate::cli::Job;
use crate::failure::{Failure, Result};
use crate::follow;
use crate::host::Host;
use crate::output::Output;
use crate::text::{self, Align};

pub async fn run(command: Job, host: &Host, output: &Output) -> Result<()> {
    match command {
        Job::List { active } => {
            let request = JobListRequest { connection: None, active_only: active, limit: None };
            let list: JobListResponse = host.call("job.list", &request).await?;
            output.result(&list, || list_text(&list))
        }
        Job::Watch { id } => {
            let job = follow::watch(host, output, &JobId(id)).await?;
            output.result(&job, || job_text(&job))?;
            match (job.state, job.error) {
                (JobState::Succeeded, _) => Ok(()),
                (_, Some(error)) => Err(Failure::printed(error)),
                (_, None) => {
                    Err(Failure::printed(ApiError::new(ErrorCode::Cancelled, "The job did not succeed.")))
                }
            }
        }
        Job::Log { id } => {
            let log: JobLogResponse = host.call("job.log", &JobRef { job: id }).await?;
            output.result(&log, || log_text(&log))
        }
        Job::Cancel { id } => {
            let job: JobInfo = host.call("job.cancel", &JobRef { job: id }).await?;
            output.result(&job, || job_text(&job))
        }
    }
}

fn job_text(job: &JobInfo) -> String {
    let mut lines = vec![format!("{}: {}", text::visible(&job.title), text::word(&job.state))];
    if let Some(error) = &job.error {
        lines.push(text::visible(&error.message));
        lines.extend(error.hint.as_deref().map(text::visible));
    }
    lines.join("\n")
}

fn log_text(log: &JobLogResponse) -> String {
    if log.lines.is_empty() {
        return "Nothing was written down.".to_owned();
    }
    let lines = log.lines.iter().map(|line| {
        let step = line.step.map(|step| format!("{step}. ")).unwrap_or_default();
        format!("{}  {step}{}", text::time(line.at_ms), text::visible(&line.text))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn list_text(list: &JobListResponse) -> String {
    if list.jobs.is_empty() {
        return "No jobs.".to_owned();
    }
    let rows: Vec<Vec<String>> = list
        .jobs
        .iter()
        .map(|job| {
            let took = job
                .started_at_ms
                .zip(job.ended_at_ms)
                .map(|(from, to)| text::duration(to.saturating_sub(from).max(0) as u64));
            vec![
                job.id.to_string(),
                job.title.clone(),
                text::word(&job.state),
                text::time(job.created_at_ms),
                took.unwrap_or_default(),
            ]
        })
        .collect();
    use Align::{Left, Right};
    text::table(&[("ID", Left), ("JOB", Left), ("STATE", Left), ("STARTED", Left), ("TOOK", Right)], &rows)
}
