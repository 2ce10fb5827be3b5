//! Native notifications: a job that ended badly, a long one that ended well.
//!
//! Who looks at the window needs no second message about success; a failure is told always.

use holdfast_app::App;
use holdfast_contract::event::{Event, NoticeLevel};
use holdfast_contract::job::{Job, JobState};
use holdfast_contract::meta::Empty;
use holdfast_contract::settings::Settings;
use tauri::{AppHandle, Manager};
use tauri_plugin_notification::NotificationExt;

use crate::{host, window};

#[derive(Debug, PartialEq, Eq)]
struct Notice {
    title: String,
    body: String,
}

pub async fn consider(handle: &AppHandle, app: &App, event: &Event) {
    let notice = match event {
        Event::Job { job } if job.state.ended() => {
            // Settings that cannot be read must not hide a failure.
            let settings = host::ask(app, "settings.get", &Empty {}).await.unwrap_or_default();
            about_job(job, &settings, looked_at(handle))
        }
        Event::Notice { level: NoticeLevel::Warning | NoticeLevel::Error, title, text } => {
            (!looked_at(handle)).then(|| Notice { title: title.clone(), body: text.clone() })
        }
        _ => None,
    };
    if let Some(notice) = notice {
        send(handle, &notice);
    }
}

/// The window hides because work goes on: said once, so that nobody takes the program for gone.
pub fn say_work_goes_on(handle: &AppHandle, jobs: usize) {
    let jobs = if jobs == 1 { "one job".to_owned() } else { format!("{jobs} jobs") };
    send(
        handle,
        &Notice {
            title: "Holdfast is finishing its work".to_owned(),
            body: format!("It ends by itself after {jobs}. Start it again to see the window."),
        },
    );
}

/// Asked for without a window that could show why.
pub fn say_not_started(handle: &AppHandle, refused: &[String]) {
    let title = match refused.len() {
        1 => "A backup was not started".to_owned(),
        count => format!("{count} backups were not started"),
    };
    send(handle, &Notice { title, body: refused.join("\n") });
}

fn about_job(job: &Job, settings: &Settings, looked_at: bool) -> Option<Notice> {
    match job.state {
        JobState::Failed | JobState::Interrupted if settings.notify_failures => {
            let what = if job.state == JobState::Failed { "failed" } else { "was interrupted" };
            let body =
                job.error.as_ref().map_or_else(|| "Open Holdfast to see why.".to_owned(), crate::explain);
            Some(Notice { title: format!("{} {what}", job.title), body })
        }
        JobState::Succeeded if found_damage(job) && settings.notify_failures => Some(Notice {
            title: format!("{} found problems", job.title),
            body: "Open Holdfast to see which backups are affected.".to_owned(),
        }),
        JobState::Succeeded if !looked_at && is_long(job, settings) => {
            Some(Notice { title: format!("{} is done", job.title), body: String::new() })
        }
        _ => None,
    }
}

/// The results of checks and proofs say so in one of two fields.
fn found_damage(job: &Job) -> bool {
    let Some(result) = &job.result else { return false };
    let failed = result.get("passed").is_some_and(|passed| passed == false);
    let problems = result.get("problems").and_then(serde_json::Value::as_array);
    failed || problems.is_some_and(|problems| !problems.is_empty())
}

fn is_long(job: &Job, settings: &Settings) -> bool {
    let lasted_ms = job.ended_at_ms.unwrap_or_default() - job.started_at_ms.unwrap_or(job.created_at_ms);
    settings.notify_after_seconds > 0 && lasted_ms >= i64::from(settings.notify_after_seconds) * 1000
}

fn looked_at(handle: &AppHandle) -> bool {
    handle.get_webview_window(window::LABEL).is_some_and(|window| window.is_focused().unwrap_or(false))
}

fn send(handle: &AppHandle, notice: &Notice) {
    let notification = handle.notification().builder().title(&notice.title).body(&notice.body);
    if let Err(error) = notification.show() {
        tracing::warn!("a notification was not shown: {error}");
    }
}

#[cfg(test)]
mod tests {
    use holdfast_contract::job::Progress;
    use holdfast_contract::{ApiError, ErrorCode};
    use serde_json::json;

    use super::*;

    fn job(state: JobState, seconds: i64) -> Job {
        Job {
            id: "1".into(),
            operation: "backup.create".to_owned(),
            title: "Back up Shop".to_owned(),
            connection_id: None,
            state,
            created_at_ms: 0,
            started_at_ms: Some(1000),
            ended_at_ms: Some(1000 + seconds * 1000),
            progress: Progress::default(),
            error: None,
            result: None,
            cancellable: false,
        }
    }

    #[test]
    fn a_failure_is_told_even_to_those_who_look() {
        let mut failed = job(JobState::Failed, 1);
        failed.error =
            Some(ApiError::new(ErrorCode::StorageFull, "The vault is full.").hint("Free some room."));
        let told = about_job(&failed, &Settings::default(), true);
        assert_eq!(
            told,
            Some(Notice {
                title: "Back up Shop failed".to_owned(),
                body: "The vault is full.\nFree some room.".to_owned()
            })
        );
        let quiet = Settings { notify_failures: false, ..Settings::default() };
        assert_eq!(about_job(&failed, &quiet, false), None);
        assert_eq!(about_job(&job(JobState::Cancelled, 90), &Settings::default(), false), None);
    }

    #[test]
    fn success_is_told_when_it_took_long_and_nobody_looked() {
        let settings = Settings::default();
        assert!(about_job(&job(JobState::Succeeded, 30), &settings, false).is_some());
        assert!(about_job(&job(JobState::Succeeded, 29), &settings, false).is_none());
        assert!(about_job(&job(JobState::Succeeded, 30), &settings, true).is_none());
        let never = Settings { notify_after_seconds: 0, ..settings };
        assert!(about_job(&job(JobState::Succeeded, 3000), &never, false).is_none());
    }

    #[test]
    fn a_check_that_found_damage_is_no_success() {
        for result in [json!({"passed": false, "problems": []}), json!({"problems": ["pack 3 is gone"]})] {
            let mut check = job(JobState::Succeeded, 1);
            check.result = Some(result);
            assert!(about_job(&check, &Settings::default(), true).is_some());
        }
    }
}
