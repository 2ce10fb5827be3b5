//! Rows, with values at the edge of their types.

use super::Generator;
use super::tables::Column;

impl Generator<'_> {
    pub(super) fn rows(&mut self) {
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

    pub(super) fn value(&mut self, type_name: &str) -> String {
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
