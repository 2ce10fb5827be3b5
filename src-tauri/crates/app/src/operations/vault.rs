//! vault.* and secrets.*

use holdfast_contract::ApiError;
use holdfast_contract::event::Topic;
use holdfast_contract::meta::{Empty, SecretsStatus, SecretsUseFileRequest};
use holdfast_contract::policy::{Consent, Permission, Policy, Touched};
use holdfast_contract::vault::{
    CheckSummary, RecoveryKit, VaultAttachRequest, VaultChangePassphraseRequest, VaultCheckRequest,
    VaultInitRequest, VaultInitResponse, VaultPrunePlan, VaultPruneResult, VaultRecoveryKitSaveRequest,
    VaultRecoveryKitSaveResponse, VaultStatus, VaultUnlockRequest,
};
use secrecy::SecretString;

use crate::catalog::Plan;
use crate::cx::Begun;
use crate::cx::Cx;
use crate::gate::{Agreed, Look, Operation, Planned, PlansAtOnce, Reading, Starting, touched};
use crate::proof::whole_vault;
use crate::vaults;

pub struct VaultStatusGet;
impl Reading for VaultStatusGet {
    const NAME: &'static str = "vault.status";
    const POLICY: Policy = Policy::reads(&[Topic::Vault, Topic::Secrets, Topic::Backups]);
    type Request = Empty;
    type Response = VaultStatus;
    async fn run(cx: Cx, _: Empty) -> Result<VaultStatus, ApiError> {
        vaults::status(&cx).await
    }
}

pub struct VaultInit;
impl Operation for VaultInit {
    const NAME: &'static str = "vault.init";
    const POLICY: Policy = Policy::changes(&[Topic::Vault, Topic::Secrets, Topic::Backups])
        .needing(Permission::Administer)
        .on_this_machine();
    type Request = VaultInitRequest;
    type Response = VaultInitResponse;
    async fn touched(_: &Cx, _: &Self::Request) -> touched::Answer {
        Ok(vec![Touched::Vault])
    }
    async fn run(cx: Cx, request: VaultInitRequest) -> Result<VaultInitResponse, ApiError> {
        vaults::init(&cx, request).await
    }
}

pub struct VaultAttach;
impl Operation for VaultAttach {
    const NAME: &'static str = "vault.attach";
    const POLICY: Policy = Policy::changes(&[Topic::Vault, Topic::Secrets, Topic::Backups])
        .needing(Permission::Administer)
        .on_this_machine();
    type Request = VaultAttachRequest;
    type Response = VaultStatus;
    async fn touched(_: &Cx, _: &Self::Request) -> touched::Answer {
        Ok(vec![Touched::Vault])
    }
    async fn run(cx: Cx, request: VaultAttachRequest) -> Result<VaultStatus, ApiError> {
        let not_kept = vaults::attach(&cx, request).await?;
        opened(&cx, not_kept).await
    }
}

pub struct VaultUnlock;
impl Operation for VaultUnlock {
    const NAME: &'static str = "vault.unlock";
    const POLICY: Policy = Policy::changes(&[Topic::Vault, Topic::Secrets, Topic::Backups])
        .needing(Permission::Administer)
        .on_this_machine();
    type Request = VaultUnlockRequest;
    type Response = VaultStatus;
    async fn touched(_: &Cx, _: &Self::Request) -> touched::Answer {
        Ok(vec![Touched::Vault])
    }
    async fn run(cx: Cx, request: VaultUnlockRequest) -> Result<VaultStatus, ApiError> {
        let not_kept = vaults::unlock(&cx, request).await?;
        opened(&cx, not_kept).await
    }
}

/// The open vault, and why it will not open by itself although that was wished.
async fn opened(cx: &Cx, not_kept: Option<ApiError>) -> Result<VaultStatus, ApiError> {
    let status = vaults::status(cx).await?;
    Ok(VaultStatus { problem: status.problem.clone().or(not_kept), ..status })
}

pub struct VaultLock;
impl Operation for VaultLock {
    const NAME: &'static str = "vault.lock";
    const POLICY: Policy = Policy::changes(&[Topic::Vault, Topic::Secrets, Topic::Backups]);
    type Request = Empty;
    type Response = VaultStatus;
    async fn touched(_: &Cx, _: &Self::Request) -> touched::Answer {
        Ok(vec![Touched::Vault])
    }
    async fn run(cx: Cx, _: Empty) -> Result<VaultStatus, ApiError> {
        vaults::lock(&cx).await?;
        vaults::status(&cx).await
    }
}

pub struct VaultCheck;
impl Starting for VaultCheck {
    const NAME: &'static str = "vault.check";
    const POLICY: Policy = Policy::changes(&[Topic::Jobs, Topic::Vault, Topic::Backups]).schedulable();
    type Request = VaultCheckRequest;
    type Result = CheckSummary;
    async fn touched(_: &Cx, _: &Self::Request) -> touched::Answer {
        Ok(vec![Touched::Vault])
    }
    async fn start(cx: Cx, request: VaultCheckRequest) -> Result<Begun<Self::Result>, ApiError> {
        whole_vault::check(&cx, request.level).await
    }
}

/// What nothing in the vault refers to any more.
pub struct VaultPrune;
impl PlansAtOnce for VaultPrune {
    const PLAN: &'static str = "vault.prune.plan";
    type Request = Empty;

    async fn settle(_: &Cx, request: Empty) -> Result<Empty, ApiError> {
        Ok(request)
    }
}

impl Planned for VaultPrune {
    const APPLY: &'static str = "vault.prune.apply";
    const POLICY: Policy = Policy::destroys(Consent::Digest, &[Topic::Vault, Topic::Jobs]);
    type Intent = Empty;
    type Plan = VaultPrunePlan;
    type Ground = vaults::Prunable;
    type Outcome = Begun<VaultPruneResult>;
    async fn look(cx: &Cx, _: &Empty) -> Result<Look<Self>, ApiError> {
        let (plan, ground) = vaults::prune_plan(cx).await?;
        Ok(Look {
            plan,
            digest: Plan::digest_of(ground.found())?,
            blockers: Vec::new(),
            confirm_name: None,
            touched: vec![Touched::Vault],
            ground,
        })
    }
    async fn apply(cx: Cx, agreed: Agreed<Self>) -> Result<Begun<VaultPruneResult>, ApiError> {
        let (_, _, ground, consent) = agreed.into_parts();
        vaults::prune_apply(&cx, ground, consent).await
    }
}

pub struct VaultRecoveryKit;
impl Operation for VaultRecoveryKit {
    const NAME: &'static str = "vault.recovery_kit";
    const POLICY: Policy = Policy::changes(&[Topic::Vault]).needing(Permission::Administer).on_this_machine();
    type Request = Empty;
    type Response = RecoveryKit;
    async fn touched(_: &Cx, _: &Self::Request) -> touched::Answer {
        Ok(vec![Touched::Vault])
    }
    async fn run(cx: Cx, _: Empty) -> Result<RecoveryKit, ApiError> {
        vaults::recovery_kit(&cx).await
    }
}

pub struct VaultRecoveryKitSave;
impl Operation for VaultRecoveryKitSave {
    const NAME: &'static str = "vault.recovery_kit.save";
    const POLICY: Policy = Policy::changes(&[Topic::Vault]).needing(Permission::Administer).on_this_machine();
    type Request = VaultRecoveryKitSaveRequest;
    type Response = VaultRecoveryKitSaveResponse;
    async fn touched(_: &Cx, _: &Self::Request) -> touched::Answer {
        Ok(vec![Touched::Vault])
    }
    async fn run(
        cx: Cx,
        request: VaultRecoveryKitSaveRequest,
    ) -> Result<VaultRecoveryKitSaveResponse, ApiError> {
        vaults::save_recovery_kit(&cx, request).await
    }
}

pub struct VaultChangePassphrase;
impl Operation for VaultChangePassphrase {
    const NAME: &'static str = "vault.change_passphrase";
    const POLICY: Policy = Policy::changes(&[Topic::Vault]).needing(Permission::Administer).on_this_machine();
    type Request = VaultChangePassphraseRequest;
    type Response = VaultStatus;
    async fn touched(_: &Cx, _: &Self::Request) -> touched::Answer {
        Ok(vec![Touched::Vault])
    }
    async fn run(cx: Cx, request: VaultChangePassphraseRequest) -> Result<VaultStatus, ApiError> {
        vaults::change_passphrase(&cx, request.new_passphrase).await?;
        vaults::status(&cx).await
    }
}

pub struct SecretsStatusGet;
impl Reading for SecretsStatusGet {
    const NAME: &'static str = "secrets.status";
    const POLICY: Policy = Policy::reads(&[Topic::Secrets]);
    type Request = Empty;
    type Response = SecretsStatus;
    async fn run(cx: Cx, _: Empty) -> Result<SecretsStatus, ApiError> {
        Ok(cx.secrets().status().await)
    }
}

pub struct SecretsUseFile;
impl Operation for SecretsUseFile {
    const NAME: &'static str = "secrets.use_file";
    const POLICY: Policy = Policy::changes(&[Topic::Secrets, Topic::Vault, Topic::Connections])
        .needing(Permission::Administer)
        .on_this_machine();
    type Request = SecretsUseFileRequest;
    type Response = SecretsStatus;
    async fn touched(_: &Cx, _: &Self::Request) -> touched::Answer {
        Ok(vec![Touched::Application])
    }
    async fn run(cx: Cx, request: SecretsUseFileRequest) -> Result<SecretsStatus, ApiError> {
        cx.secrets().use_file(SecretString::from(request.passphrase.0)).await?;
        cx.events().changed(Topic::Vault);
        Ok(cx.secrets().status().await)
    }
}
