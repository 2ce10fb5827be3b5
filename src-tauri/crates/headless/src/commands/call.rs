//! `holdfastctl call OPERATION 'JSON'`: every operation, from the one list.

use holdfast_app::App;
use holdfast_contract::backup::Started;
use holdfast_contract::policy::Confirmation;
use serde_json::Value;

use crate::cli::Call;
use crate::failure::{Result, internal, usage};
use crate::follow;
use crate::host::Host;
use crate::output::Output;
use crate::text::{self, Align};

pub async fn run(command: Call, host: &Host, output: &Output) -> Result<()> {
    let Some(operation) = command.operation else { return list(output) };
    let request: Value = serde_json::from_str(&command.request).map_err(|error| {
        usage(
            format!("The request is not JSON: {error}."),
            "Quote it: holdfastctl call job.list '{\"active_only\":true}'",
        )
    })?;
    let confirmation = Confirmation { digest: command.digest, name: command.confirm };
    let answer = host.call_json(&operation, request, confirmation).await?;
    let starts = App::operations().into_iter().any(|known| known.name == operation && known.starts.is_some());
    // A job lives in this process, so the process stays with it.
    if starts {
        let started: Started = serde_json::from_value(answer).map_err(|error| internal(error.to_string()))?;
        let job = follow::to_the_end(host, output, &started).await?;
        let document = serde_json::json!({ "id": started.id, "job_id": started.job_id, "job": job });
        return output.result(&document, || pretty(&document));
    }
    output.result(&answer, || pretty(&answer))
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

pub fn list(output: &Output) -> Result<()> {
    let operations = App::operations();
    output.result(&operations, || {
        let rows: Vec<Vec<String>> = operations
            .iter()
            .map(|operation| {
                let policy = &operation.policy;
                vec![
                    operation.name.clone(),
                    text::word(&policy.needs()),
                    text::word(&policy.risk()),
                    text::word(&policy.confirm()),
                ]
            })
            .collect();
        text::table(&["OPERATION", "NEEDS", "RISK", "CONFIRMATION"].map(|name| (name, Align::Left)), &rows)
    })
}
