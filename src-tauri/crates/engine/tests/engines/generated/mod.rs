//! Random schemas: odd names, every family of types, and dependencies between whatever came before.
//!
//! Statements are independent of each other's success: one that the server refuses is passed over, and the test counts
//! how many were taken. One seed always yields the same statements.
#![allow(clippy::unwrap_used)]

mod defined;
mod dice;
mod hanging;
mod rows;
mod tables;

pub use dice::Dice;
use tables::Table;

const ODD: &[&str] = &[
    "plain",
    "Order",
    "order",
    "select",
    "table",
    "user",
    "with space",
    "quo\"te",
    "it's",
    "back\\slash",
    "new\nline",
    "tab\there",
    "🦀",
    "ünï",
    "per%cent",
    "semi;colon",
    "-- comment",
    "/* open",
    "$$",
    "$1",
    "1digit",
    "a.b",
    "Ω≈ç",
    "%s",
    "NULL",
    "end",
    "naïve \"q\" 'a'",
    "\\N",
    "{brace}",
    "a,b",
    "名前",
    ":database:",
    "DATABASE :database:",
];

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// Schemas of one database, which may use each other's objects.
pub struct Generator<'a> {
    dice: &'a mut Dice,
    version: u32,
    count: usize,
    types: Vec<String>,
    tables: Vec<Table>,
    views: Vec<String>,
    /// Of one integer argument, returning an integer.
    functions: Vec<String>,
    triggers: Vec<String>,
    out: Vec<String>,
}

const BUILT_IN: &[&str] = &[
    "integer",
    "bigint",
    "smallint",
    "text",
    "varchar(20)",
    "char(3)",
    "numeric(10,2)",
    "numeric",
    "boolean",
    "date",
    "uuid",
    "timestamp(3) with time zone",
    "interval",
    "jsonb",
    "bytea",
    "inet",
    "int4range",
    "double precision",
    "text[]",
    "integer[][]",
    "bit(5)",
    "tsvector",
    "point",
    "time",
    "money",
];
pub const ROLES: &[&str] = &["plain_role", "Odd \"Role\" 🦀", "select"];

impl<'a> Generator<'a> {
    pub fn new(dice: &'a mut Dice, version: u32) -> Self {
        let types = BUILT_IN.iter().map(|&name| name.to_owned()).collect();
        let (tables, views, functions, triggers, out) = Default::default();
        Self { dice, version, count: 0, types, tables, views, functions, triggers, out }
    }

    /// The statements of one more schema.
    pub fn schema(&mut self) -> Vec<String> {
        let schema = self.name();
        let owner =
            if self.dice.one_in(3) { format!(" AUTHORIZATION {}", self.role()) } else { String::new() };
        self.say(format!("CREATE SCHEMA {schema}{owner}"));
        for _ in 0..1 + self.dice.below(3) {
            self.data_type(&schema);
        }
        for _ in 0..1 + self.dice.below(2) {
            self.function(&schema);
        }
        for _ in 0..2 + self.dice.below(3) {
            match self.dice.below(6) {
                0 => self.partitioned(&schema),
                1 => self.heir(&schema),
                _ => self.table(&schema),
            }
        }
        for _ in 0..self.dice.below(4) {
            self.foreign_key();
        }
        for _ in 0..1 + self.dice.below(3) {
            self.view(&schema);
        }
        if self.dice.one_in(2) {
            self.reading_function(&schema);
        }
        for _ in 0..2 + self.dice.below(5) {
            self.part(&schema);
        }
        for _ in 0..2 {
            self.rows();
        }
        std::mem::take(&mut self.out)
    }

    fn say(&mut self, sql: String) {
        self.out.push(sql);
    }

    /// A name of its own, often odd, sometimes at the edge of 63 bytes.
    fn bare(&mut self) -> String {
        self.count += 1;
        let word = *self.dice.pick(ODD);
        let mut name = format!("{word}{}", self.count);
        if self.dice.one_in(12) {
            name += &"x".repeat(63usize.saturating_sub(name.len()));
        } else if self.dice.one_in(6) {
            name = if self.count.is_multiple_of(2) { name.to_uppercase() } else { name.to_lowercase() };
        }
        while name.len() > 63 {
            name.pop();
        }
        name
    }
    fn name(&mut self) -> String {
        let bare = self.bare();
        quoted(&bare)
    }
    fn in_schema(&mut self, schema: &str) -> String {
        let name = self.name();
        format!("{schema}.{name}")
    }
    fn text(&mut self) -> String {
        let (one, two) = (*self.dice.pick(ODD), *self.dice.pick(ODD));
        literal(&format!("{one} {two}"))
    }
    fn role(&mut self) -> String {
        let role: &str = self.dice.pick::<&str>(ROLES);
        quoted(role)
    }
}
