//! What an operation is: one that is done when it answers, one that starts a job, one that is planned and agreed to, one
//! that acts by rules that were agreed to before. Adding one touches three places: the contract, one `impl`, one word in
//! the list.

use std::future::Future;

use holdfast_contract::ApiError;
use holdfast_contract::policy::{Policy, StandingConsent, Touched};
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::agreed::{Agreed, Allowed};
use super::outcome::Outcome;
use crate::cx::{Begun, Cx};

/// What every request is. Serialised for the audit log, where every [`holdfast_contract::connection::Password`] is `***`.
pub trait Asks: DeserializeOwned + Serialize + ToSchema + Send + Sync + 'static {}
impl<T: DeserializeOwned + Serialize + ToSchema + Send + Sync + 'static> Asks for T {}

/// What every answer and every result is.
pub trait Says: Serialize + ToSchema + Send + 'static {}
impl<T: Serialize + ToSchema + Send + 'static> Says for T {}

/// Looks and answers; nothing worth a record.
pub trait Reading: 'static {
    /// `backup.list`.
    const NAME: &'static str;
    /// No default: every operation says what it needs, risks, reads and changes.
    const POLICY: Policy;
    type Request: Asks;
    type Response: Says;
    fn run(cx: Cx, request: Self::Request) -> impl Future<Output = Result<Self::Response, ApiError>> + Send;
}

/// Done when it answers; on record.
pub trait Operation: 'static {
    const NAME: &'static str;
    const POLICY: Policy;
    type Request: Asks;
    type Response: Says;
    /// What is touched, found before it runs.
    fn touched(
        cx: &Cx,
        request: &Self::Request,
    ) -> impl Future<Output = Result<Vec<Touched>, ApiError>> + Send;
    fn run(cx: Cx, request: Self::Request) -> impl Future<Output = Result<Self::Response, ApiError>> + Send;
}

/// Starts a job and answers with it.
pub trait Starting: 'static {
    const NAME: &'static str;
    const POLICY: Policy;
    type Request: Asks;
    /// Of the job.
    type Result: Says;
    fn touched(
        cx: &Cx,
        request: &Self::Request,
    ) -> impl Future<Output = Result<Vec<Touched>, ApiError>> + Send;
    fn start(
        cx: Cx,
        request: Self::Request,
    ) -> impl Future<Output = Result<Begun<Self::Result>, ApiError>> + Send;
}

/// Looked at, agreed to, looked at again, done. The list makes `x.apply` of it, and `x.plan` where it [`PlansAtOnce`].
pub trait Planned: 'static + Send {
    /// `restore.apply`.
    const APPLY: &'static str;
    /// [`Policy::planned`] or [`Policy::destroys`].
    const POLICY: Policy;
    /// What was asked for with every choice made and every made-up name settled: kept with the plan, so that looking
    /// again is looking at the same.
    type Intent: Serialize + DeserializeOwned + Send + Sync;
    type Plan: Shown;
    /// What looking found and applying needs, so that it acts on what was looked at.
    type Ground: Send;
    /// [`super::Done`] or [`Begun`].
    type Outcome: Outcome;
    /// Changes nothing. Asked once for the plan, and again before it is applied.
    fn look(cx: &Cx, intent: &Self::Intent) -> impl Future<Output = Result<Look<Self>, ApiError>> + Send;
    /// Only the gate can make an [`Agreed`].
    fn apply(cx: Cx, agreed: Agreed<Self>) -> impl Future<Output = Result<Self::Outcome, ApiError>> + Send;
}

/// Its plan is made while the caller waits. One that takes long is the result of a job ([`super::keep_plan`]).
pub trait PlansAtOnce: Planned {
    /// `restore.plan`.
    const PLAN: &'static str;
    const LOOKS: Policy = Policy::reads(&[]);
    type Request: Asks;
    fn settle(cx: &Cx, request: Self::Request)
    -> impl Future<Output = Result<Self::Intent, ApiError>> + Send;
}

/// What looking found.
pub struct Look<P: Planned + ?Sized> {
    pub plan: P::Plan,
    /// Of everything that makes it the same deed ([`crate::catalog::Plan::digest_of`]); what moves by itself stays out.
    pub digest: String,
    /// Why it cannot be applied, one sentence each.
    pub blockers: Vec<String>,
    /// The name that a person types, where one is asked for.
    pub confirm_name: Option<String>,
    pub touched: Vec<Touched>,
    pub ground: P::Ground,
}

/// A plan as people see it: it carries its id and digest.
pub trait Shown: Says {
    fn identify(&mut self, id: &holdfast_contract::PlanId, digest: &str);
}

macro_rules! shown {
    ($($plan:ty),* $(,)?) => {$(
        impl crate::gate::Shown for $plan {
            fn identify(&mut self, id: &holdfast_contract::PlanId, digest: &str) {
                self.plan_id = id.clone();
                digest.clone_into(&mut self.digest);
            }
        }
    )*};
}
pub(crate) use shown;

/// Acts by rules that were agreed to before; nobody is there to be asked.
pub trait Standing: 'static + Send {
    const NAME: &'static str;
    /// [`Policy::standing`] or [`Policy::acting`].
    const POLICY: Policy;
    type Request: Asks;
    type Result: Says;
    type Rule: Send + Sync;
    /// The rules it would carry out, as they are now.
    fn rules(
        cx: &Cx,
        request: &Self::Request,
    ) -> impl Future<Output = Result<Vec<RuleNow<Self::Rule>>, ApiError>> + Send;
    /// Carries out the rules that hold; none is among them that nobody agreed to. Those that wait are named at the end.
    fn start(
        cx: Cx,
        request: Self::Request,
        rules: Allowed<Self::Rule>,
    ) -> impl Future<Output = Result<Begun<Self::Result>, ApiError>> + Send;
}

/// A rule, and whether somebody has agreed to it.
pub struct RuleNow<R> {
    pub rule: R,
    /// For people: "the rules of shop".
    pub name: String,
    pub touched: Vec<Touched>,
    pub asks: Asking,
}

pub enum Asking {
    /// Nothing can go by it.
    Nothing,
    /// The digest of the rule and of what it acts on, as they are now, and what was agreed to.
    Consent { digest: String, given: Option<StandingConsent>, how: &'static str },
}
