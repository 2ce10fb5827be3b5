//! JSON into a typed request. The error names the field and never repeats a value: it may be a secret.

use holdfast_contract::{ApiError, ErrorCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(super) fn decode<T: DeserializeOwned>(request: Value) -> Result<T, ApiError> {
    let request = if request.is_null() { Value::Object(serde_json::Map::new()) } else { request };
    serde_path_to_error::deserialize(request).map_err(|error| {
        let path = error.path().to_string();
        let what = without_values(&error.inner().to_string());
        let message = if path == "." {
            format!("The request is not right: {what}.")
        } else {
            format!("{path}: {what}.")
        };
        ApiError::new(ErrorCode::BadRequest, message)
            .hint("Correct the request; the API description lists its fields.")
    })
}

/// serde says "invalid type: string \"hunter2\", expected u32": what was expected is enough.
fn without_values(message: &str) -> String {
    match message.split_once("expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None if message.starts_with("missing field") || message.starts_with("duplicate field") => {
            message.to_owned()
        }
        None => "this value cannot be used".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use holdfast_contract::connection::ConnectionAddRequest;
    use serde_json::json;

    #[test]
    fn the_field_is_named_and_the_value_is_not() {
        for (request, named) in [
            (json!({}), "name"),
            (json!({"name": 7}), "name"),
            (json!({"name": "x", "environment": "canary"}), "environment"),
            (json!({"name": "x", "password": ["canary"]}), "password"),
            (json!({"name": "x", "spec": {"engine": "postgres", "host": "h", "port": "canary"}}), "spec"),
            (json!("canary"), "object"),
        ] {
            let error = decode::<ConnectionAddRequest>(request.clone()).unwrap_err();
            assert_eq!(error.code, ErrorCode::BadRequest);
            assert!(!error.message.contains("canary"), "{}", error.message);
            assert!(error.message.contains(named) || named == "object", "{request}: {}", error.message);
        }
    }
}
