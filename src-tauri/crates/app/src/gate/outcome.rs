//! What a call ends with: an answer, or a job that has begun. The type says which; nobody looks into the JSON.

use holdfast_contract::backup::Started;
use holdfast_contract::{ApiError, ErrorCode, JobId};
use serde_json::Value;

use super::listing::{Schemas, collect};
use super::operation::Says;
use crate::cx::Begun;

/// Done when it answers.
pub struct Done<T>(pub T);

pub trait Outcome: Send + 'static {
    /// The name of the answer's type, and of the job's result where one is started.
    fn types(schemas: &mut Schemas) -> (String, Option<String>);
    fn passed(self) -> Result<Passed, ApiError>;
}

/// An answer on its way out.
pub struct Passed {
    pub answer: Value,
    /// The job that goes on with it.
    pub job: Option<JobId>,
}

impl<T: Says> Outcome for Done<T> {
    fn types(schemas: &mut Schemas) -> (String, Option<String>) {
        (collect::<T>(schemas), None)
    }
    fn passed(self) -> Result<Passed, ApiError> {
        Ok(Passed { answer: said(self.0)?, job: None })
    }
}

impl<T: Says> Outcome for Begun<T> {
    fn types(schemas: &mut Schemas) -> (String, Option<String>) {
        (collect::<Started>(schemas), Some(collect::<T>(schemas)))
    }
    fn passed(self) -> Result<Passed, ApiError> {
        let Started { id, job_id } = self.started();
        Ok(Passed { answer: said(Started { id, job_id: job_id.clone() })?, job: Some(job_id) })
    }
}

fn said(answer: impl serde::Serialize) -> Result<Value, ApiError> {
    serde_json::to_value(answer)
        .map_err(|error| ApiError::new(ErrorCode::Internal, format!("The answer cannot be said: {error}.")))
}
