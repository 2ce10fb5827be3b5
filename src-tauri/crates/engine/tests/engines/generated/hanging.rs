//! What hangs on tables: views, functions that read them, indexes, triggers, policies, grants and the rest.

use super::Generator;

impl Generator<'_> {
    pub(super) fn view(&mut self, schema: &str) {
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
    pub(super) fn reading_function(&mut self, schema: &str) {
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

    pub(super) fn part(&mut self, schema: &str) {
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
}
