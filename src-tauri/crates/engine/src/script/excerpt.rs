//! The beginning of a statement as it may be shown and kept: no string, no number of a row, and so no secret.

use holdfast_contract::import::SqlDialect;

use super::tokens::{Token, tokens};

/// Characters shown.
const SHOWN: usize = 160;

/// `INSERT INTO public.orders (id, note) VALUES …`, `CREATE ROLE app PASSWORD '…'`
pub fn excerpt(sql: &str, dialect: SqlDialect) -> String {
    let head = &sql[..sql.floor_char_boundary(8 << 10)];
    let mut words = tokens(head, dialect);
    let mut shown = String::new();
    let mut defines = None;
    loop {
        let before = words.rest;
        let Some(token) = words.next() else { break };
        let raw = &before[..before.len() - words.rest.len()];
        let spaced = raw.starts_with(|letter: char| letter.is_whitespace());
        let defines = *defines.get_or_insert_with(|| {
            ["create", "alter", "drop", "comment", "copy", "set"].iter().any(|word| token.is(word))
        });
        if spaced && !shown.is_empty() {
            shown.push(' ');
        }
        match &token {
            Token::Text(_) => shown.push_str("'…'"),
            Token::Word(word) if !defines && word.eq_ignore_ascii_case("values") => {
                shown.push_str("VALUES …");
                return shown;
            }
            Token::Word(word) if !defines && word.starts_with(|digit: char| digit.is_ascii_digit()) => {
                shown.push('…')
            }
            Token::Word(word) => shown.push_str(word),
            Token::Name(name) => {
                shown.push('"');
                shown.push_str(name);
                shown.push('"');
            }
            Token::Sign(sign) => shown.push(*sign as char),
        }
        if shown.chars().count() > SHOWN {
            let cut = shown.char_indices().nth(SHOWN).map_or(shown.len(), |(at, _)| at);
            shown.truncate(cut);
            shown.push('…');
            return shown;
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_row_and_no_password_is_shown() {
        let shown = |sql: &str| excerpt(sql, SqlDialect::Postgres);
        assert_eq!(shown("INSERT INTO a (b)\n VALUES ('secret', 42)"), "INSERT INTO a (b) VALUES …");
        assert_eq!(shown("CREATE ROLE app PASSWORD 'hunter2'"), "CREATE ROLE app PASSWORD '…'");
        assert_eq!(shown("ALTER ROLE app PASSWORD E'hun\\'ter2' LOGIN"), "ALTER ROLE app PASSWORD '…' LOGIN");
        assert_eq!(shown("UPDATE a SET b = 4111, c = $$x$$"), "UPDATE a SET b = …, c = '…'");
        assert!(shown(&format!("CREATE TABLE {}", "x".repeat(9000))).chars().count() <= SHOWN + 1);
        assert_eq!(
            excerpt("SET PASSWORD = \"hunter2\"", SqlDialect::Mysql),
            "SET PASSWORD = '…'",
            "double quotes are strings there"
        );
    }
}
