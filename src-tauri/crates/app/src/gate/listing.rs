//! The list of operations as a document: the OpenAPI 3.1 description from which the window's types are generated.

use std::collections::BTreeMap;

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
    pub(super) request: String,
    pub(super) response: String,
    /// Of the result of the job that it starts.
    pub(super) result: Option<String>,
}

pub(super) fn collect<T: ToSchema>(schemas: &mut Schemas) -> String {
    let mut found = Vec::new();
    T::schemas(&mut found);
    schemas.extend(found);
    schemas.insert(T::name().into_owned(), T::schema());
    T::name().into_owned()
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
