//! What this login may see and do, from its own grants: what it may not see is not in the catalogs at all.

use std::collections::HashSet;

use super::connect::Session;
use crate::Result;

pub struct Rights {
    /// Privileges on the whole database or the whole server, in capitals.
    granted: HashSet<String>,
    everything: bool,
}

impl Rights {
    pub async fn read(session: &mut Session, database: &str) -> Result<Self> {
        let doing = "Looking at this login's rights";
        let sql = super::mysql8::grants(session).await?;
        let rows = session.rows(doing, &sql).await?;
        let mut rights = Self { granted: HashSet::new(), everything: false };
        for line in rows.iter().flatten().flatten() {
            rights.add(line, database);
        }
        Ok(rights)
    }

    /// `GRANT SELECT, SHOW VIEW ON `shop`.* TO …`
    fn add(&mut self, line: &str, database: &str) {
        let Some((list, rest)) = line.strip_prefix("GRANT ").and_then(|line| line.split_once(" ON ")) else {
            return;
        };
        let Some((object, _)) = rest.split_once(" TO ") else { return };
        if !reaches(object, database) {
            return;
        }
        for privilege in list.split(", ") {
            self.everything |= privilege == "ALL PRIVILEGES";
            self.granted.insert(privilege.trim().to_ascii_uppercase());
        }
    }

    /// On the whole database.
    pub fn has(&self, privilege: &str) -> bool {
        self.everything || self.granted.contains(privilege)
    }
}

/// `*.*`, or a database pattern with `%`, `_` and backslashes before literal ones.
fn reaches(object: &str, database: &str) -> bool {
    if object == "*.*" {
        return true;
    }
    let Some(pattern) = object.strip_suffix(".*") else { return false };
    let quoted = |quote: char| pattern.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    let pattern = quoted('`').or_else(|| quoted('"')).unwrap_or(pattern).replace("``", "`");
    like(&pattern.chars().collect::<Vec<_>>(), &database.chars().collect::<Vec<_>>())
}

fn like(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some(('%', rest)), _) => {
            like(rest, text) || text.split_first().is_some_and(|(_, tail)| like(pattern, tail))
        }
        (Some(('_', rest)), Some((_, tail))) => like(rest, tail),
        (Some(('\\', rest)), Some((found, tail))) if rest.first() == Some(found) => like(&rest[1..], tail),
        (Some((wanted, rest)), Some((found, tail))) => wanted == found && like(rest, tail),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_as_servers_print_them() {
        let mut rights = Rights { granted: HashSet::new(), everything: false };
        for line in [
            "GRANT RELOAD, BINLOG MONITOR ON *.* TO `b`@`%` IDENTIFIED BY PASSWORD '*1'",
            "GRANT SELECT, SHOW VIEW ON `sh\\_op`.* TO `b`@`%`",
            "GRANT TRIGGER ON `other`.* TO `b`@`%`",
            "GRANT EVENT ON `sh\\_op`.`t` TO `b`@`%`",
            "GRANT `role`@`%` TO `b`@`%`",
        ] {
            rights.add(line, "sh_op");
        }
        assert!(rights.has("RELOAD") && rights.has("SHOW VIEW") && rights.has("SELECT"));
        assert!(!rights.has("TRIGGER") && !rights.has("EVENT"));
        assert!(reaches("`a%`.*", "abc") && !reaches("`a\\%`.*", "abc") && reaches("`a``b`.*", "a`b"));
        rights.add("GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION", "x");
        assert!(rights.has("EVENT"));
    }
}
