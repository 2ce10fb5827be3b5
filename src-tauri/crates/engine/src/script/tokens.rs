//! The words of a statement, to say what it is. Reads as far as it is asked to; what it cannot make sense of comes out
//! as signs.

use std::borrow::Cow;

use holdfast_contract::import::SqlDialect;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A keyword or a plain name.
    Word(&'a str),
    /// A quoted name, unquoted.
    Name(Cow<'a, str>),
    /// A string, as it stands between its quotes.
    Text(&'a str),
    Sign(u8),
}

impl Token<'_> {
    pub fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(found) if found.eq_ignore_ascii_case(word))
    }

    /// Of a word, name or string; None for a sign.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Word(text) | Self::Text(text) => Some(text),
            Self::Name(text) => Some(text),
            Self::Sign(_) => None,
        }
    }
}

pub(super) fn tokens(sql: &str, dialect: SqlDialect) -> Tokens<'_> {
    Tokens { rest: sql, dialect }
}

#[derive(Clone)]
pub(super) struct Tokens<'a> {
    pub rest: &'a str,
    dialect: SqlDialect,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_space();
        let bytes = self.rest.as_bytes();
        let first = *bytes.first()?;
        let mysql = self.dialect == SqlDialect::Mysql;
        match first {
            b'\'' => Some(Token::Text(self.quoted(b'\'', mysql))),
            b'"' if mysql => Some(Token::Text(self.quoted(b'"', true))),
            b'"' => Some(self.name(b'"')),
            b'`' if self.dialect != SqlDialect::Postgres => Some(self.name(b'`')),
            b'[' if self.dialect == SqlDialect::Sqlite => Some(self.name(b']')),
            b'$' if self.dialect == SqlDialect::Postgres => Some(self.dollar()),
            _ if first.is_ascii_alphanumeric() || first == b'_' || first >= 0x80 => {
                let end = bytes
                    .iter()
                    .position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..)))
                    .unwrap_or(bytes.len());
                let word = self.take(end);
                // E'…': the prefix belongs to the string.
                if self.dialect == SqlDialect::Postgres
                    && word.eq_ignore_ascii_case("e")
                    && self.rest.starts_with('\'')
                {
                    return Some(Token::Text(self.quoted(b'\'', true)));
                }
                Some(Token::Word(word))
            }
            _ => {
                self.take(1);
                Some(Token::Sign(first))
            }
        }
    }
}

impl<'a> Tokens<'a> {
    /// `a`, `a.b`, `"a"."b"`; None when no name comes.
    pub fn dotted(&mut self) -> Option<String> {
        let mut name = String::new();
        loop {
            let mut ahead = self.clone();
            match ahead.next()? {
                Token::Word(word) => name.push_str(word),
                Token::Name(part) => name.push_str(&part),
                // SQLite takes 'name' where a name is wanted.
                Token::Text(part) if self.dialect == SqlDialect::Sqlite => name.push_str(part),
                _ => return (!name.is_empty()).then_some(name),
            }
            *self = ahead.clone();
            if ahead.next() != Some(Token::Sign(b'.')) {
                return Some(name);
            }
            name.push('.');
            *self = ahead;
        }
    }

    /// Goes past these words when they come next.
    pub fn eat(&mut self, words: &[&str]) -> bool {
        let mut ahead = self.clone();
        if words.iter().all(|word| ahead.next().is_some_and(|token| token.is(word))) {
            *self = ahead;
            return true;
        }
        false
    }

    fn take(&mut self, count: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(self.rest.ceil_char_boundary(count));
        self.rest = rest;
        taken
    }

    fn skip_space(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            let mysql = self.dialect == SqlDialect::Mysql;
            if self.rest.starts_with("--") || (mysql && self.rest.starts_with('#')) {
                self.take(memchr::memchr(b'\n', self.rest.as_bytes()).unwrap_or(self.rest.len()));
            } else if mysql && (self.rest.starts_with("/*!") || self.rest.starts_with("/*M!")) {
                let code =
                    self.rest[3..].trim_start_matches('!').trim_start_matches(|c: char| c.is_ascii_digit());
                self.rest = code;
            } else if mysql && self.rest.starts_with("*/") {
                self.take(2);
            } else if self.rest.starts_with("/*") {
                self.comment();
            } else {
                return;
            }
        }
    }

    fn comment(&mut self) {
        let (bytes, mut at, mut depth) = (self.rest.as_bytes(), 2, 1);
        while depth > 0 && at < bytes.len() {
            match bytes.get(at..at + 2) {
                Some(b"*/") => {
                    depth -= 1;
                    at += 2;
                }
                Some(b"/*") if self.dialect == SqlDialect::Postgres => {
                    depth += 1;
                    at += 2;
                }
                _ => at += 1,
            }
        }
        self.take(at.min(bytes.len()));
    }

    fn quoted(&mut self, quote: u8, escapes: bool) -> &'a str {
        let bytes = self.rest.as_bytes();
        let mut at = 1;
        while at < bytes.len() {
            match bytes[at] {
                b'\\' if escapes => at += 2,
                byte if byte == quote && bytes.get(at + 1) == Some(&quote) => at += 2,
                byte if byte == quote => break,
                _ => at += 1,
            }
        }
        let end = at.min(bytes.len());
        let whole = self.take((end + 1).min(bytes.len()));
        whole.get(1..end).unwrap_or_default()
    }

    fn name(&mut self, close: u8) -> Token<'a> {
        let inner = self.quoted(close, false);
        let close = close as char;
        let doubled = format!("{close}{close}");
        if inner.contains(&doubled) {
            Token::Name(Cow::Owned(inner.replace(&doubled, &close.to_string())))
        } else {
            Token::Name(Cow::Borrowed(inner))
        }
    }

    fn dollar(&mut self) -> Token<'a> {
        let tag = self.rest[1..].find('$').map(|end| &self.rest[..end + 2]).filter(|tag| {
            tag[1..tag.len() - 1].chars().all(|letter| letter.is_alphanumeric() || letter == '_')
        });
        let Some(tag) = tag.filter(|tag| !tag[1..].starts_with(|digit: char| digit.is_ascii_digit())) else {
            self.take(1);
            return Token::Sign(b'$');
        };
        let body = &self.rest[tag.len()..];
        let end = body.find(tag).unwrap_or(body.len());
        self.rest = body.get(end + tag.len()..).unwrap_or_default();
        Token::Text(&body[..end])
    }
}
