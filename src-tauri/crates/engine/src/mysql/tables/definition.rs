//! The text of a table's definition, made to make another table.

use super::keys::ForeignKey;
use crate::mysql::sql::Name;

/// `CREATE TABLE` under the name `to`, without foreign keys. None when it is not a definition of `from` as servers print it.
pub fn renamed(create: &str, from: &str, to: &str) -> Option<String> {
    let body = create.strip_prefix(&format!("CREATE TABLE {}", Name(from)))?;
    let kept: Vec<&str> = body.lines().filter(|line| ForeignKey::parse(line, None, from).is_none()).collect();
    let mut text = kept.join("\n");
    // The last line before the closing parenthesis has no comma.
    if let Some(at) = text.find(",\n) ") {
        text.remove(at);
    }
    Some(format!("CREATE TABLE {}{text}", Name(to)))
}

/// The number that the next row gets, where the definition says one.
pub fn next_number(create: &str) -> Option<u64> {
    let (_, after) = create.split_once(" AUTO_INCREMENT=")?;
    after.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_another_name_and_no_foreign_keys() {
        let create = "CREATE TABLE `a` (\n  `i` int(11) NOT NULL AUTO_INCREMENT,\n  `b` int DEFAULT 3 COMMENT ',\\n) x',\n  PRIMARY KEY (`i`),\n  \
                      KEY `b` (`b`),\n  CONSTRAINT `k` FOREIGN KEY (`b`) REFERENCES `a` (`i`),\n  CONSTRAINT `k2` FOREIGN KEY (`b`) REFERENCES `c` (`i`)\n) \
                      ENGINE=InnoDB AUTO_INCREMENT=31 DEFAULT CHARSET=utf8mb4";
        let copy = renamed(create, "a", "a_then").unwrap_or_default();
        assert!(copy.starts_with("CREATE TABLE `a_then` (\n  `i` int") && !copy.contains("FOREIGN"));
        assert!(copy.contains("KEY `b` (`b`)\n) ENGINE=InnoDB AUTO_INCREMENT=31"), "{copy}");
        assert_eq!((next_number(create), next_number("CREATE TABLE x")), (Some(31), None));
        assert!(renamed("CREATE VIEW", "a", "b").is_none());
        let checked = create.replace("`k2` FOREIGN KEY (`b`) REFERENCES `c` (`i`)", "`k2` CHECK (`b` > 0)");
        assert!(
            renamed(&checked, "a", "b")
                .unwrap_or_default()
                .contains(",\n  CONSTRAINT `k2` CHECK (`b` > 0)\n) ENG")
        );
    }
}
