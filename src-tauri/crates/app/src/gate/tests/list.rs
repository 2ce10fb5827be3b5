//! The real list of operations: what asks for confirmation does not run without it, every operation is described, and the
//! table of authority is as committed.

use std::fmt::Write as _;

use super::*;
use crate::gate::listing::Schemas;
use crate::operations::OPERATIONS;

/// Generated from the real list: whatever asks for confirmation refuses every way of not giving it.
#[tokio::test]
async fn the_confirmation_matrix() {
    let list = OPERATIONS;
    for entry in list {
        assert_eq!(entry.name.ends_with(".apply"), entry.policy.confirm != Confirm::None, "{}", entry.name);
        // Carries out rules that were looked at and set before: nobody is there to ask at night.
        let agreed_before = ["retention.run", "cleanup.run"].contains(&entry.name);
        if entry.policy.risk == Risk::Destroy && !agreed_before {
            assert_ne!(entry.policy.confirm, Confirm::None, "{}", entry.name);
        }
        if entry.policy.risk != Risk::Read {
            assert_eq!(entry.policy.audit, Audit::Both, "{}", entry.name);
        }
        if let Some(subject) = entry.name.strip_suffix(".apply") {
            assert!(
                list.iter().any(|other| other.name == format!("{subject}.plan")),
                "{} has its plan",
                entry.name
            );
        }
    }
    let house = house(list);
    for entry in list.iter().filter(|entry| entry.policy.confirm != Confirm::None) {
        let name = entry.name;
        let plan = house.plan(name, Some("shop")).await;
        let request = json!({"plan_id": plan.id});
        let (digest, wrong) = (Some(plan.digest.clone()), Some("0".repeat(64)));
        let typed = Some("shop".to_owned());
        let mut cases = vec![
            (request.clone(), Confirmation::default(), ErrorCode::ConfirmationMissing),
            (
                request.clone(),
                Confirmation { digest: None, name: typed.clone() },
                ErrorCode::ConfirmationMissing,
            ),
            (
                request.clone(),
                Confirmation { digest: wrong, name: typed.clone() },
                ErrorCode::ConfirmationWrong,
            ),
            (
                request.clone(),
                Confirmation { digest: Some(String::new()), name: typed.clone() },
                ErrorCode::ConfirmationWrong,
            ),
            (json!({"plan_id": PlanId::from("none")}), agreed(&plan), ErrorCode::NotFound),
            (
                json!({"plan_id": house.plan("fake.other", None).await.id}),
                agreed(&plan),
                ErrorCode::BadRequest,
            ),
        ];
        if entry.policy.confirm == Confirm::DigestAndName {
            cases.push((
                request.clone(),
                Confirmation { digest: digest.clone(), name: None },
                ErrorCode::ConfirmationMissing,
            ));
            let misspelt = Some("Shop".to_owned());
            cases.push((
                request.clone(),
                Confirmation { digest, name: misspelt },
                ErrorCode::ConfirmationWrong,
            ));
        }
        for (request, confirmation, code) in cases {
            let refusal = house.call(name, request, confirmation.clone()).await.unwrap_err();
            assert_eq!(refusal, code, "{name} {confirmation:?}");
        }
        house.clock.advance(61 * 60 * 1000);
        assert_eq!(
            house.call(name, request, agreed(&plan)).await.unwrap_err(),
            ErrorCode::PlanMoved,
            "{name} expired"
        );
    }
    assert!(
        house
            .log()
            .await
            .iter()
            .all(|(phase, outcome, _)| *phase == AuditPhase::Outcome && outcome == "refused")
    );
}

#[test]
fn the_api_description_is_whole() {
    let document = openapi(OPERATIONS);
    let text = document.to_string();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name} is named and described");
    }
    for entry in OPERATIONS {
        let post = &document["paths"][format!("/call/{}", entry.name)]["post"];
        assert!(
            post["requestBody"]["content"]["application/json"]["schema"]["$ref"].is_string(),
            "{}",
            entry.name
        );
    }
    assert!(
        schemas.contains_key("Event")
            && schemas.contains_key("ApiError")
            && schemas.contains_key("ErrorCode")
    );
}

/// One line an operation: name, permission, risk, confirmation, audit, schedulable, request -> response.
fn table(list: &[Entry]) -> String {
    let mut out = String::new();
    for entry in list {
        let policy = entry.policy;
        let types = (entry.schemas)(&mut Schemas::new());
        let schedulable = if policy.schedulable { "schedulable" } else { "-" };
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{:<24} {:<10} {:<7} {:<13} {:<4} {:<11} {} -> {}",
            entry.name,
            format!("{:?}", policy.needs),
            format!("{:?}", policy.risk),
            format!("{:?}", policy.confirm),
            format!("{:?}", policy.audit),
            schedulable,
            types.request,
            types.response
        );
    }
    out
}

/// A change of authority shows in review. After a wanted change: `HOLDFAST_REWRITE=1 cargo test -p holdfast-app`.
#[test]
fn the_table_of_operations_is_as_committed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/operations.txt");
    let now = table(OPERATIONS);
    if std::env::var_os("HOLDFAST_REWRITE").is_some() {
        std::fs::write(path, &now).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
    assert_eq!(committed, now, "operations.txt is not the list: look at the difference, then rewrite it");
}
