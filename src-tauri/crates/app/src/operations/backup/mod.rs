//! Operations `backup.*`: from the request to the use case. Looking at backups stands here.

mod create;
mod delete;
mod export;
mod verify;

use holdfast_contract::backup::{BackupDetail, BackupListRequest, BackupListResponse, BackupRef};
use holdfast_contract::policy::{Policy, Target};
use holdfast_contract::{Answer, BackupId};

use crate::backup::{list, shelf};
use crate::cx::Cx;
use crate::gate::Operation;
use crate::operations::READ;
use crate::vaults;

pub use self::create::{Create, Plan};
pub use self::delete::{DeleteApply, DeletePlan};
pub use self::export::{Export, ProofExport};
pub use self::verify::Verify;

pub struct List;

impl Operation for List {
    const NAME: &'static str = "backup.list";
    const POLICY: Policy = READ;
    type Request = BackupListRequest;
    type Response = BackupListResponse;

    fn target(request: &Self::Request) -> Target {
        request.connection.clone().map_or(Target::Vault, Target::Named)
    }

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

impl Operation for Get {
    const NAME: &'static str = "backup.get";
    const POLICY: Policy = READ;
    type Request = BackupRef;
    type Response = BackupDetail;

    fn target(request: &Self::Request) -> Target {
        Target::Backup(BackupId(request.backup.clone()))
    }

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let vault = vaults::open(&cx).await?;
        let backup = shelf::find(&cx, &vault, &request.backup).await?;
        list::detail(&vault, backup).await
    }
}
