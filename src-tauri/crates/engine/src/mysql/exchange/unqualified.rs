//! Taking the own database's name out of definitions, so that they can be run in another one.

/// A trigger's head is kept as it was typed: `CREATE DEFINER=… TRIGGER shop.t AFTER INSERT ON shop.x FOR EACH ROW …`.
pub fn trigger(text: &str) -> String {
    let mut text = text.to_owned();
    let Some(name) = after_word(&text, 0, "TRIGGER") else { return text };
    let name =
        after_word(&text, name, "EXISTS").filter(|_| starts_with_word(&text[name..], "IF")).unwrap_or(name);
    drop_qualifier(&mut text, name);
    if let Some(table) = after_word(&text, name_end(&text, name), "ON") {
        drop_qualifier(&mut text, table);
    }
    text
}

/// The same trigger under another name on another table, both as SQL. A database before them goes.
pub fn trigger_as(text: &str, new_name: &str, new_table: &str) -> String {
    let mut text = trigger(text);
    let Some(name) = after_word(&text, 0, "TRIGGER") else { return text };
    let name =
        after_word(&text, name, "EXISTS").filter(|_| starts_with_word(&text[name..], "IF")).unwrap_or(name);
    // The table stands behind the name: replaced first, it moves nothing.
    if let Some(table) = after_word(&text, name_end(&text, name), "ON") {
        text.replace_range(table..name_end(&text, table), new_table);
    }
    text.replace_range(name..name_end(&text, name), new_name);
    text
}

/// A view is printed by the server: names in backticks, and with the database before them when it refers to others
/// too. `database`.`table` stands after FROM, JOIN, a comma of theirs or a parenthesis; in front of a column there are
/// three parts.
pub fn view(text: &str, database: &str) -> String {
    let own = super::super::sql::Name(database).to_string() + ".";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '\'' || c == '"' {
            let end = quoted_end(rest, c);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
        } else if c == '`' {
            let tail = rest.strip_prefix(own.as_str()).filter(|tail| {
                let end = quoted_end(tail, '`');
                tail.starts_with('`')
                    && !out.ends_with('.')
                    && (tail[end..].starts_with('.') || is_table_place(&out) || tail[end..].starts_with('('))
            });
            rest = tail.unwrap_or(rest);
            let end = quoted_end(rest, '`');
            out.push_str(&rest[..end]);
            rest = &rest[end..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

fn is_table_place(before: &str) -> bool {
    let before = before.trim_end_matches([' ', '(']);
    ["from", "join", ","].iter().any(|word| before.ends_with(word)) || before.ends_with("VIEW")
}

/// Behind the closing quote of a text that begins with one.
fn quoted_end(text: &str, quote: char) -> usize {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && quote != '`' {
            chars.next();
        } else if c == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
            return at + c.len_utf8();
        }
    }
    text.len()
}

/// Where the next thing begins: behind white space and comments.
fn skip(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        let end = if trimmed.starts_with("/*") {
            trimmed.find("*/").map(|end| end + 2)
        } else if trimmed.starts_with("-- ") || trimmed.starts_with('#') {
            trimmed.find('\n')
        } else {
            return at;
        };
        at += end.unwrap_or(trimmed.len());
        if at >= text.len() {
            return text.len();
        }
    }
}

/// Where the name (in quotes or bare) that begins here ends.
fn name_end(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    match rest.chars().next() {
        Some(quote @ ('`' | '"')) => at + quoted_end(rest, quote),
        _ => at + rest.find(|c: char| c.is_whitespace() || ".(/#".contains(c)).unwrap_or(rest.len()),
    }
}

fn starts_with_word(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
}

/// Where what follows this word begins; looks at words from `at` on.
fn after_word(text: &str, mut at: usize, word: &str) -> Option<usize> {
    while at < text.len() {
        at = skip(text, at);
        let end = name_end(text, at).max(at + text[at..].chars().next().map_or(1, char::len_utf8));
        let found = text[at..end.min(text.len())].eq_ignore_ascii_case(word);
        at = end;
        if found {
            return Some(skip(text, at));
        }
    }
    None
}

fn drop_qualifier(text: &mut String, at: usize) {
    let dot = skip(text, name_end(text, at));
    if text[dot..].starts_with('.') {
        let name = skip(text, dot + 1);
        text.replace_range(at..name, "");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triggers_lose_their_database_and_keep_everything_else() {
        for (typed, wanted) in [
            ("CREATE DEFINER=`a`@`b` TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @x = 'ON a.b'", None),
            (
                "CREATE DEFINER=`a`@`b` TRIGGER shop.tr /* on x.y */ before insert\nON `my shop` . `t.1` FOR EACH ROW SELECT 1",
                Some(
                    "CREATE DEFINER=`a`@`b` TRIGGER tr /* on x.y */ before insert\nON `t.1` FOR EACH ROW SELECT 1",
                ),
            ),
            ("CREATE DEFINER=`TRIGGER`@`b` TRIGGER `on` AFTER DELETE ON `on` FOR EACH ROW SELECT 1", None),
            (
                "CREATE DEFINER=`a`@`b` TRIGGER IF NOT EXISTS s.x AFTER DELETE ON s.t FOR EACH ROW SELECT 1",
                Some(
                    "CREATE DEFINER=`a`@`b` TRIGGER IF NOT EXISTS x AFTER DELETE ON t FOR EACH ROW SELECT 1",
                ),
            ),
        ] {
            assert_eq!(trigger(typed), wanted.unwrap_or(typed));
        }
        assert_eq!(
            trigger_as(
                "CREATE DEFINER=`a`@`b` TRIGGER IF NOT EXISTS `s`.`x y` AFTER DELETE ON s.t FOR EACH ROW SET @on = 1",
                "`n`",
                "`m`"
            ),
            "CREATE DEFINER=`a`@`b` TRIGGER IF NOT EXISTS `n` AFTER DELETE ON `m` FOR EACH ROW SET @on = 1"
        );
    }

    #[test]
    fn views_lose_their_own_database_only() {
        let printed = "CREATE VIEW `shop`.`v` AS select `shop`.`t`.`a` AS `shop`,`other`.`x`.`shop` AS `b`,'`shop`.`t`' AS `c`,`shop`.`f`(1) AS `d` \
             from ((`shop`.`t` join `other`.`x` on(`shop`.`t`.`a` = `other`.`x`.`shop`)) join `shop`.`u` `shop`)";
        let wanted = "CREATE VIEW `v` AS select `t`.`a` AS `shop`,`other`.`x`.`shop` AS `b`,'`shop`.`t`' AS `c`,`f`(1) AS `d` \
             from ((`t` join `other`.`x` on(`t`.`a` = `other`.`x`.`shop`)) join `u` `shop`)";
        assert_eq!(view(printed, "shop"), wanted);
    }
}
