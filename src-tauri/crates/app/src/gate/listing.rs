//! The list of operations as documents: the table people review, and the OpenAPI 3.1 description from
//! which the window's types are generated.

use std::collections::BTreeMap;
use std::fmt::Write;

use holdfast_contract::ApiError;
use holdfast_contract::event::Event;
use holdfast_contract::policy::{Confirmation, Principal};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use super::Entry;

pub(crate) type Schemas = BTreeMap<String, RefOr<Schema>>;

/// The names of an operation's types among the schemas.
pub(crate) struct Types {
    pub request: String,
    pub response: String,
    /// Of the result of the job that it starts.
    pub result: Option<String>,
}

pub(super) fn collect<T: ToSchema>(schemas: &mut Schemas) -> String {
    let mut found = Vec::new();
    T::schemas(&mut found);
    schemas.extend(found);
    schemas.insert(T::name().into_owned(), T::schema());
    T::name().into_owned()
}

/// One line an operation: name, permission, risk, confirmation, audit, who may offer it (window, command line, schedule,
/// HTTP), request -> response, and the result of the job it starts.
pub fn table(list: &[Entry]) -> String {
    let mut out = String::new();
    for entry in list {
        let policy = entry.policy;
        let Types { request, response, result } = (entry.schemas)(&mut Schemas::new());
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

/// The same calls over any transport: `POST /call/<name>`, with the confirmation beside the request in
/// headers; events as `GET /events`.
pub fn openapi(list: &[Entry]) -> Value {
    let mut schemas = Schemas::new();
    for name in [collect::<ApiError>(&mut schemas), collect::<Event>(&mut schemas)] {
        debug_assert!(schemas.contains_key(&name));
    }
    collect::<Confirmation>(&mut schemas);
    collect::<Principal>(&mut schemas);
    let mut paths = serde_json::Map::new();
    for entry in list {
        let types = (entry.schemas)(&mut schemas);
        let starts = types.result.as_deref().map(reference);
        let content = |name: &str| json!({"application/json": {"schema": reference(name)}});
        paths.insert(
            format!("/call/{}", entry.name),
            json!({"post": {
                "operationId": entry.name,
                "tags": [entry.name.split('.').next().unwrap_or_default()],
                "requestBody": {"required": true, "content": content(&types.request)},
                "responses": {
                    "200": {"description": "Done or started.", "content": content(&types.response)},
                    "default": {"description": "Refused or failed.", "content": content("ApiError")},
                },
                "x-policy": entry.policy,
                "x-starts": starts,
            }}),
        );
    }
    paths.insert(
        "/events".to_owned(),
        json!({"get": {
            "operationId": "events",
            "responses": {"200": {
                "description": "One event a message, as server-sent events.",
                "content": {"text/event-stream": {"schema": reference("Event")}},
            }},
        }}),
    );
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Holdfast", "version": env!("CARGO_PKG_VERSION"), "description": "Every action is an operation: one path each."},
        "paths": paths,
        "components": {"schemas": schemas},
    })
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}
