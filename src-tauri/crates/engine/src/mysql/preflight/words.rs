//! Character sets, collations and storage engines that definitions name and this server may lack.

use std::collections::{BTreeMap, HashSet};

use holdfast_contract::snapshot::SchemaObject;

use super::super::connect::Session;
use super::super::server::Server;
use crate::{Preflight, Result};

pub async fn known(
    session: &mut Session,
    facts: &BTreeMap<String, String>,
    objects: &[SchemaObject],
    found: &mut Preflight,
) -> Result<()> {
    let mut wanted: BTreeMap<(Kind, String), (u64, String)> = BTreeMap::new();
    for (fact, kind) in [("character_set", Kind::CharacterSet), ("collation", Kind::Collation)] {
        if let Some(value) = facts.get(fact) {
            wanted.insert((kind, value.to_lowercase()), (0, "the database itself".into()));
        }
    }
    for object in objects.iter().filter(|object| matches!(object.kind.as_str(), "table" | "sequence")) {
        for (kind, value) in object.sql.iter().flat_map(|sql| named(sql)) {
            let first = || (0, format!("the {} {}", object.kind, object.name));
            wanted.entry((kind, value.to_lowercase())).or_insert_with(first).0 += 1;
        }
    }
    for kind in [Kind::CharacterSet, Kind::Collation, Kind::Engine] {
        let list = kind.list(&session.server);
        let has: HashSet<String> = session
            .rows("Looking at what the server knows", list)
            .await?
            .into_iter()
            .filter_map(|row| row.into_iter().next().flatten())
            .collect();
        for ((_, value), (count, first)) in
            wanted.iter().filter(|((of, value), _)| *of == kind && !has.contains(value))
        {
            let others = if *count > 1 { format!(" and {} more", count - 1) } else { String::new() };
            found
                .blockers
                .push(format!("The server lacks the {} {value}, which {first}{others} needs.", kind.word()));
        }
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    CharacterSet,
    Collation,
    Engine,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::CharacterSet => "character set",
            Self::Collation => "collation",
            Self::Engine => "storage engine",
        }
    }
    fn list(self, server: &Server) -> &'static str {
        match self {
            Self::CharacterSet => "SELECT lower(character_set_name) FROM information_schema.character_sets",
            // Listed there without their character set, and used with it.
            Self::Collation if server.mariadb_since(101_001) => {
                "SELECT lower(collation_name) FROM information_schema.collations \
                 UNION SELECT lower(full_collation_name) FROM information_schema.collation_character_set_applicability"
            }
            Self::Collation => "SELECT lower(collation_name) FROM information_schema.collations",
            Self::Engine => {
                "SELECT lower(engine) FROM information_schema.engines WHERE support IN ('YES', 'DEFAULT')"
            }
        }
    }
}

/// Words behind `CHARSET=`, `CHARACTER SET`, `COLLATE` and `ENGINE=`, outside of quotes.
fn named(sql: &str) -> Vec<(Kind, String)> {
    let mut words: Vec<&str> = Vec::new();
    let mut rest = sql;
    while let Some(c) = rest.chars().next() {
        if matches!(c, '\'' | '"' | '`') {
            let mut chars = rest.char_indices().skip(1);
            let mut end = rest.len();
            while let Some((at, next)) = chars.next() {
                if next == '\\' && c != '`' {
                    chars.next();
                } else if next == c {
                    end = at + 1;
                    break;
                }
            }
            words.push("");
            rest = &rest[end..];
        } else if c.is_ascii_alphanumeric() || c == '_' {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            words.push(&rest[..end]);
            rest = &rest[end..];
        } else {
            rest = &rest[c.len_utf8()..];
        }
    }
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let behind = |steps: usize| words.get(at + steps).filter(|word| !word.is_empty());
        let (kind, value) = match word.to_ascii_uppercase().as_str() {
            "CHARSET" => (Kind::CharacterSet, behind(1)),
            "CHARACTER" if behind(1).is_some_and(|set| set.eq_ignore_ascii_case("SET")) => {
                (Kind::CharacterSet, behind(2))
            }
            "COLLATE" => (Kind::Collation, behind(1)),
            "ENGINE" => (Kind::Engine, behind(1)),
            _ => continue,
        };
        found.extend(value.map(|value| (kind, (*value).to_owned())));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_definition_needs() {
        let sql = "CREATE TABLE `collate x` (`a` varchar(3) CHARACTER SET gbk COLLATE gbk_bin DEFAULT 'ENGINE=foo\\' COLLATE y', \
                   `engine` int) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='COLLATE z'";
        let said: Vec<String> = named(sql).into_iter().map(|(_, value)| value).collect();
        assert_eq!(said, ["gbk", "gbk_bin", "InnoDB", "utf8mb4", "utf8mb4_0900_ai_ci"]);
    }
}
