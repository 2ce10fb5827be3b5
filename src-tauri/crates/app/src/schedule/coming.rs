//! What is due in a span of time to come: the pages of a calendar.

use holdfast_contract::schedule::{ComingRun, ScheduleComingRequest, ScheduleComingResponse};
use holdfast_contract::{ApiError, ErrorCode};

use crate::cx::Cx;

/// Due times of one schedule in one answer.
const MOST: usize = 500;
const LONGEST_MS: i64 = 400 * 24 * 60 * 60 * 1000;

pub async fn between(cx: &Cx, request: &ScheduleComingRequest) -> Result<ScheduleComingResponse, ApiError> {
    let now_ms = cx.now_ms();
    let from_ms = request.from_ms.unwrap_or(now_ms).max(now_ms);
    if request.until_ms.saturating_sub(from_ms) > LONGEST_MS {
        return Err(ApiError::new(ErrorCode::BadRequest, "A span of 400 days at most can be looked at."));
    }
    let (mut runs, mut cut_short) = (Vec::new(), Vec::new());
    for row in cx.catalog().schedules().list().await? {
        if !row.enabled {
            continue;
        }
        // One that cannot be understood says so itself, in the list.
        let Some(known) = cx.timetables().table(&row.id, &row.timing, row.created_at_ms) else { continue };
        let mut at_ms = from_ms.max(row.seen_ms);
        for place in 0..=MOST {
            // The first is often known already; the others are followed from it.
            let next = if place == 0 { known.after(at_ms) } else { known.table.after(at_ms) };
            match next {
                Some(next_ms) if next_ms < request.until_ms && place == MOST => {
                    cut_short.push(row.id.clone());
                }
                Some(next_ms) if next_ms < request.until_ms => {
                    runs.push(ComingRun { schedule_id: row.id.clone(), at_ms: next_ms });
                    at_ms = next_ms;
                }
                _ => break,
            }
        }
    }
    runs.sort_by_key(|run| run.at_ms);
    Ok(ScheduleComingResponse { runs, cut_short })
}
