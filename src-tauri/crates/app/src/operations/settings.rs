//! settings.*

use holdfast_contract::event::Topic;
use holdfast_contract::meta::Empty;
use holdfast_contract::policy::{Permission, Policy, Touched};
use holdfast_contract::settings::{Settings, SettingsUpdateRequest};
use holdfast_contract::{ApiError, ErrorCode};

use crate::cx::Cx;
use crate::gate::{Operation, Reading, touched};
use crate::pool;

pub struct SettingsGet;
impl Reading for SettingsGet {
    const NAME: &'static str = "settings.get";
    const POLICY: Policy = Policy::reads(&[Topic::Settings]);
    type Request = Empty;
    type Response = Settings;
    async fn run(cx: Cx, _: Empty) -> Result<Settings, ApiError> {
        cx.settings().await
    }
}

pub struct SettingsUpdate;
impl Operation for SettingsUpdate {
    const NAME: &'static str = "settings.update";
    const POLICY: Policy = Policy::changes(&[Topic::Settings]).needing(Permission::Administer);
    type Request = SettingsUpdateRequest;
    type Response = Settings;
    async fn touched(_: &Cx, _: &Self::Request) -> touched::Answer {
        Ok(vec![Touched::Application])
    }
    async fn run(cx: Cx, request: SettingsUpdateRequest) -> Result<Settings, ApiError> {
        cx.catalog().settings().update(move |settings| apply(settings, request)).await
    }
}

fn apply(settings: &mut Settings, request: SettingsUpdateRequest) -> Result<(), ApiError> {
    if let Some(theme) = request.theme {
        settings.theme = theme;
    }
    if let Some(level) = request.compression_level {
        settings.compression_level = within("compression_level", level, 1, 19)?;
    }
    if let Some(parallel) = request.parallel {
        settings.parallel = within("parallel", parallel, 1, 8)?;
    }
    if let Some(hours) = request.prune_grace_hours {
        settings.prune_grace_hours = within("prune_grace_hours", hours, 0, 8760)?;
    }
    if let Some(seconds) = request.notify_after_seconds {
        settings.notify_after_seconds = within("notify_after_seconds", seconds, 0, 86_400)?;
    }
    if let Some(notify) = request.notify_failures {
        settings.notify_failures = notify;
    }
    settings.keep_in_tray = request.keep_in_tray.unwrap_or(settings.keep_in_tray);
    settings.start_at_login = request.start_at_login.unwrap_or(settings.start_at_login);
    if let Some(limits) = request.pool {
        settings.pool = pool::checked(limits)?;
    }
    Ok(())
}

fn within<T: PartialOrd + std::fmt::Display>(
    field: &str,
    value: T,
    least: T,
    most: T,
) -> Result<T, ApiError> {
    if value >= least && value <= most {
        Ok(value)
    } else {
        Err(ApiError::new(ErrorCode::BadRequest, format!("{field} must be between {least} and {most}.")))
    }
}
