//! Work on the text of definitions as the server prints them.

/// Takes the database's own name from in front of names in backticks, so that the copy refers to itself. Texts in
/// quotes stay as they are.
pub fn unqualified(sql: &str, database: &str) -> String {
    let own = format!("`{}`", database.replace('`', "``"));
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(at) = rest.find(['`', '\'', '"']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = quoted_len(rest);
        let (token, tail) = rest.split_at(end);
        match tail.strip_prefix('.') {
            Some(after) if token == own && after.starts_with('`') => rest = after,
            _ => {
                out.push_str(token);
                rest = tail;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Length of the quoted text at the start, quotes included; all of it where it is not closed.
fn quoted_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    let quote = bytes[0];
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote != b'`' => at += 1,
            byte if byte == quote && bytes.get(at + 1) == Some(&quote) => at += 1,
            byte if byte == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// Every name in backticks.
pub fn names(sql: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = sql;
    while let Some(at) = rest.find(['`', '\'', '"']) {
        rest = &rest[at..];
        let (token, tail) = rest.split_at(quoted_len(rest));
        if token.len() > 2 && token.starts_with('`') {
            found.push(token[1..token.len() - 1].replace("``", "`"));
        }
        rest = tail;
    }
    found
}

/// The head of a trigger keeps what its author typed: `trigger shop.tr before insert on shop.t for each row`.
pub fn trigger_unqualified(sql: &str, database: &str) -> String {
    let lower = sql.to_ascii_lowercase();
    let Some(split) = lower.find("each row").or_else(|| lower.find("each\nrow")) else {
        return sql.to_owned();
    };
    let (head, body) = sql.split_at(split);
    let mut head = unqualified(head, database);
    for before in [" ", "\n", "\t"] {
        for own in [format!("{before}{database}."), format!("{before}`{database}`.")] {
            head = head.replace(&own, before);
        }
    }
    head + body
}

/// Whether a text that people wrote names a database: `shop.orders`, `` `shop`.orders``.
pub fn mentions(sql: &str, database: &str) -> bool {
    let quoted = format!("`{}`.", database.replace('`', "``"));
    let bare = format!("{database}.");
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '`' | '@' | '.');
    sql.contains(&quoted)
        || sql.match_indices(&bare).any(|(at, _)| !sql[..at].chars().next_back().is_some_and(is_part))
}

/// Without what grows by itself: two equal texts are one structure.
pub fn structure(create: &str) -> String {
    match create.split_once(" AUTO_INCREMENT=") {
        Some((before, after)) => {
            format!("{before}{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
        }
        None => create.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_refers_to_itself() {
        for (sql, wanted) in [
            ("select `shop`.`v`.`x` from `shop`.`v`", "select `v`.`x` from `v`"),
            ("select 'a `shop`.`v`', \"`shop`.`v`\"", "select 'a `shop`.`v`', \"`shop`.`v`\""),
            ("COMMENT 'it''s \\' `shop`.`v`' `shop`.`w`", "COMMENT 'it''s \\' `shop`.`v`' `w`"),
            ("from `other`.`t` `shop`", "from `other`.`t` `shop`"),
        ] {
            assert_eq!(unqualified(sql, "shop"), wanted);
        }
        assert_eq!(
            trigger_unqualified(
                "CREATE trigger shop.tr before insert on `shop`.t for each row set @a = shop.f()",
                "shop"
            ),
            "CREATE trigger tr before insert on t for each row set @a = shop.f()"
        );
        assert!(mentions("insert into shop.t", "shop") && mentions("select (`shop`.f())", "shop"));
        assert!(!mentions("insert into workshop.t, a.shop.x", "shop") && !mentions("shopping.t", "shop"));
        assert_eq!(names("a `b``c` 'x `d`' `e`"), ["b`c", "e"]);
        assert_eq!(structure("x ENGINE=InnoDB AUTO_INCREMENT=31 DEFAULT"), "x ENGINE=InnoDB DEFAULT");
    }
}
