//! vault.* and secrets.*

use holdfast_contract::ApiError;
use holdfast_contract::backup::{PlanRef, Started};
use holdfast_contract::event::Changed;
use holdfast_contract::meta::{Empty, SecretsStatus, SecretsUseFileRequest};
use holdfast_contract::policy::{Confirm, Policy, Risk, Target};
use holdfast_contract::vault::{
    RecoveryKit, VaultAttachRequest, VaultChangePassphraseRequest, VaultCheckRequest, VaultInitRequest,
    VaultInitResponse, VaultPrunePlan, VaultRecoveryKitSaveRequest, VaultRecoveryKitSaveResponse,
    VaultStatus, VaultUnlockRequest,
};
use secrecy::SecretString;

use crate::cx::Cx;
use crate::gate::Operation;
use crate::proof::whole_vault;
use crate::vaults;

pub struct VaultStatusGet;
impl Operation for VaultStatusGet {
    const NAME: &'static str = "vault.status";
    const POLICY: Policy = super::READ;
    type Request = Empty;
    type Response = VaultStatus;
    fn target(_: &Empty) -> Target {
        Target::Vault
    }
    async fn run(cx: Cx, _: Empty) -> Result<VaultStatus, ApiError> {
        vaults::status(&cx).await
    }
}

pub struct VaultInit;
impl Operation for VaultInit {
    const NAME: &'static str = "vault.init";
    const POLICY: Policy = super::ADMINISTER;
    type Request = VaultInitRequest;
    type Response = VaultInitResponse;
    fn target(_: &VaultInitRequest) -> Target {
        Target::Vault
    }
    async fn run(cx: Cx, request: VaultInitRequest) -> Result<VaultInitResponse, ApiError> {
        vaults::init(&cx, request).await
    }
}

pub struct VaultAttach;
impl Operation for VaultAttach {
    const NAME: &'static str = "vault.attach";
    const POLICY: Policy = super::ADMINISTER;
    type Request = VaultAttachRequest;
    type Response = VaultStatus;
    fn target(_: &VaultAttachRequest) -> Target {
        Target::Vault
    }
    async fn run(cx: Cx, request: VaultAttachRequest) -> Result<VaultStatus, ApiError> {
        let not_kept = vaults::attach(&cx, request).await?;
        opened(&cx, not_kept).await
    }
}

pub struct VaultUnlock;
impl Operation for VaultUnlock {
    const NAME: &'static str = "vault.unlock";
    const POLICY: Policy = super::ADMINISTER;
    type Request = VaultUnlockRequest;
    type Response = VaultStatus;
    fn target(_: &VaultUnlockRequest) -> Target {
        Target::Vault
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
    const POLICY: Policy = super::CHANGE;
    type Request = Empty;
    type Response = VaultStatus;
    fn target(_: &Empty) -> Target {
        Target::Vault
    }
    async fn run(cx: Cx, _: Empty) -> Result<VaultStatus, ApiError> {
        vaults::lock(&cx).await?;
        vaults::status(&cx).await
    }
}

pub struct VaultCheck;
impl Operation for VaultCheck {
    const NAME: &'static str = "vault.check";
    const POLICY: Policy = Policy { schedulable: true, ..super::CHANGE };
    type Request = VaultCheckRequest;
    type Response = Started;
    fn target(_: &VaultCheckRequest) -> Target {
        Target::Vault
    }
    async fn run(cx: Cx, request: VaultCheckRequest) -> Result<Started, ApiError> {
        whole_vault::check(&cx, request.level).await
    }
}

pub struct VaultPrunePlanMake;
impl Operation for VaultPrunePlanMake {
    const NAME: &'static str = "vault.prune.plan";
    const POLICY: Policy = super::READ;
    type Request = Empty;
    type Response = VaultPrunePlan;
    fn target(_: &Empty) -> Target {
        Target::Vault
    }
    async fn run(cx: Cx, _: Empty) -> Result<VaultPrunePlan, ApiError> {
        vaults::prune_plan(&cx).await
    }
}

pub struct VaultPruneApply;
impl Operation for VaultPruneApply {
    const NAME: &'static str = "vault.prune.apply";
    const POLICY: Policy = Policy { risk: Risk::Destroy, confirm: Confirm::Digest, ..super::ADMINISTER };
    type Request = PlanRef;
    type Response = Started;
    fn target(request: &PlanRef) -> Target {
        Target::Plan(request.plan_id.clone())
    }
    async fn run(cx: Cx, request: PlanRef) -> Result<Started, ApiError> {
        vaults::prune_apply(&cx, request).await
    }
}

pub struct VaultRecoveryKit;
impl Operation for VaultRecoveryKit {
    const NAME: &'static str = "vault.recovery_kit";
    const POLICY: Policy = super::ADMINISTER;
    type Request = Empty;
    type Response = RecoveryKit;
    fn target(_: &Empty) -> Target {
        Target::Vault
    }
    async fn run(cx: Cx, _: Empty) -> Result<RecoveryKit, ApiError> {
        vaults::recovery_kit(&cx).await
    }
}

pub struct VaultRecoveryKitSave;
impl Operation for VaultRecoveryKitSave {
    const NAME: &'static str = "vault.recovery_kit.save";
    const POLICY: Policy = super::ADMINISTER;
    type Request = VaultRecoveryKitSaveRequest;
    type Response = VaultRecoveryKitSaveResponse;
    fn target(_: &VaultRecoveryKitSaveRequest) -> Target {
        Target::Vault
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
    const POLICY: Policy = super::ADMINISTER;
    type Request = VaultChangePassphraseRequest;
    type Response = VaultStatus;
    fn target(_: &VaultChangePassphraseRequest) -> Target {
        Target::Vault
    }
    async fn run(cx: Cx, request: VaultChangePassphraseRequest) -> Result<VaultStatus, ApiError> {
        vaults::change_passphrase(&cx, request.new_passphrase).await?;
        vaults::status(&cx).await
    }
}

pub struct SecretsStatusGet;
impl Operation for SecretsStatusGet {
    const NAME: &'static str = "secrets.status";
    const POLICY: Policy = super::READ;
    type Request = Empty;
    type Response = SecretsStatus;
    fn target(_: &Empty) -> Target {
        Target::Application
    }
    async fn run(cx: Cx, _: Empty) -> Result<SecretsStatus, ApiError> {
        Ok(cx.secrets().status().await)
    }
}

pub struct SecretsUseFile;
impl Operation for SecretsUseFile {
    const NAME: &'static str = "secrets.use_file";
    const POLICY: Policy = super::ADMINISTER;
    type Request = SecretsUseFileRequest;
    type Response = SecretsStatus;
    fn target(_: &SecretsUseFileRequest) -> Target {
        Target::Application
    }
    async fn run(cx: Cx, request: SecretsUseFileRequest) -> Result<SecretsStatus, ApiError> {
        cx.secrets().use_file(SecretString::from(request.passphrase.0)).await?;
        cx.events().changed(Changed::Vault);
        Ok(cx.secrets().status().await)
    }
}
