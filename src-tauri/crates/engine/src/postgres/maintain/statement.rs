//! One long statement: its progress is read beside it, and a cancel stops it on the server.

use std::time::Duration;

use super::super::connect::{Backend, Purpose, Row, Session};
use super::super::sql::Literal;
use crate::maintain::Meter;
use crate::{Access, EngineError, Result, Work};

/// How often progress is asked for.
const LOOK: Duration = Duration::from_millis(400);
/// A cancel is asked for again when it came too early to hit the statement.
const ASK_AGAIN: Duration = Duration::from_secs(2);
/// A statement that does not stop by then is left to the server, which ends it when it finds our connection closed.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Statement<'a> {
    pub access: &'a Access,
    pub session: &'a mut Session,
    pub work: &'a Work,
}

impl Statement<'_> {
    pub async fn run(&mut self, doing: &str, sql: &str, meter: &mut Meter) -> Result<Vec<Row>> {
        self.work.checkpoint()?;
        let backend = self.session.backend.clone();
        // Progress and cancel need a session of their own; without a free one the work goes on unseen.
        let mut watch = Session::open(self.access, Purpose::Read).await.ok();
        let running = self.session.rows(doing, sql);
        tokio::pin!(running);
        let mut tick = tokio::time::interval(LOOK);
        let mut asked: Option<tokio::time::Instant> = None;
        let mut given_up_at = None;
        let outcome = loop {
            tokio::select! {
                biased;
                done = &mut running => break done,
                _ = tick.tick() => {}
                () = self.work.cancel.cancelled(), if asked.is_none() => {}
            }
            if self.work.cancel.is_cancelled() {
                let now = tokio::time::Instant::now();
                let deadline = *given_up_at.get_or_insert(now + PATIENCE);
                if now >= deadline {
                    break Err(EngineError::Cancelled);
                }
                if asked.is_none_or(|at| now - at >= ASK_AGAIN) {
                    asked = Some(now);
                    stop(self.access, &mut watch, &backend).await;
                }
            } else if let Some(session) = &mut watch
                && look(session, &backend, meter).await.is_err()
            {
                // The work itself does not depend on being watched.
                watch = None;
            }
        };
        if let Some(watch) = watch {
            watch.close().await;
        }
        match outcome {
            Err(refusal) if asked.is_some() && refusal.server_code() == Some("57014") => {
                Err(EngineError::Cancelled)
            }
            other => other,
        }
    }
}

async fn stop(access: &Access, watch: &mut Option<Session>, backend: &Backend) {
    if watch.is_none() {
        *watch = Session::open(access, Purpose::Read).await.ok();
    }
    let Some(session) = watch else { return };
    let sql = format!(
        "SELECT pg_catalog.pg_cancel_backend(pid) FROM pg_catalog.pg_stat_activity \
         WHERE pid = {} AND backend_start::text = {}",
        backend.pid,
        Literal(&backend.started)
    );
    if session.execute("Cancelling on the server", &sql).await.is_err() {
        // Asked again shortly, through a new session.
        *watch = None;
    }
}

async fn look(session: &mut Session, backend: &Backend, meter: &mut Meter) -> Result<()> {
    let pid = backend.pid;
    // `rebuilding index` counts indexes without saying how many there are.
    let sql = format!(
        "SELECT phase, CASE phase WHEN 'vacuuming heap' THEN heap_blks_vacuumed ELSE heap_blks_scanned END, heap_blks_total \
           FROM pg_catalog.pg_stat_progress_vacuum WHERE pid = {pid} \
         UNION ALL SELECT phase, sample_blks_scanned, sample_blks_total FROM pg_catalog.pg_stat_progress_analyze WHERE pid = {pid} \
         UNION ALL SELECT phase, CASE WHEN tuples_total > 0 THEN tuples_done ELSE blocks_done END, \
           CASE WHEN tuples_total > 0 THEN tuples_total ELSE blocks_total END \
           FROM pg_catalog.pg_stat_progress_create_index WHERE pid = {pid} \
         UNION ALL SELECT phase, CASE phase WHEN 'rebuilding index' THEN 0 ELSE heap_blks_scanned END, heap_blks_total \
           FROM pg_catalog.pg_stat_progress_cluster WHERE pid = {pid} \
         LIMIT 1"
    );
    let rows = session.rows("Asking for progress", &sql).await?;
    if let Some([Some(phase), done, total]) = rows.first().map(Vec::as_slice) {
        let number =
            |value: &Option<String>| value.as_deref().and_then(|text| text.parse().ok()).unwrap_or(0.0);
        meter.at(phase, share(phase, number(done), number(total)));
    }
    Ok(())
}

/// Part of the whole statement, from the server's phase and the part of it that is done. How long phases take beside each other
/// is a rough guess: what the server counts begins at zero in each.
fn share(phase: &str, done: f64, total: f64) -> f64 {
    let known: Option<(f64, f64)> = match phase {
        "scanning heap" => Some((0.0, 0.6)),
        "vacuuming indexes" => Some((0.6, 0.8)),
        "vacuuming heap" => Some((0.8, 0.95)),
        "cleaning up indexes" | "truncating heap" | "performing final cleanup" => Some((0.95, 0.95)),
        "acquiring sample rows" | "acquiring inherited sample rows" => Some((0.0, 0.9)),
        "computing statistics" | "computing extended statistics" | "finalizing analyze" => Some((0.9, 0.9)),
        "seq scanning heap" | "index scanning heap" => Some((0.0, 0.5)),
        "sorting tuples" | "writing new heap" => Some((0.5, 0.6)),
        "swapping relation files" | "rebuilding index" => Some((0.6, 0.6)),
        "building index: scanning table" => Some((0.0, 0.3)),
        "building index: sorting live tuples" | "building index: sorting dead tuples" => Some((0.3, 0.4)),
        "building index: loading tuples in tree" => Some((0.4, 0.7)),
        "index validation: scanning index" => Some((0.7, 0.8)),
        "index validation: sorting tuples" => Some((0.8, 0.8)),
        "index validation: scanning table" => Some((0.8, 0.95)),
        _ => None,
    };
    let part = if total > 0.0 { (done / total).min(1.0) } else { 0.0 };
    known.map_or(0.0, |(from, to)| from + (to - from) * part)
}

/// For checks, whose findings come as errors or rows.
pub fn is_damage(error: &EngineError) -> bool {
    matches!(error.server_code(), Some("XX001" | "XX002"))
}
