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

/// Names a person may have meant by a pattern that matches none: at most three, the closest first.
pub fn close<'a>(pattern: &str, tables: impl Iterator<Item = &'a TableName>) -> Vec<String> {
    let wanted = pattern.trim_matches(['*', '?']).to_lowercase();
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(usize, String)> = tables
        .filter_map(|table| {
            let (full, name) = (table.to_string(), table.name.to_lowercase());
            // A part of the name is a better guess than a few other letters.
            let distance = if name.contains(&wanted) || (name.len() > 2 && wanted.contains(&name)) {
                1
            } else {
                distance(&wanted, &name).min(distance(&wanted, &full.to_lowercase()))
            };
            (distance <= 1 + wanted.chars().count() / 4).then_some((distance, full))
        })
        .collect();
    found.sort();
    found.into_iter().take(3).map(|(_, name)| name).collect()
}

/// Letters to change, add or leave out.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.chars().enumerate() {
        let mut line = vec![row + 1];
        for (column, found) in other.iter().enumerate() {
            let replaced = above[column] + usize::from(letter != *found);
            line.push(replaced.min(above[column + 1] + 1).min(line[column] + 1));
        }
        above = line;
    }
    above[other.len()]
}

/// Refuses a scope with a pattern, chosen or excluded, that names none of these tables.
pub fn require_hits<'a>(
    scope: &Scope,
    tables: impl Iterator<Item = &'a TableName> + Clone,
) -> crate::Result<()> {
    let silent = scope
        .tables
        .iter()
        .chain(&scope.exclude)
        .find(|pattern| !tables.clone().any(|table| matches(pattern, table)));
    match silent {
        Some(pattern) => Err(none(pattern, tables, "The database has")),
        None => Ok(()),
    }
}

/// No table is named by the pattern `wanted`. `among` begins the sentence that names the tables there are.
pub(crate) fn none<'a>(
    wanted: &str,
    tables: impl Iterator<Item = &'a TableName>,
    among: &'static str,
) -> crate::EngineError {
    let close = close(wanted, tables);
    crate::EngineError::NoTable { wanted: wanted.to_owned(), among, close }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_names_are_found() {
        let tables: Vec<TableName> = ["orders", "order_lines", "customers", "a"]
            .map(|name| TableName { schema: Some("public".into()), name: name.into() })
            .into();
        assert_eq!(close("ordrs", tables.iter()), ["public.orders"]);
        assert_eq!(close("order", tables.iter()), ["public.order_lines", "public.orders"]);
        assert_eq!(close("public.customer", tables.iter()), ["public.customers"]);
        assert!(close("zebra", tables.iter()).is_empty());
        assert!(close("*", tables.iter()).is_empty());
    }

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
