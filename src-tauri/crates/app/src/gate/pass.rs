//! The way of one call, for each kind of operation. What an operation may not be left without stands here in a form that does
//! not compile otherwise: one that destroys is planned or has standing consent.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use holdfast_contract::backup::PlanRef;
use holdfast_contract::policy::{Audit, Confirm, Confirmation, Policy, Principal, Risk, Touched};
use holdfast_contract::{ApiError, ErrorCode};
use serde_json::Value;

use super::listing::{Schemas, Types, collect};
use super::operation::{Asks, Operation, Planned, PlansAtOnce, Reading, Standing, Starting};
use super::outcome::{Done, Outcome, Passed};
use super::record::Record;
use super::{agreed, authorise, decode};
use crate::consent;
use crate::cx::{Begun, Cx, Shared};

/// One operation of the list with its types rubbed out.
pub struct Entry {
    pub name: &'static str,
    pub policy: Policy,
    pub(super) pass: fn(Arc<Shared>, Principal, Value, Confirmation) -> Passing,
    /// Whether a request would be understood, without making the call.
    pub(crate) decodes: fn(Value) -> Result<(), ApiError>,
    pub(super) schemas: fn(&mut Schemas) -> Types,
}

pub(super) type Passing = Pin<Box<dyn Future<Output = Result<Passed, ApiError>> + Send>>;

impl Entry {
    /// The name of the result's type, where it starts a job.
    pub(crate) fn starts(&self) -> Option<String> {
        (self.schemas)(&mut Schemas::new()).result
    }

    pub(crate) const fn reading<R: Reading>() -> Self {
        const {
            asks_nobody(&R::POLICY);
            assert!(matches!(R::POLICY.audit(), Audit::None), "what is on record says what it touches");
        };
        Self {
            name: R::NAME,
            policy: R::POLICY,
            pass: |shared, principal, request, _| Box::pin(reading::<R>(shared, principal, request)),
            decodes: |request| decode::decode::<R::Request>(request).map(drop),
            schemas: types::<R::Request, Done<R::Response>>,
        }
    }

    pub(crate) const fn operation<O: Operation>() -> Self {
        const { asks_nobody(&O::POLICY) };
        Self {
            name: O::NAME,
            policy: O::POLICY,
            pass: |shared, principal, request, _| Box::pin(operation::<O>(shared, principal, request)),
            decodes: |request| decode::decode::<O::Request>(request).map(drop),
            schemas: types::<O::Request, Done<O::Response>>,
        }
    }

    pub(crate) const fn starting<S: Starting>() -> Self {
        const { asks_nobody(&S::POLICY) };
        Self {
            name: S::NAME,
            policy: S::POLICY,
            pass: |shared, principal, request, _| Box::pin(starting::<S>(shared, principal, request)),
            decodes: |request| decode::decode::<S::Request>(request).map(drop),
            schemas: types::<S::Request, Begun<S::Result>>,
        }
    }

    pub(crate) const fn plan<P: PlansAtOnce>() -> Self {
        const { assert!(matches!(P::LOOKS.risk(), Risk::Read), "looking changes nothing") };
        Self {
            name: P::PLAN,
            policy: P::LOOKS,
            pass: |shared, principal, request, _| Box::pin(plan::<P>(shared, principal, request)),
            decodes: |request| decode::decode::<P::Request>(request).map(drop),
            schemas: types::<P::Request, Done<P::Plan>>,
        }
    }

    pub(crate) const fn apply<P: Planned>() -> Self {
        const {
            assert!(
                matches!(P::POLICY.confirm(), Confirm::Digest | Confirm::DigestAndName),
                "what is planned is confirmed by the plan"
            )
        };
        Self {
            name: P::APPLY,
            policy: P::POLICY,
            pass: |shared, principal, request, confirmation| {
                Box::pin(apply::<P>(shared, principal, request, confirmation))
            },
            decodes: |request| decode::decode::<PlanRef>(request).map(drop),
            schemas: types::<PlanRef, P::Outcome>,
        }
    }

    pub(crate) const fn standing<S: Standing>() -> Self {
        const { assert!(matches!(S::POLICY.confirm(), Confirm::Standing), "rules act by consent that stands") };
        Self {
            name: S::NAME,
            policy: S::POLICY,
            pass: |shared, principal, request, _| Box::pin(standing::<S>(shared, principal, request)),
            decodes: |request| decode::decode::<S::Request>(request).map(drop),
            schemas: types::<S::Request, Begun<S::Result>>,
        }
    }
}

const fn asks_nobody(policy: &Policy) {
    assert!(!matches!(policy.risk(), Risk::Destroy), "what destroys is planned, or has standing consent");
    assert!(
        matches!(policy.confirm(), Confirm::None),
        "what is confirmed is planned, or has standing consent"
    );
}

fn types<R: Asks, O: Outcome>(schemas: &mut Schemas) -> Types {
    let request = collect::<R>(schemas);
    let (response, result) = O::types(schemas);
    Types { request, response, result }
}

async fn reading<R: Reading>(
    shared: Arc<Shared>,
    principal: Principal,
    request: Value,
) -> Result<Passed, ApiError> {
    let (way, request) = Way::begin::<R::Request>(shared, R::NAME, &R::POLICY, principal, request).await?;
    way.run(|cx| async move { R::run(cx, request).await.map(Done) }).await
}

async fn operation<O: Operation>(
    shared: Arc<Shared>,
    principal: Principal,
    request: Value,
) -> Result<Passed, ApiError> {
    let (mut way, request) =
        Way::begin::<O::Request>(shared, O::NAME, &O::POLICY, principal, request).await?;
    let touched = O::touched(&way.cx(), &request).await;
    let touched = way.or_refused(touched).await?;
    way.record.touches(touched);
    way.run(|cx| async move { O::run(cx, request).await.map(Done) }).await
}

async fn starting<S: Starting>(
    shared: Arc<Shared>,
    principal: Principal,
    request: Value,
) -> Result<Passed, ApiError> {
    let (mut way, request) =
        Way::begin::<S::Request>(shared, S::NAME, &S::POLICY, principal, request).await?;
    let touched = S::touched(&way.cx(), &request).await;
    let touched = way.or_refused(touched).await?;
    way.record.touches(touched);
    way.run(|cx| S::start(cx, request)).await
}

async fn plan<P: PlansAtOnce>(
    shared: Arc<Shared>,
    principal: Principal,
    request: Value,
) -> Result<Passed, ApiError> {
    let (way, request) = Way::begin::<P::Request>(shared, P::PLAN, &P::LOOKS, principal, request).await?;
    way.run(|cx| async move {
        let intent = P::settle(&cx, request).await?;
        agreed::keep_plan::<P>(&cx, intent).await.map(Done)
    })
    .await
}

async fn apply<P: Planned>(
    shared: Arc<Shared>,
    principal: Principal,
    request: Value,
    confirmation: Confirmation,
) -> Result<Passed, ApiError> {
    let (mut way, PlanRef { plan_id }) =
        Way::begin::<PlanRef>(shared, P::APPLY, &P::POLICY, principal, request).await?;
    way.record.touches(vec![Touched::Plan { id: plan_id.clone() }]);
    let asks = P::POLICY.confirm();
    let by = consent::By { principal: &way.principal, at_ms: way.shared.clock.now_ms() };
    let confirmed = consent::confirm(&way.shared.catalog, by, P::APPLY, asks, &plan_id, &confirmation).await;
    let confirmed = way.or_refused(confirmed).await?;
    let intent = way.or_refused(agreed::intent::<P>(&confirmed)).await?;
    let look = P::look(&way.cx(), &intent).await;
    let look = way.or_refused(look).await?;
    way.record.touches(look.touched.clone());
    let agreed = agreed::Agreed::<P>::after(&way.cx(), &confirmed, intent, look).await;
    let agreed = way.or_refused(agreed).await?;
    let shared = way.shared.clone();
    let outcome = way.run(|cx| P::apply(cx, agreed)).await;
    if outcome.is_err() {
        consent::give_back(&shared.catalog, &confirmed.plan).await;
    }
    outcome
}

async fn standing<S: Standing>(
    shared: Arc<Shared>,
    principal: Principal,
    request: Value,
) -> Result<Passed, ApiError> {
    let (mut way, request) =
        Way::begin::<S::Request>(shared, S::NAME, &S::POLICY, principal, request).await?;
    let rules = S::rules(&way.cx(), &request).await;
    let rules = way.or_refused(rules).await?;
    let mut touched: Vec<Touched> = Vec::new();
    for thing in rules.iter().flat_map(|rule| rule.touched.iter()) {
        if !touched.contains(thing) {
            touched.push(thing.clone());
        }
    }
    way.record.touches(touched);
    let allowed = way.or_refused(agreed::Allowed::of(rules)).await?;
    way.run(|cx| S::start(cx, request, allowed)).await
}

/// A call that may go on, and its record.
struct Way {
    shared: Arc<Shared>,
    name: &'static str,
    principal: Principal,
    record: Record,
}

impl Way {
    async fn begin<R: Asks>(
        shared: Arc<Shared>,
        name: &'static str,
        policy: &Policy,
        principal: Principal,
        request: Value,
    ) -> Result<(Self, R), ApiError> {
        let record = Record::new(&shared, name, policy, principal.clone());
        let mut way = Self { shared, name, principal, record };
        let request: R = way.or_refused(decode::decode(request)).await?;
        way.record.describe(&request);
        way.or_refused(authorise::authorise(&way.principal, name, policy)).await?;
        Ok((way, request))
    }

    async fn or_refused<T>(&self, found: Result<T, ApiError>) -> Result<T, ApiError> {
        match found {
            Ok(found) => Ok(found),
            Err(error) => Err(self.record.refused(error).await),
        }
    }

    fn cx(&self) -> Cx {
        Cx::new(self.shared.clone(), self.name, self.principal.clone(), self.record.for_jobs())
    }

    /// With its intent on record, or not at all.
    async fn run<O, F>(self, deed: impl FnOnce(Cx) -> F) -> Result<Passed, ApiError>
    where
        O: Outcome,
        F: Future<Output = Result<O, ApiError>> + Send + 'static,
    {
        self.record.intent().await?;
        // On a task of its own, so that a panic in it is an outcome too.
        let ran = tokio::spawn(deed(self.cx())).await.unwrap_or_else(|error| Err(mistake(error)));
        let outcome = ran.and_then(Outcome::passed);
        self.record.outcome(&outcome).await;
        outcome
    }
}

pub(super) fn mistake(error: tokio::task::JoinError) -> ApiError {
    ApiError::new(ErrorCode::Internal, "Holdfast made a mistake and stopped this operation.")
        .hint("Try again; if it happens again, report it with the program's log.")
        .native(error.to_string())
}
