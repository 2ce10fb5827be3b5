//! Taking secrets out of text before it is kept.
//!
//! Typed passwords never get this far; this is for passwords people put inside other strings: URLs and
//! key=value connection strings. When in doubt too much is taken out.

use serde_json::Value;

const HIDDEN: &str = "***";

/// The same JSON with passwords inside its strings replaced.
pub fn redact(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(text_without_passwords(text)),
        Value::Array(items) => Value::Array(items.iter().map(redact).collect()),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), redact(value))).collect())
        }
        other => other.clone(),
    }
}

fn text_without_passwords(text: &str) -> String {
    let mut out = text.to_owned();
    // user:password@ up to the last @: an unescaped @ or / may be part of the password.
    if let Some(scheme) = out.find("://") {
        let start = scheme + 3;
        if let Some(at) = out.rfind('@').filter(|at| *at >= start)
            && let Some(colon) = out[start..at].find(':')
        {
            out.replace_range(start + colon + 1..at, HIDDEN);
        }
    }
    for key in ["password", "passwd", "pwd", "passphrase", "secret", "token"] {
        out = without_value_of(&out, key);
    }
    out
}

/// `key=value` and `key: value`, in any case, up to the next separator.
fn without_value_of(text: &str, key: &str) -> String {
    // ASCII only, so that places are the same in both.
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    while let Some(found) = lower[done..].find(key) {
        let after = done + found + key.len();
        let rest = &text[after..];
        let value = rest.trim_start().strip_prefix(['=', ':']).map(str::trim_start);
        let Some(value) = value.filter(|value| !value.is_empty()) else {
            out.push_str(&text[done..after]);
            done = after;
            continue;
        };
        let start = text.len() - value.len();
        let quoted = value.starts_with(['\'', '"']);
        let end = if quoted {
            text.len()
        } else {
            value.find(['&', ' ', ';', '\n', '#']).map_or(text.len(), |end| start + end)
        };
        out.push_str(&text[done..start]);
        out.push_str(HIDDEN);
        done = end;
    }
    out.push_str(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_form_of_password_survives() {
        for text in [
            "postgres://ann:canary@db/shop",
            "postgres://ann:can@ary/canary@db:5432/shop?sslmode=require",
            "postgresql://db/shop?user=ann&password=canary&sslmode=require",
            "postgres://ann:x@db/shop?PASSWORD=canary",
            "host=db password=canary user=ann",
            "host=db password='canary with canary'",
            "Password: canary",
            "mysql://:canary@db",
        ] {
            let out = text_without_passwords(text);
            assert!(!out.contains("canary"), "{text} -> {out}");
            assert!(out.contains(HIDDEN), "{text} -> {out}");
        }
    }

    #[test]
    fn everything_else_stays() {
        for text in
            ["postgres://ann@db/shop", "Überfall à la carte", "https://e.com/a:b", "a password", "x@y.z: 1"]
        {
            assert_eq!(text_without_passwords(text), text);
        }
    }
}
