//! Names and literals on their way into SQL text: the one place that quotes.
//!
//! Everything that is not a constant reaches a statement through one of these types; no other file puts
//! quotes around anything.

use std::fmt::{Display, Formatter, Result, Write};

use holdfast_contract::snapshot::{Column, TableName};

/// A name, always quoted: `"Order"`.
pub struct Ident<'a>(pub &'a str);

impl Display for Ident<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_char('"')?;
        for part in self.0.split_inclusive('"') {
            f.write_str(part)?;
            if part.ends_with('"') {
                f.write_char('"')?;
            }
        }
        f.write_char('"')
    }
}

/// A table with its schema: `"public"."Order"`.
pub struct Table<'a>(pub &'a TableName);

impl Display for Table<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if let Some(schema) = &self.0.schema {
            write!(f, "{}.", Ident(schema))?;
        }
        write!(f, "{}", Ident(&self.0.name))
    }
}

/// A string constant, whatever `standard_conforming_strings` says.
pub struct Literal<'a>(pub &'a str);

impl Display for Literal<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(if self.0.contains('\\') { "E'" } else { "'" })?;
        for letter in self.0.chars() {
            match letter {
                '\'' => f.write_str("''")?,
                '\\' => f.write_str("\\\\")?,
                other => f.write_char(other)?,
            }
        }
        f.write_char('\'')
    }
}

/// `"a", "b"`; empty for a table without columns of its own.
pub struct ColumnList<'a>(pub &'a [Column]);

impl Display for ColumnList<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (index, column) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{}", Ident(&column.name))?;
        }
        Ok(())
    }
}

/// Several values as a comma-separated list of literals.
pub fn literals<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    values.into_iter().map(|value| Literal(value).to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled_and_backslashes_escaped() {
        assert_eq!(Ident("a\"b").to_string(), "\"a\"\"b\"");
        assert_eq!(Ident("\"").to_string(), "\"\"\"\"");
        assert_eq!(Literal("it's").to_string(), "'it''s'");
        assert_eq!(Literal("a\\'b").to_string(), "E'a\\\\''b'");
        let table = TableName { schema: Some("s.t".into()), name: "Ü\n".into() };
        assert_eq!(Table(&table).to_string(), "\"s.t\".\"Ü\n\"");
    }
}
