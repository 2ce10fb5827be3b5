//! Which tables a scope names: `schema.table` or `table`, with `*` and `?` as in a shell.

use holdfast_contract::snapshot::{Scope, TableName};

/// True when the scope's rows include this table.
pub fn included(scope: &Scope, table: &TableName) -> bool {
    let hit = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, table));
    (scope.tables.is_empty() || hit(&scope.tables)) && !hit(&scope.exclude)
}

/// A pattern without a dot names the table in any schema.
pub fn matches(pattern: &str, table: &TableName) -> bool {
    glob(pattern.as_bytes(), table.name.as_bytes()) || glob(pattern.as_bytes(), table.to_string().as_bytes())
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            glob(rest, text) || text.split_first().is_some_and(|(_, tail)| glob(pattern, tail))
        }
        (Some((b'?', rest)), Some((_, tail))) => glob(rest, tail),
        (Some((wanted, rest)), Some((found, tail))) => wanted == found && glob(rest, tail),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_name_tables() {
        let table = TableName { schema: Some("public".into()), name: "orders_2026".into() };
        for pattern in ["orders_2026", "public.orders_2026", "orders_*", "*.orders_????", "*"] {
            assert!(matches(pattern, &table), "{pattern}");
        }
        for pattern in ["orders", "other.*", "orders_?", ""] {
            assert!(!matches(pattern, &table), "{pattern}");
        }
        let scope =
            Scope { tables: vec!["orders_*".into()], exclude: vec!["*2026".into()], ..Scope::default() };
        assert!(!included(&scope, &table));
    }
}
