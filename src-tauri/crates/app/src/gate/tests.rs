//! The gate, with operations made for the purpose; [`list`] looks at the real ones.
#![allow(clippy::unwrap_used)]

mod consent;
mod list;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use holdfast_contract::PlanId;
use holdfast_contract::audit::{AuditEntry, AuditPhase};
use holdfast_contract::connection::Password;
use holdfast_contract::event::Topic;
use holdfast_contract::policy::{Audit, Confirm, Consent, Policy, Risk, StandingConsent, Touched};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::*;
use crate::catalog::{Catalog, Plan};
use crate::clock::FixedClock;
use crate::cx::{Begun, Cx, NewWork};
use crate::events::Events;
use crate::home::{Home, ProcessKind};
use crate::jobs::Jobs;
use crate::secrets::{MemoryKeychain, NoPassphrase, Secrets, SecretsChoice};

/// One test at a time counts runs.
static RUNS: AtomicUsize = AtomicUsize::new(0);
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

const CHANGE: Policy = Policy::changes(&[Topic::Connections]);

#[derive(Serialize, Deserialize, ToSchema)]
struct Order {
    what: String,
    #[serde(default)]
    password: Option<Password>,
}

struct Change;
impl Operation for Change {
    const NAME: &'static str = "fake.change";
    const POLICY: Policy = CHANGE;
    type Request = Order;
    type Response = Order;
    async fn touched(_: &Cx, request: &Order) -> touched::Answer {
        touched::named(&request.what)
    }
    async fn run(_: Cx, request: Order) -> Result<Order, ApiError> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        SEEN.lock()
            .unwrap()
            .push(request.password.as_ref().map(|password| password.0.clone()).unwrap_or_default());
        match request.what.as_str() {
            "fail" => Err(ApiError::new(ErrorCode::DatabaseBusy, "busy")),
            "panic" => panic!("on purpose"),
            _ => Ok(request),
        }
    }
}

/// What a plan was made of, as it stands in the world.
static GROUND: AtomicUsize = AtomicUsize::new(0);
static BLOCKED: AtomicBool = AtomicBool::new(false);

#[derive(Serialize, Deserialize, ToSchema)]
struct FakePlan {
    plan_id: PlanId,
    digest: String,
}
shown![FakePlan];

fn shop() -> Vec<Touched> {
    vec![Touched::Connection { id: "c1".into(), name: "Shop".into(), database: "shop".into() }]
}

struct Deed;
impl PlansAtOnce for Deed {
    const PLAN: &'static str = "fake.plan";
    type Request = Order;
    async fn settle(_: &Cx, request: Order) -> Result<Order, ApiError> {
        Ok(request)
    }
}
impl Planned for Deed {
    const APPLY: &'static str = "fake.apply";
    const POLICY: Policy = Policy::destroys(Consent::DigestAndName, &[Topic::Connections]);
    type Intent = Order;
    type Plan = FakePlan;
    type Ground = usize;
    type Outcome = Done<Order>;
    async fn look(_: &Cx, intent: &Order) -> Result<Look<Self>, ApiError> {
        let ground = GROUND.load(Ordering::SeqCst);
        Ok(Look {
            plan: FakePlan { plan_id: "".into(), digest: String::new() },
            digest: Plan::digest_of(&ground)?,
            blockers: BLOCKED
                .load(Ordering::SeqCst)
                .then(|| "It is Sunday.".to_owned())
                .into_iter()
                .collect(),
            confirm_name: Some(intent.what.clone()),
            touched: shop(),
            ground,
        })
    }
    async fn apply(_: Cx, agreed: Agreed<Self>) -> Result<Done<Order>, ApiError> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        assert_eq!(agreed.ground, GROUND.load(Ordering::SeqCst));
        assert!(!agreed.consent().digest().is_empty());
        match agreed.intent.what.as_str() {
            "fail" => Err(ApiError::new(ErrorCode::DatabaseBusy, "busy")),
            _ => Ok(Done(agreed.intent)),
        }
    }
}

/// Acts by a rule whose wording is `what`, agreed to for three at a time.
struct Rule;
impl Standing for Rule {
    const NAME: &'static str = "fake.rule";
    const POLICY: Policy = Policy::standing(&[Topic::Jobs]).schedulable();
    type Request = Order;
    type Result = Order;
    type Rule = String;
    async fn rules(_: &Cx, request: &Order) -> Result<Vec<RuleNow<String>>, ApiError> {
        let given = (request.password.is_none()).then(|| StandingConsent {
            digest: Plan::digest_of(&"three at a time").unwrap(),
            by: Principal::CommandLine("ann".into()),
            at_ms: NOW,
            most: 3,
        });
        Ok(vec![RuleNow {
            rule: request.what.clone(),
            name: "The rule".into(),
            touched: vec![Touched::Rule { name: "nightly".into() }],
            asks: Asking::Consent { digest: Plan::digest_of(&request.what)?, given, how: "Agree to it." },
        }])
    }
    async fn start(cx: Cx, request: Order, rules: Allowed<String>) -> Result<Begun<Order>, ApiError> {
        let (rules, waiting) = rules.into_parts();
        assert!(waiting.is_none());
        for (_, consent) in &rules {
            consent.covers(3, "rows")?;
            assert_eq!(consent.covers(4, "rows").unwrap_err().code, ErrorCode::ConfirmationMissing);
        }
        RUNS.fetch_add(1, Ordering::SeqCst);
        let new = NewWork { title: "by a rule".into(), connection_id: None, cancellable: false };
        cx.start_job(new, |_| async { Ok(request) }).await
    }
}

struct Scheduled;
impl Operation for Scheduled {
    const NAME: &'static str = "fake.scheduled";
    const POLICY: Policy = CHANGE.schedulable();
    type Request = Order;
    type Response = Order;
    async fn touched(_: &Cx, _: &Order) -> touched::Answer {
        Ok(Vec::new())
    }
    async fn run(_: Cx, request: Order) -> Result<Order, ApiError> {
        Ok(request)
    }
}

/// Takes a path of this machine.
struct Local;
impl Reading for Local {
    const NAME: &'static str = "fake.local";
    const POLICY: Policy = Policy::reads(&[]).on_this_machine();
    type Request = Order;
    type Response = Order;
    async fn run(_: Cx, request: Order) -> Result<Order, ApiError> {
        Ok(request)
    }
}

static LIST: &[Entry] = &[
    Entry::operation::<Change>(),
    Entry::plan::<Deed>(),
    Entry::apply::<Deed>(),
    Entry::standing::<Rule>(),
    Entry::operation::<Scheduled>(),
    Entry::reading::<Local>(),
];

struct House {
    gate: Gate,
    shared: Arc<Shared>,
    clock: Arc<FixedClock>,
    folder: tempfile::TempDir,
}

const NOW: i64 = 1_800_000_000_000;

fn house(list: &'static [Entry]) -> House {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock::at(NOW));
    let home = Arc::new(Home::open(folder.path(), ProcessKind::Worker).unwrap());
    let events = Events::default();
    let catalog = Catalog::open(&home.catalog(), events.clone()).unwrap();
    let jobs = Jobs::new(home.clone(), clock.clone(), catalog.clone(), events.clone());
    let keychain = Arc::new(MemoryKeychain::default());
    let passphrase = Arc::new(NoPassphrase);
    let secrets = Secrets::new(
        home.sealed_secrets(),
        SecretsChoice::Keychain,
        keychain,
        passphrase.clone(),
        clock.clone(),
    );
    let shared = Arc::new(Shared {
        home,
        clock: clock.clone(),
        catalog,
        secrets,
        jobs,
        events,
        passphrase,
        timetables: Default::default(),
        pools: crate::pool::Pools::new(clock.clone()),
        vault: tokio::sync::Mutex::default(),
    });
    House { gate: Gate::new(list, shared.clone()), shared, clock, folder }
}

impl House {
    async fn call(&self, name: &str, request: Value, confirmation: Confirmation) -> Result<Value, ErrorCode> {
        let passed = self.gate.call(ann(), name, request, confirmation).await;
        passed.map(|passed| passed.answer).map_err(|error| error.code)
    }
    /// Phase, outcome and error code of every entry, oldest first.
    async fn log(&self) -> Vec<(AuditPhase, String, String)> {
        let brief = |entry: AuditEntry| {
            (entry.phase, entry.outcome.unwrap_or_default(), entry.error_code.unwrap_or_default())
        };
        self.entries().await.into_iter().map(brief).collect()
    }
    async fn entries(&self) -> Vec<AuditEntry> {
        let (mut entries, _) = self.shared.catalog.audit().list(None, 1000, None).await.unwrap();
        entries.reverse();
        entries
    }
    async fn plan(&self, operation: &str, confirm_name: Option<&str>) -> Plan {
        let ground = Plan::digest_of(&GROUND.load(Ordering::SeqCst)).unwrap();
        let digest = Plan::digest_of(&(ground, shop(), Vec::<()>::new())).unwrap();
        let name = confirm_name.map(str::to_owned);
        let intent = json!({"what": confirm_name.unwrap_or("shop")});
        let plan = Plan::new(operation, &intent, digest, name, &ann(), self.shared.clock.now_ms()).unwrap();
        self.shared.catalog.plans().put(plan.clone()).await.unwrap();
        plan
    }
}

fn ann() -> Principal {
    Principal::CommandLine("ann".into())
}

fn agreed(plan: &Plan) -> Confirmation {
    Confirmation { digest: Some(plan.digest.clone()), name: plan.confirm_name.clone() }
}

fn refused(code: &str) -> (AuditPhase, String, String) {
    (AuditPhase::Outcome, "refused".into(), code.into())
}

#[tokio::test]
async fn a_step_that_fails_stops_those_after_it_and_is_written_down() {
    let _alone = ALONE.lock().await;
    let house = house(LIST);
    RUNS.store(0, Ordering::SeqCst);
    let none = Confirmation::default;

    assert_eq!(house.call("fake.nothing", json!({}), none()).await.unwrap_err(), ErrorCode::UnknownOperation);
    assert_eq!(
        house.call("fake.change", json!({"what": 1}), none()).await.unwrap_err(),
        ErrorCode::BadRequest
    );
    let schedule = Principal::Schedule("nightly".into());
    let not_allowed = house.gate.call(schedule.clone(), "fake.change", json!({"what": "x"}), none()).await;
    assert_eq!(not_allowed.err().unwrap().code, ErrorCode::NotAllowed);
    // A caller who may not do it does not use the plan up either.
    let plan = house.plan("fake.apply", Some("shop")).await;
    let request = json!({"plan_id": plan.id});
    house.gate.call(schedule.clone(), "fake.apply", request.clone(), agreed(&plan)).await.err().unwrap();
    assert_eq!(
        house.call("fake.apply", request.clone(), none()).await.unwrap_err(),
        ErrorCode::ConfirmationMissing
    );
    assert_eq!(RUNS.load(Ordering::SeqCst), 0, "nothing ran");
    let expected: Vec<_> =
        ["unknown_operation", "bad_request", "not_allowed", "not_allowed", "confirmation_missing"]
            .map(refused)
            .into();
    assert_eq!(house.log().await, expected, "each refusal is on record and no intent is");

    house.call("fake.apply", request.clone(), agreed(&plan)).await.unwrap();
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
    assert_eq!(
        house.log().await[5..],
        [
            (AuditPhase::Intent, String::new(), String::new()),
            (AuditPhase::Outcome, "done".into(), String::new())
        ]
    );
    assert_eq!(house.entries().await[6].target_name.as_deref(), Some("Shop"));
    house.gate.call(schedule, "fake.scheduled", json!({"what": "x"}), none()).await.unwrap();
    assert!(house.shared.catalog.audit().verify().await.unwrap().intact);
}

#[tokio::test]
async fn without_its_intent_on_record_nothing_runs() {
    let _alone = ALONE.lock().await;
    let house = house(LIST);
    RUNS.store(0, Ordering::SeqCst);
    let second = rusqlite::Connection::open(house.folder.path().join("catalog.sqlite")).unwrap();
    second
        .execute_batch(
            "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk full'); END",
        )
        .unwrap();
    let plan = house.plan("fake.apply", None).await;
    let request = json!({"plan_id": plan.id});
    house.call("fake.change", json!({"what": "x"}), Confirmation::default()).await.unwrap_err();
    house.call("fake.apply", request.clone(), agreed(&plan)).await.unwrap_err();
    assert_eq!(RUNS.load(Ordering::SeqCst), 0);
    second.execute_batch("DROP TRIGGER full").unwrap();
    house.call("fake.apply", request, agreed(&plan)).await.unwrap();
    assert_eq!(RUNS.load(Ordering::SeqCst), 1, "the plan was given back");
}

#[tokio::test]
async fn failures_and_panics_are_outcomes() {
    let _alone = ALONE.lock().await;
    let house = house(LIST);
    let none = Confirmation::default;
    assert_eq!(
        house.call("fake.change", json!({"what": "fail"}), none()).await.unwrap_err(),
        ErrorCode::DatabaseBusy
    );
    assert_eq!(
        house.call("fake.change", json!({"what": "panic"}), none()).await.unwrap_err(),
        ErrorCode::Internal
    );
    let log = house.log().await;
    assert_eq!(log[1], (AuditPhase::Outcome, "failed".into(), "database_busy".into()));
    assert_eq!(log[3], (AuditPhase::Outcome, "failed".into(), "internal".into()));
}

#[tokio::test]
async fn passwords_reach_the_operation_and_not_the_log() {
    let _alone = ALONE.lock().await;
    let house = house(LIST);
    SEEN.lock().unwrap().clear();
    let request = json!({"what": "postgres://ann:canary@db/shop", "password": "canary"});
    house.call("fake.change", request, Confirmation::default()).await.unwrap();
    assert_eq!(SEEN.lock().unwrap().as_slice(), ["canary"]);
    for entry in house.entries().await {
        assert!(!serde_json::to_string(&entry).unwrap().contains("canary"), "{entry:?}");
        assert!(entry.detail.contains("***"));
    }
}
