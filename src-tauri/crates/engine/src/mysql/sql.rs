//! How names and texts look in SQL. The sessions here run without `ANSI_QUOTES` and `NO_BACKSLASH_ESCAPES`.

use std::fmt::{Display, Formatter, Result, Write};

/// An identifier in backticks.
pub struct Name<'a>(pub &'a str);

impl Display for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_char('`')?;
        for c in self.0.chars() {
            if c == '`' {
                f.write_char('`')?;
            }
            f.write_char(c)?;
        }
        f.write_char('`')
    }
}

/// A table with its database.
pub struct Qualified<'a>(pub &'a str, pub &'a str);

impl Display for Qualified<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}.{}", Name(self.0), Name(self.1))
    }
}

/// A text in quotes.
pub struct Literal<'a>(pub &'a str);

impl Display for Literal<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_char('\'')?;
        for c in self.0.chars() {
            match c {
                '\'' => f.write_str("''")?,
                '\\' => f.write_str("\\\\")?,
                '\0' => f.write_str("\\0")?,
                // The end of input for some clients on Windows.
                '\u{1a}' => f.write_str("\\Z")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                _ => f.write_char(c)?,
            }
        }
        f.write_char('\'')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_quotes() {
        assert_eq!(Name("a`b").to_string(), "`a``b`");
        assert_eq!(Qualified("s", "t`").to_string(), "`s`.`t```");
        assert_eq!(Literal("a'b\\c\0").to_string(), "'a''b\\\\c\\0'");
        assert_eq!(Literal("\\'; drop").to_string(), "'\\\\''; drop'");
    }
}
