//! Types and routines.

use super::{Generator, literal};

impl Generator<'_> {
    pub(super) fn data_type(&mut self, schema: &str) {
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

    pub(super) fn function(&mut self, schema: &str) {
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
}
