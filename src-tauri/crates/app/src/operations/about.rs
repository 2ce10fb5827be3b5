//! about.get

use holdfast_contract::ApiError;
use holdfast_contract::event::Topic;
use holdfast_contract::meta::{About, Empty, OperationInfo};
use holdfast_contract::policy::Policy;

use crate::connections::offers;
use crate::cx::Cx;
use crate::gate::Reading;

pub struct AboutGet;
impl Reading for AboutGet {
    const NAME: &'static str = "about.get";
    const POLICY: Policy = Policy::reads(&[Topic::Settings, Topic::Secrets, Topic::Vault]);
    type Request = Empty;
    type Response = About;
    async fn run(cx: Cx, _: Empty) -> Result<About, ApiError> {
        Ok(About {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            sqlite_version: rusqlite::version().to_owned(),
            home: cx.home().root().display().to_string(),
            secrets: cx.secrets().status().await,
            operations: infos(),
            engines: offers::of_every_kind()?,
        })
    }
}

pub(crate) fn infos() -> Vec<OperationInfo> {
    super::OPERATIONS
        .iter()
        .map(|entry| OperationInfo {
            name: entry.name.to_owned(),
            policy: entry.policy,
            starts: entry.starts(),
        })
        .collect()
}
