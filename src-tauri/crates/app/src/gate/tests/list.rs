//! The real list of operations: what asks for confirmation does not run without it, every operation is described, and the
//! table of authority is as committed.

use std::fmt::Write as _;

use holdfast_contract::policy::Permission;

use super::*;
use crate::operations::OPERATIONS;

fn offers(entry: &Entry, principal: &Principal) -> bool {
    !matches!(principal, Principal::Http(_)) || entry.policy.hosts().http
}

fn planned(entry: &Entry) -> bool {
    matches!(entry.policy.confirm(), Confirm::Digest | Confirm::DigestAndName)
}

/// Generated from the real list: whatever asks for confirmation refuses every way of not giving it.
#[tokio::test]
async fn the_confirmation_matrix() {
    let list = OPERATIONS;
    for entry in list {
        assert_eq!(entry.name.ends_with(".apply"), planned(entry), "{}", entry.name);
        let policy = entry.policy;
        if policy.risk() == Risk::Destroy {
            assert_ne!(policy.confirm(), Confirm::None, "{}", entry.name);
        }
        if policy.risk() != Risk::Read {
            assert_eq!(policy.audit(), Audit::Both, "{}", entry.name);
            assert!(!policy.changed_topics().is_empty(), "{} says what it changes", entry.name);
            let starts = (entry.schemas)(&mut listing::Schemas::new()).result.is_some();
            assert!(!starts || policy.changed_topics().contains(&Topic::Jobs), "{} starts a job", entry.name);
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
    for entry in list.iter().filter(|entry| planned(entry)) {
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
        if entry.policy.confirm() == Confirm::DigestAndName {
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
        let others = [Principal::Window("bert".into()), Principal::Http("ann".into())];
        for other in others.into_iter().filter(|other| offers(entry, other)) {
            let refusal = house.gate.call(other.clone(), name, request.clone(), agreed(&plan)).await;
            assert_eq!(refusal.err().unwrap().code, ErrorCode::NotAllowed, "{name} for {other:?}");
        }
        let used = house.plan(name, Some("shop")).await;
        house.shared.catalog.plans().take(&used.id, NOW).await.unwrap();
        let again = house.call(name, json!({"plan_id": used.id}), agreed(&used)).await.unwrap_err();
        assert_eq!(again, ErrorCode::PlanMoved, "{name} used");
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

/// Every operation for every kind of caller: refused exactly where its policy does not offer it, before anything is looked at.
#[tokio::test]
async fn every_operation_for_every_principal() {
    let house = house(OPERATIONS);
    let name = || "somebody".to_owned();
    for entry in OPERATIONS {
        let hosts = entry.policy.hosts();
        let operate = entry.policy.needs() <= Permission::Operate;
        for (principal, offered) in [
            (Principal::Window(name()), hosts.window),
            (Principal::CommandLine(name()), hosts.command_line),
            (Principal::Schedule(name()), hosts.schedule && operate),
            (Principal::Http(name()), hosts.http),
        ] {
            if offered {
                continue;
            }
            // Whatever it asks for: a request that is understood is refused for who sends it.
            let request = understood(entry);
            let refused =
                house.gate.call(principal.clone(), entry.name, request, Confirmation::default()).await;
            assert_eq!(refused.err().unwrap().code, ErrorCode::NotAllowed, "{} {principal:?}", entry.name);
        }
        assert!(!hosts.schedule || operate, "{}: a schedule may operate and nothing more", entry.name);
        let local = ["path", "file", "to_file"].iter().any(|field| asks_for(entry, field));
        assert!(!local || !hosts.http, "{} takes a path of this machine", entry.name);
    }
}

/// A request that decodes, made from the description of its type.
fn understood(entry: &Entry) -> Value {
    let document = openapi(OPERATIONS);
    let path = format!("/paths/~1call~1{}/post/requestBody/content/application~1json/schema", entry.name);
    let value = sample(&document, document.pointer(&path).unwrap());
    (entry.decodes)(value.clone())
        .unwrap_or_else(|error| panic!("{} {value}: {}", entry.name, error.message));
    value
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(name) => resolved(document, document.pointer(name.trim_start_matches('#')).unwrap()),
        None => schema,
    }
}

fn sample(document: &Value, schema: &Value) -> Value {
    let schema = resolved(document, schema);
    for several in ["oneOf", "anyOf"] {
        if let Some(first) =
            schema[several].as_array().and_then(|all| all.iter().find(|one| one["type"] != "null"))
        {
            return sample(document, first);
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let mut whole = serde_json::Map::new();
        for part in parts {
            if let Value::Object(fields) = sample(document, part) {
                whole.extend(fields);
            }
        }
        return Value::Object(whole);
    }
    if let Some(first) = schema["enum"].as_array().and_then(|all| all.first()) {
        return first.clone();
    }
    match schema["type"].as_str() {
        Some("object") => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let fields = required.iter().filter_map(Value::as_str);
            fields.map(|field| (field.to_owned(), sample(document, &schema["properties"][field]))).collect()
        }
        Some("array") => json!([]),
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(false),
        _ => json!("x"),
    }
}

fn asks_for(entry: &Entry, field: &str) -> bool {
    let document = openapi(OPERATIONS);
    let path = format!("/paths/~1call~1{}/post/requestBody/content/application~1json/schema", entry.name);
    resolved(&document, document.pointer(&path).unwrap())["properties"].get(field).is_some()
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

/// One line an operation: name, permission, risk, confirmation, audit, who may offer it (window, command line, schedule,
/// HTTP), request -> response, and the result of the job it starts.
fn table(list: &[Entry]) -> String {
    let mut out = String::new();
    for entry in list {
        let policy = entry.policy;
        let listing::Types { request, response, result } = (entry.schemas)(&mut listing::Schemas::new());
        let hosts = policy.hosts();
        let offered: String =
            [(hosts.window, 'w'), (hosts.command_line, 'c'), (hosts.schedule, 's'), (hosts.http, 'h')]
                .map(|(offered, letter)| if offered { letter } else { '-' })
                .iter()
                .collect();
        let result = result.map(|result| format!(" ... {result}")).unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{:<24} {:<10} {:<7} {:<13} {:<4} {offered} {request} -> {response}{result}",
            entry.name,
            format!("{:?}", policy.needs()),
            format!("{:?}", policy.risk()),
            format!("{:?}", policy.confirm()),
            format!("{:?}", policy.audit()),
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
