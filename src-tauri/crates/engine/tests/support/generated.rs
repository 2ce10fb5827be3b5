//! Random schemas: odd names, every family of types, and dependencies between whatever came before.
//!
//! Statements are independent of each other's success: one that the server refuses is passed over, and the test counts
//! how many were taken. One seed always yields the same statements.
#![allow(clippy::unwrap_used)]

/// SplitMix64: small, and the same on every machine.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }
    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

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

#[derive(Clone)]
struct Column {
    name: String,
    type_name: String,
    /// May be left to the server.
    own: bool,
}

#[derive(Clone)]
struct Table {
    /// Qualified and quoted.
    name: String,
    columns: Vec<Column>,
    partitioned: bool,
    key: Option<String>,
    /// Others inherit from it: a column added now would come earlier in a copy's heirs, as the reference tool has it.
    has_heirs: bool,
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

    fn data_type(&mut self, schema: &str) {
        let name = self.in_schema(schema);
        let base = self.dice.pick(&self.types).clone();
        let sql = match self.dice.below(5) {
            0 => {
                let labels: Vec<String> = (0..self.dice.below(5))
                    .map(|_| {
                        let bare = self.bare();
                        literal(&bare)
                    })
                    .collect();
                format!("CREATE TYPE {name} AS ENUM ({})", labels.join(", "))
            }
            1 => {
                let default = if self.dice.one_in(2) { " DEFAULT NULL" } else { "" };
                let constraint = self.name();
                format!(
                    "CREATE DOMAIN {name} AS {base}{default} CONSTRAINT {constraint} CHECK (VALUE IS NULL OR VALUE IS NOT NULL)"
                )
            }
            2 => {
                let (a, b) = (self.name(), self.name());
                let other = self.dice.pick(&self.types).clone();
                format!("CREATE TYPE {name} AS ({a} {base}, {b} {other})")
            }
            3 => format!(
                "CREATE TYPE {name} AS RANGE (SUBTYPE = {})",
                self.dice.pick(&["bigint", "text", "date", "numeric", "uuid"])
            ),
            _ => format!("CREATE DOMAIN {name} AS {base}[]"),
        };
        self.say(sql);
        self.types.push(name.clone());
        let array = format!("{name}[]");
        if self.dice.one_in(2) {
            self.types.push(array);
        }
        if self.dice.one_in(3) {
            let text = self.text();
            self.say(format!("COMMENT ON TYPE {name} IS {text}"));
        }
        if self.dice.one_in(4) {
            let role = self.role();
            self.say(format!("REVOKE USAGE ON TYPE {name} FROM PUBLIC"));
            self.say(format!("GRANT USAGE ON TYPE {name} TO {role}"));
        }
    }

    fn function(&mut self, schema: &str) {
        let name = self.in_schema(schema);
        let body = self.text();
        match self.dice.below(3) {
            0 => {
                self.say(format!("CREATE FUNCTION {name}(a integer DEFAULT 7) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT a + 1'"));
                self.functions.push(name.clone());
            }
            1 => {
                let argument = self.dice.pick(&self.types).clone();
                self.say(format!("CREATE FUNCTION {name}(x {argument}, VARIADIC rest text[]) RETURNS SETOF {argument} LANGUAGE plpgsql SECURITY DEFINER SET work_mem = '5MB' AS $body$ BEGIN /* {} */ RETURN; END $body$", body.replace("*/", "").replace("/*", "").replace("$body$", "")));
            }
            _ => {
                self.say(format!(
                    "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
                ));
                self.triggers.push(name.clone());
            }
        }
        if self.dice.one_in(3) {
            self.say(format!("COMMENT ON ROUTINE {name} IS {body}"));
        }
        if self.dice.one_in(4) {
            let role = self.role();
            self.say(format!("ALTER ROUTINE {name} OWNER TO {role}"));
        }
    }

    fn columns(&mut self) -> (Vec<Column>, Vec<String>) {
        let (mut columns, mut lines) = (Vec::new(), Vec::new());
        for _ in 0..1 + self.dice.below(6) {
            let name = self.name();
            let type_name = self.dice.pick(&self.types).clone();
            let mut line = format!("{name} {type_name}");
            let mut own = false;
            if matches!(type_name.as_str(), "integer" | "bigint") {
                match self.dice.below(6) {
                    0 => {
                        line += " GENERATED ALWAYS AS IDENTITY (START WITH 50 INCREMENT BY 5)";
                        own = true;
                    }
                    1 => {
                        line += " GENERATED BY DEFAULT AS IDENTITY";
                        own = true;
                    }
                    2 => {
                        if let Some(function) = self.functions.last() {
                            line += &format!(" DEFAULT {function}(3)");
                            own = true;
                        }
                    }
                    3 => {
                        line += " DEFAULT -42";
                        own = true;
                    }
                    _ => {}
                }
            } else if type_name == "text" {
                if self.dice.one_in(3) {
                    line += " COLLATE \"C\"";
                }
                if self.dice.one_in(2) {
                    let text = self.text();
                    line += &format!(" DEFAULT {text}");
                    own = true;
                }
                if self.dice.one_in(7) {
                    line += " NOT NULL";
                }
            } else if self.dice.one_in(8) {
                line += " DEFAULT NULL";
            }
            lines.push(line);
            columns.push(Column { name, type_name, own });
        }
        let sources: Vec<String> = columns
            .iter()
            .filter(|column| column.type_name == "text")
            .map(|column| column.name.clone())
            .collect();
        if let (Some(source), true) = (sources.first(), self.dice.one_in(2)) {
            let name = self.name();
            lines.push(format!("{name} text GENERATED ALWAYS AS (upper({source}) || 'x') STORED"));
            columns.push(Column { name, type_name: "text".into(), own: true });
        }
        (columns, lines)
    }

    fn table(&mut self, schema: &str) {
        let name = self.in_schema(schema);
        let (columns, mut lines) = self.columns();
        let mut key = None;
        if self.dice.one_in(2) {
            let id = self.name();
            lines.push(format!("{id} integer PRIMARY KEY"));
            key = Some(id);
        }
        if let (Some(column), true) =
            (columns.iter().find(|column| column.type_name == "integer"), self.dice.one_in(2))
        {
            let (constraint, column) = (self.name(), column.name.clone());
            let test = match self.functions.last() {
                Some(function) if self.dice.one_in(3) => format!("{function}({column}) > -100000"),
                _ => format!("{column} > -100000"),
            };
            lines.push(format!("CONSTRAINT {constraint} CHECK ({test})"));
        }
        let sort = if self.dice.one_in(6) { "UNLOGGED " } else { "" };
        let options =
            if self.dice.one_in(5) { " WITH (fillfactor = 77, autovacuum_enabled = false)" } else { "" };
        self.say(format!("CREATE {sort}TABLE {name} ({}){options}", lines.join(", ")));
        self.tables.push(Table { name, columns, partitioned: false, key, has_heirs: false });
    }

    fn heir(&mut self, schema: &str) {
        let parents: Vec<Table> = self.tables.iter().filter(|table| !table.partitioned).cloned().collect();
        if parents.is_empty() {
            return self.table(schema);
        }
        let parent = self.dice.pick(&parents).clone();
        self.tables
            .iter_mut()
            .filter(|table| table.name == parent.name)
            .for_each(|table| table.has_heirs = true);
        let name = self.in_schema(schema);
        let own = self.name();
        self.say(format!("CREATE TABLE {name} ({own} text) INHERITS ({})", parent.name));
        if let (Some(column), true) = (parent.columns.first(), self.dice.one_in(2)) {
            let column = column.name.clone();
            self.say(format!("ALTER TABLE {name} ALTER COLUMN {column} SET NOT NULL"));
        }
        let mut columns = parent.columns.clone();
        columns.push(Column { name: own, type_name: "text".into(), own: false });
        self.tables.push(Table { name, columns, partitioned: false, key: None, has_heirs: false });
    }

    fn partitioned(&mut self, schema: &str) {
        let name = self.in_schema(schema);
        let (columns, mut lines) = self.columns();
        let at = self.name();
        lines.push(format!("{at} integer NOT NULL"));
        let how = *self.dice.pick(&["LIST", "RANGE", "HASH"]);
        self.say(format!("CREATE TABLE {name} ({}) PARTITION BY {how} ({at})", lines.join(", ")));
        let bounds: &[&str] = match how {
            "LIST" => &["IN (1, 2)", "IN (3, NULL)", "DEFAULT"],
            "RANGE" => &["FROM (MINVALUE) TO (2)", "FROM (2) TO (50)", "DEFAULT"],
            _ => &["WITH (MODULUS 2, REMAINDER 0)", "WITH (MODULUS 2, REMAINDER 1)"],
        };
        for bound in bounds {
            let part = self.in_schema(schema);
            let bound = if *bound == "DEFAULT" { (*bound).to_owned() } else { format!("FOR VALUES {bound}") };
            if self.dice.one_in(4) {
                self.say(format!("CREATE TABLE {part} PARTITION OF {name} {bound} PARTITION BY HASH ({at})"));
                let below = self.in_schema(schema);
                self.say(format!(
                    "CREATE TABLE {below} PARTITION OF {part} FOR VALUES WITH (MODULUS 1, REMAINDER 0)"
                ));
            } else {
                self.say(format!("CREATE TABLE {part} PARTITION OF {name} {bound}"));
            }
        }
        if self.dice.one_in(2) {
            self.say(format!("ALTER TABLE {name} ADD PRIMARY KEY ({at})"));
        }
        let mut all = columns;
        all.push(Column { name: at.clone(), type_name: "integer".into(), own: false });
        self.tables.push(Table { name, columns: all, partitioned: true, key: None, has_heirs: false });
    }

    fn foreign_key(&mut self) {
        let keyed: Vec<Table> =
            self.tables.iter().filter(|table| table.key.is_some() && !table.has_heirs).cloned().collect();
        if keyed.is_empty() {
            return;
        }
        // Both ways, and to itself: circles come by themselves.
        let (from, to) = (self.dice.pick(&keyed).clone(), self.dice.pick(&keyed).clone());
        let (constraint, column) = (self.name(), self.name());
        let how = *self.dice.pick(&[
            "",
            " DEFERRABLE INITIALLY DEFERRED",
            " ON DELETE CASCADE",
            " NOT VALID",
            " ON UPDATE SET NULL",
        ]);
        self.say(format!("ALTER TABLE {} ADD COLUMN {column} integer", from.name));
        self.say(format!(
            "ALTER TABLE {} ADD CONSTRAINT {constraint} FOREIGN KEY ({column}) REFERENCES {}{how}",
            from.name, to.name
        ));
    }

    fn view(&mut self, schema: &str) {
        if self.tables.is_empty() {
            return;
        }
        let name = self.in_schema(schema);
        let table = self.dice.pick(&self.tables).clone();
        let sql = match self.dice.below(5) {
            0 if !self.views.is_empty() => format!(
                "CREATE VIEW {name} AS SELECT v.*, 1 AS \"more columns\" FROM {} v",
                self.dice.pick(&self.views)
            ),
            1 => format!(
                "CREATE MATERIALIZED VIEW {name} AS SELECT * FROM {}{}",
                table.name,
                self.dice.pick(&["", " WITH NO DATA"])
            ),
            2 if table.key.is_some() => format!(
                "CREATE VIEW {name} AS SELECT t.*, count(*) AS \"how many\" FROM {} t GROUP BY {}",
                table.name,
                table.key.clone().unwrap()
            ),
            3 => {
                let text = self.text();
                format!(
                    "CREATE VIEW {name} WITH (security_barrier) AS SELECT t AS whole_row, {text} AS \"constant\" FROM {} t",
                    table.name
                )
            }
            _ => format!("CREATE VIEW {name} AS SELECT * FROM {} WHERE true", table.name),
        };
        self.say(sql);
        self.views.push(name.clone());
        if self.dice.one_in(3) {
            let (text, role) = (self.text(), self.role());
            self.say(format!("COMMENT ON VIEW {name} IS {text}"));
            self.say(format!("GRANT SELECT ON {name} TO {role} WITH GRANT OPTION"));
        }
    }

    /// A function that needs a table or a view, and something that needs the function.
    fn reading_function(&mut self, schema: &str) {
        let Some(table) = self.tables.iter().rfind(|table| !table.has_heirs).cloned() else { return };
        let name = self.in_schema(schema);
        let source = if self.views.is_empty() || self.dice.one_in(2) {
            table.name.clone()
        } else {
            self.dice.pick(&self.views).clone()
        };
        let body = if self.version >= 14 && self.dice.one_in(2) {
            format!("BEGIN ATOMIC SELECT count(*)::integer + a FROM {source}; END")
        } else {
            format!("AS $reads$ SELECT count(*)::integer + a FROM {source} $reads$")
        };
        self.say(format!("CREATE FUNCTION {name}(a integer) RETURNS integer LANGUAGE sql STABLE {body}"));
        let column = self.name();
        self.say(format!("ALTER TABLE {} ADD COLUMN {column} integer", table.name));
        self.say(format!("ALTER TABLE {} ALTER COLUMN {column} SET DEFAULT {name}(1)", table.name));
        let view = self.in_schema(schema);
        self.say(format!("CREATE VIEW {view} AS SELECT {name}(2) AS n"));
        self.views.push(view);
    }

    fn part(&mut self, schema: &str) {
        let Some(table) = (!self.tables.is_empty()).then(|| self.dice.pick(&self.tables).clone()) else {
            return;
        };
        let (name, text, role) = (self.name(), self.text(), self.role());
        let column = self.dice.pick(&table.columns).clone();
        let on = &table.name;
        let sql = match self.dice.below(14) {
            0 => format!("CREATE INDEX {name} ON {on} ({})", column.name),
            1 => format!(
                "CREATE INDEX {name} ON {on} ((({})::text)) WHERE {} IS NOT NULL",
                column.name, column.name
            ),
            2 => format!(
                "CREATE UNIQUE INDEX {name} ON {on} ({}) INCLUDE ({})",
                table.key.clone().unwrap_or_else(|| column.name.clone()),
                column.name
            ),
            3 => match self.triggers.last() {
                Some(function) => format!(
                    "CREATE TRIGGER {name} BEFORE UPDATE OF {} ON {on} FOR EACH ROW EXECUTE FUNCTION {function}({text})",
                    column.name
                ),
                None => format!("COMMENT ON TABLE {on} IS {text}"),
            },
            4 => format!(
                "CREATE POLICY {name} ON {on} FOR SELECT TO {role} USING ({} IS NOT NULL)",
                column.name
            ),
            5 => format!("ALTER TABLE {on} ENABLE ROW LEVEL SECURITY"),
            6 => format!("COMMENT ON COLUMN {on}.{} IS {text}", column.name),
            7 => format!("GRANT SELECT ({}), INSERT ON {on} TO {role}", column.name),
            8 => format!("ALTER TABLE {on} OWNER TO {role}"),
            9 => format!(
                "CREATE STATISTICS {schema}.{name} ON {}, {} FROM {on}",
                column.name,
                self.dice.pick(&table.columns).name
            ),
            10 => format!("CREATE SEQUENCE {schema}.{name} INCREMENT 3 OWNED BY {on}.{}", column.name),
            11 => format!(
                "ALTER DEFAULT PRIVILEGES FOR ROLE {role} IN SCHEMA {schema} GRANT SELECT ON TABLES TO PUBLIC"
            ),
            12 => format!("CREATE RULE {name} AS ON DELETE TO {on} DO ALSO NOTIFY {name}"),
            _ => format!("ALTER TABLE {on} ALTER COLUMN {} SET STATISTICS 13", column.name),
        };
        self.say(sql);
    }

    fn rows(&mut self) {
        // The newest: older ones got theirs with their own schema.
        for index in self.tables.len().saturating_sub(5)..self.tables.len() {
            if self.dice.one_in(3) {
                continue;
            }
            let table = self.tables[index].clone();
            self.say(format!("INSERT INTO {} DEFAULT VALUES", table.name));
            let free: Vec<&Column> = table.columns.iter().filter(|column| !column.own).collect();
            let values: Vec<String> = free.iter().map(|column| self.value(&column.type_name)).collect();
            let mut names: Vec<String> = free.iter().map(|column| column.name.clone()).collect();
            let mut values = values;
            if let Some(key) = &table.key {
                names.push(key.clone());
                values.push(self.dice.below(1000).to_string());
            }
            if !names.is_empty() {
                self.say(format!(
                    "INSERT INTO {} ({}) VALUES ({})",
                    table.name,
                    names.join(", "),
                    values.join(", ")
                ));
            }
        }
    }

    fn value(&mut self, type_name: &str) -> String {
        if self.dice.one_in(8) {
            return "NULL".into();
        }
        match type_name {
            "integer" | "bigint" | "smallint" => self.dice.below(60).to_string(),
            "numeric" => "'NaN'".into(),
            "numeric(10,2)" | "money" => "'-1234.50'".into(),
            "double precision" => (*self.dice.pick(&["'-0'", "'Infinity'", "'NaN'", "1e-300", "0.1"])).into(),
            "text" => self.text(),
            "varchar(20)" => "E'a\\tb\\\\N'".into(),
            "char(3)" => "'x'".into(),
            "boolean" => "true".into(),
            "date" => (*self.dice.pick(&["'0044-03-15 BC'", "'infinity'", "'5874897-12-31'"])).into(),
            "uuid" => "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'".into(),
            "interval" => "'-1 year 2 days -3:04:05.678'".into(),
            "jsonb" => "'{\"a\": [1, null, \"\\u00e9\"]}'".into(),
            "bytea" => "'\\x00ff5c0a'".into(),
            "text[]" => "ARRAY['a,b', NULL, '{', '\"', E'\\\\']".into(),
            "integer[][]" => "'[0:1][2:3]={{1,2},{3,NULL}}'".into(),
            "int4range" => "'[1,5)'".into(),
            "inet" => "'2001:db8::1/64'".into(),
            "bit(5)" => "B'10101'".into(),
            "tsvector" => "to_tsvector('simple', 'the quick fox')".into(),
            "point" => "'(1,-0)'".into(),
            "time" => "'24:00'".into(),
            other if other.starts_with("timestamp") => "'-infinity'".into(),
            other if other.ends_with("[]") => "'{}'".into(),
            _ => "NULL".into(),
        }
    }
}
