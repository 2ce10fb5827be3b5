//! Consent at the gate: plans that hold or have moved, rules that stand or wait, paths that stay at this machine.

use super::*;

/// Looked at again: another ground is another deed, and a blocker stops it. A plan that did not start is not used up.
#[tokio::test]
async fn a_plan_is_applied_once_and_only_while_it_holds() {
    let _alone = ALONE.lock().await;
    let house = house(LIST);
    RUNS.store(0, Ordering::SeqCst);
    let none = Confirmation::default;
    let shown = house.call("fake.plan", json!({"what": "shop"}), none()).await.unwrap();
    let request = json!({"plan_id": shown["plan_id"]});
    let agreed =
        Confirmation { digest: shown["digest"].as_str().map(str::to_owned), name: Some("shop".into()) };

    GROUND.fetch_add(1, Ordering::SeqCst);
    let moved = house.call("fake.apply", request.clone(), agreed.clone()).await.unwrap_err();
    assert_eq!(moved, ErrorCode::PlanMoved, "the ground has moved");
    GROUND.fetch_sub(1, Ordering::SeqCst);
    BLOCKED.store(true, Ordering::SeqCst);
    let blocked = house.call("fake.apply", request.clone(), agreed.clone()).await.unwrap_err();
    BLOCKED.store(false, Ordering::SeqCst);
    assert_eq!(blocked, ErrorCode::Unsupported);
    assert_eq!(RUNS.load(Ordering::SeqCst), 0, "nothing ran");

    house.call("fake.apply", request.clone(), agreed.clone()).await.unwrap();
    assert_eq!(house.call("fake.apply", request, agreed).await.unwrap_err(), ErrorCode::PlanMoved);
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
    let entries = house.entries().await;
    let done =
        entries.iter().find(|entry| entry.outcome.as_deref() == Some("done") && !entry.touched.is_empty());
    let touched = &done.unwrap().touched;
    assert!(matches!(&touched[..], [Touched::Connection { name, .. }] if name == "Shop"), "{touched:?}");

    let failing = house.plan("fake.apply", Some("fail")).await;
    let request = json!({"plan_id": failing.id});
    for _ in 0..2 {
        let error = house.call("fake.apply", request.clone(), super::agreed(&failing)).await;
        assert_eq!(error.unwrap_err(), ErrorCode::DatabaseBusy, "it may be tried again");
    }
}

/// A rule runs only as it was agreed to, whoever calls.
#[tokio::test]
async fn a_rule_acts_by_consent_that_stands() {
    let _alone = ALONE.lock().await;
    let house = house(LIST);
    RUNS.store(0, Ordering::SeqCst);
    let schedule = || Principal::Schedule("nightly".into());
    for request in
        [json!({"what": "four at a time"}), json!({"what": "three at a time", "password": "nobody agreed"})]
    {
        let waits = house.gate.call(schedule(), "fake.rule", request.clone(), Confirmation::default()).await;
        let waits = waits.err().unwrap();
        assert_eq!(waits.code, ErrorCode::ConfirmationMissing, "{request}");
        assert_eq!(waits.hint.as_deref(), Some("Agree to it."));
    }
    assert_eq!(RUNS.load(Ordering::SeqCst), 0);
    let request = json!({"what": "three at a time"});
    let passed = house.gate.call(schedule(), "fake.rule", request, Confirmation::default()).await.unwrap();
    assert!(passed.job.is_some(), "what it started is typed");
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
    house.shared.jobs.idle().await;
    let log = house.log().await;
    assert_eq!(log[0], refused("confirmation_missing"));
    assert!(log.contains(&(AuditPhase::Outcome, "started".into(), String::new())), "{log:?}");
    let entries = house.entries().await;
    assert!(entries.iter().all(|entry| entry.touched == [Touched::Rule { name: "nightly".into() }]));
}

#[tokio::test]
async fn paths_of_this_machine_are_not_given_over_the_network() {
    let _alone = ALONE.lock().await;
    let house = house(LIST);
    let request = json!({"what": "/etc/passwd"});
    let afar = Principal::Http("phone".into());
    let refused = house.gate.call(afar, "fake.local", request.clone(), Confirmation::default()).await;
    assert_eq!(refused.err().unwrap().code, ErrorCode::NotAllowed);
    house.call("fake.local", request, Confirmation::default()).await.unwrap();
}
