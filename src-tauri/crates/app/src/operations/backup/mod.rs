//! Operations `backup.*`: from the request to the use case. Looking at backups stands here.

mod create;
mod delete;
mod export;
mod verify;

use holdfast_contract::Answer;
use holdfast_contract::backup::{BackupDetail, BackupListRequest, BackupListResponse, BackupRef};
use holdfast_contract::event::Topic;
use holdfast_contract::policy::Policy;

use crate::backup::{list, shelf};
use crate::cx::Cx;
use crate::gate::Reading;
use crate::vaults;

pub use self::create::{Create, Plan};
pub use self::delete::Delete;
pub use self::export::{Export, ProofExport};
pub use self::verify::Verify;

pub struct List;

impl Reading for List {
    const NAME: &'static str = "backup.list";
    const POLICY: Policy = Policy::reads(&[Topic::Backups, Topic::Vault]);
    type Request = BackupListRequest;
    type Response = BackupListResponse;

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let vault = vaults::open(&cx).await?;
        let mut backups = shelf::all(&cx, &vault).await?;
        if let Some(wanted) = request.connection {
            let known = cx.catalog().connections().lookup(&wanted).await?;
            backups.retain(|backup| shelf::belongs(backup, &wanted, known.as_ref()));
            if known.is_none() && backups.is_empty() {
                // Neither a connection nor a name that a backup remembers: say so instead of showing nothing.
                cx.catalog().connections().find(&wanted).await?;
            }
        }
        Ok(BackupListResponse { backups })
    }
}

pub struct Get;

impl Reading for Get {
    const NAME: &'static str = "backup.get";
    const POLICY: Policy = Policy::reads(&[Topic::Backups, Topic::Vault]);
    type Request = BackupRef;
    type Response = BackupDetail;

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let vault = vaults::open(&cx).await?;
        let backup = shelf::find(&cx, &vault, &request.backup).await?;
        list::detail(&vault, backup).await
    }
}
