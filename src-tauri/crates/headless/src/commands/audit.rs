//! `holdfastctl audit …`

use holdfast_contract::audit::{AuditListRequest, AuditListResponse, AuditVerifyResponse};
use holdfast_contract::meta::Empty;
use holdfast_contract::{ApiError, ErrorCode};

use crate::cli::Audit;
use crate::failure::{Failure, Result};
use crate::host::Host;
use crate::output::Output;
use crate::text::{self, Align};

pub async fn run(command: Audit, host: &Host, output: &Output) -> Result<()> {
    match command {
        Audit::List { search, limit } => {
            let request = AuditListRequest { before: None, limit: Some(limit), search };
            let list: AuditListResponse = host.call("audit.list", &request).await?;
            output.result(&list, || list_text(&list))
        }
        Audit::Verify => {
            let verdict: AuditVerifyResponse = host.call("audit.verify", &Empty {}).await?;
            output.result(&verdict, || match &verdict.problem {
                None => format!("All {} entries fit together.", text::number(verdict.entries)),
                Some(problem) => text::visible(problem),
            })?;
            if verdict.intact {
                return Ok(());
            }
            let problem =
                verdict.problem.unwrap_or_else(|| "The audit record does not fit together.".to_owned());
            Err(Failure::printed(ApiError::new(ErrorCode::VerificationFailed, problem)))
        }
    }
}

fn list_text(list: &AuditListResponse) -> String {
    let rows: Vec<Vec<String>> = list
        .entries
        .iter()
        .map(|entry| {
            let outcome = entry.error_code.clone().or_else(|| entry.outcome.clone()).unwrap_or_default();
            vec![
                entry.seq.to_string(),
                text::time(entry.at_ms),
                entry.operation.clone(),
                entry.target_name.clone().unwrap_or_default(),
                text::word(&entry.phase),
                outcome,
            ]
        })
        .collect();
    use Align::{Left, Right};
    let head = [
        ("SEQ", Right),
        ("TIME", Left),
        ("OPERATION", Left),
        ("TARGET", Left),
        ("PHASE", Left),
        ("OUTCOME", Left),
    ];
    text::table(&head, &rows)
}
