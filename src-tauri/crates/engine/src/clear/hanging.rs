//! Which rows would go along with others, as SQL: for engines that can tell a new row by a condition on it.

/// A foreign key by which deleting a row changes rows of another table. Names are quoted already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// Where the rows go first.
    pub parent: String,
    pub child: String,
    /// (child's column, parent's column)
    pub columns: Vec<(String, String)>,
    /// Its rows go too; else they only lose what they point at.
    pub cascades: bool,
}

/// Deeper than this, nothing at all may be new.
const DEEPEST: usize = 6;

pub(crate) struct Hanging<'a> {
    pub keys: &'a [Key],
    /// The condition that the row under this table and alias is not in the archive.
    pub newer: &'a dyn Fn(&str, &str) -> String,
}

impl Hanging<'_> {
    /// The condition that deleting the row of `table` under `alias` would take along or change a row that is newer.
    pub(crate) fn takes_newer(&self, table: &str, alias: &str) -> String {
        self.at(&[table], alias)
    }

    fn at(&self, path: &[&str], alias: &str) -> String {
        let table = path.last().copied().unwrap_or_default();
        let mut conditions = Vec::new();
        for key in self.keys.iter().filter(|key| key.parent == table) {
            let child = format!("holdfast_{}_{}", path.len(), conditions.len());
            let pairs: Vec<String> =
                key.columns.iter().map(|(own, other)| format!("{alias}.{other} = {child}.{own}")).collect();
            let mut new = (self.newer)(&key.child, &child);
            let again = path.contains(&key.child.as_str()) || path.len() >= DEEPEST;
            if key.cascades && again {
                // Rows that hang on each other in a circle: how far that goes is not known from here.
                new = self.any_newer();
            } else if key.cascades {
                let mut deeper = path.to_vec();
                deeper.push(&key.child);
                new = format!("({new} OR {})", self.at(&deeper, &child));
            }
            conditions.push(format!(
                "EXISTS (SELECT 1 FROM {} AS {child} WHERE {} AND {new})",
                key.child,
                pairs.join(" AND ")
            ));
        }
        if conditions.is_empty() { "(1 = 0)".to_owned() } else { format!("({})", conditions.join(" OR ")) }
    }

    fn any_newer(&self) -> String {
        let mut tables: Vec<&str> =
            self.keys.iter().flat_map(|key| [key.parent.as_str(), key.child.as_str()]).collect();
        tables.sort_unstable();
        tables.dedup();
        let each = tables.into_iter().map(|table| {
            format!(
                "EXISTS (SELECT 1 FROM {table} AS holdfast_any WHERE {})",
                (self.newer)(table, "holdfast_any")
            )
        });
        format!("({})", each.collect::<Vec<_>>().join(" OR "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(parent: &str, child: &str, cascades: bool) -> Key {
        Key {
            parent: parent.into(),
            child: child.into(),
            columns: vec![("up".into(), "id".into())],
            cascades,
        }
    }

    fn sql(keys: &[Key]) -> String {
        Hanging { keys, newer: &|_, alias| format!("new({alias})") }.takes_newer("a", "a")
    }

    #[test]
    fn follows_what_goes_and_stops_at_what_only_changes() {
        assert_eq!(sql(&[]), "(1 = 0)");
        let through = sql(&[key("a", "b", true), key("b", "c", true)]);
        assert!(through.contains("b AS holdfast_1_0") && through.contains("c AS holdfast_2_0"), "{through}");
        let unset = sql(&[key("a", "b", false), key("b", "c", true)]);
        assert!(unset.contains("new(holdfast_1_0)") && !unset.contains(" c "), "{unset}");
    }

    #[test]
    fn a_circle_ends_where_nothing_may_be_new() {
        let own = sql(&[key("a", "a", true)]);
        assert!(own.contains("a.id = holdfast_1_0.up AND (EXISTS (SELECT 1 FROM a AS holdfast_any"), "{own}");
        let round = sql(&[key("a", "b", true), key("b", "a", true)]);
        assert!(round.contains("FROM b AS holdfast_any"), "{round}");
    }
}
