//! `holdfastctl session …`

use holdfast_contract::backup::PlanRef;
use holdfast_contract::session::{
    ServerSession, SessionClosePlan, SessionClosePlanRequest, SessionCloseResponse, SessionListRequest,
    SessionListResponse,
};

use super::{agreed, timing};
use crate::cli::Session;
use crate::failure::Result;
use crate::host::Host;
use crate::output::Output;
use crate::text::{self, Align};

pub async fn run(command: Session, host: &Host, output: &Output) -> Result<()> {
    match command {
        Session::List { connection } => {
            let answer: SessionListResponse =
                host.call("session.list", &SessionListRequest { connection }).await?;
            output.result(&answer, || table(&answer.sessions))
        }
        Session::Close { connection, idle, in_transaction, yes } => {
            let idle_ms = timing::length_ms(&idle)?;
            let request = SessionClosePlanRequest { connection, idle_ms, in_transaction };
            let plan: SessionClosePlan = host.call("session.close.plan", &request).await?;
            if !yes {
                return output.result(&plan, || {
                    let go_on = if plan.sessions.is_empty() { "" } else { " To close them, add: --yes" };
                    format!("{}\n{}{go_on}", table(&plan.sessions), plan.summary)
                });
            }
            let apply = PlanRef { plan_id: plan.plan_id.clone() };
            let answer: SessionCloseResponse =
                host.call_confirmed("session.close.apply", &apply, agreed(&plan.digest, None)).await?;
            output.result(&answer, || {
                let closed = text::count(answer.closed.len() as u64, "session");
                let left = match answer.left_alone {
                    0 => String::new(),
                    left => format!(" {left} had gone or begun to work, and were left alone."),
                };
                format!("{}\nClosed {closed}.{left}", table(&answer.closed))
            })
        }
    }
}

fn table(sessions: &[ServerSession]) -> String {
    let rows: Vec<Vec<String>> = sessions
        .iter()
        .map(|session| {
            let state = match (session.ours, session.in_transaction) {
                (true, _) => "Holdfast".to_owned(),
                (_, true) => "idle, holds a transaction".to_owned(),
                _ => session.state.clone().unwrap_or_default(),
            };
            vec![
                session.id.to_string(),
                session.user.clone().unwrap_or_default(),
                session.application.clone().unwrap_or_default(),
                session.client.clone().unwrap_or_default(),
                session.idle_ms.map(text::duration).unwrap_or_default(),
                state,
            ]
        })
        .collect();
    let head = ["ID", "USER", "PROGRAM", "FROM", "IDLE", "STATE"].map(|name| (name, Align::Left));
    text::table(&head, &rows)
}
