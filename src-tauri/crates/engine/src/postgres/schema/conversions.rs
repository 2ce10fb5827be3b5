//! Casts, encoding conversions and collations: how values and text become others.

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, FIRST_USER_OID, class, rows};
use super::draft::{Draft, Node, Rank, qualified};
use crate::Result;
use crate::postgres::sql::Literal;

#[derive(Deserialize)]
struct Cast {
    oid: u32,
    source: String,
    target: String,
    function: Option<String>,
    /// `f`unction, `i`nput and output, `b`inary.
    method: char,
    /// `e`xplicit, `a`ssignment, `i`mplicit.
    context: char,
}

#[derive(Deserialize)]
struct Conversion {
    oid: u32,
    schema: String,
    name: String,
    owner: String,
    source: String,
    target: String,
    function: String,
    is_default: bool,
}

#[derive(Deserialize)]
struct Collation {
    oid: u32,
    schema: String,
    name: String,
    owner: String,
    /// `c` libc, `i`cu, `b`uiltin, `d`efault.
    provider: char,
    deterministic: bool,
    collate: Option<String>,
    ctype: Option<String>,
    locale: Option<String>,
    rules: Option<String>,
}

pub async fn collect(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    casts(conn, draft).await?;
    conversions(conn, draft).await?;
    collations(conn, draft).await
}

/// Without those that come by themselves with a range type.
async fn casts(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    let sql = format!(
        "SELECT c.oid::int8 AS oid, pg_catalog.format_type(c.castsource, NULL) AS source, \
         pg_catalog.format_type(c.casttarget, NULL) AS target, \
         CASE WHEN c.castfunc <> 0 THEN c.castfunc::pg_catalog.regprocedure::text END AS function, \
         c.castmethod::text AS method, c.castcontext::text AS context \
         FROM pg_catalog.pg_cast c WHERE c.oid >= {FIRST_USER_OID} AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d \
           WHERE d.classid = {} AND d.objid = c.oid AND d.deptype = 'i') ORDER BY 2, 3",
        class::CAST
    );
    for cast in rows::<Cast>(conn, "Reading casts", &sql).await? {
        if draft.is_member(class::CAST, cast.oid) {
            continue;
        }
        let pair = format!("({} AS {})", cast.source, cast.target);
        let how = match (&cast.function, cast.method) {
            (Some(function), 'f') => format!("WITH FUNCTION {function}"),
            (_, 'i') => "WITH INOUT".to_owned(),
            _ => "WITHOUT FUNCTION".to_owned(),
        };
        let context = match cast.context {
            'a' => " AS ASSIGNMENT",
            'i' => " AS IMPLICIT",
            _ => "",
        };
        let address = Address::new(class::CAST, cast.oid);
        let node = Node::new("cast", Rank::Cast, None, &pair);
        draft.add_at(address, node.sql(format!("CREATE CAST {pair} {how}{context}")));
        draft.target(address, format!("CAST {pair}"), None, format!("cast {pair}"));
    }
    Ok(())
}

async fn conversions(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    let sql = format!(
        "SELECT c.oid::int8 AS oid, n.nspname AS schema, c.conname AS name, pg_catalog.pg_get_userbyid(c.conowner) AS owner, \
         pg_catalog.pg_encoding_to_char(c.conforencoding) AS source, pg_catalog.pg_encoding_to_char(c.contoencoding) AS target, \
         c.conproc::text AS function, c.condefault AS is_default \
         FROM pg_catalog.pg_conversion c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace \
         WHERE c.oid >= {FIRST_USER_OID} AND n.nspname !~ '^pg_temp_' ORDER BY 2, 3"
    );
    for found in rows::<Conversion>(conn, "Reading conversions", &sql).await? {
        if draft.is_member(class::CONVERSION, found.oid) {
            continue;
        }
        let words = format!("CONVERSION {}", qualified(&found.schema, &found.name));
        let sql = format!(
            "CREATE {}{words} FOR {} TO {} FROM {}",
            if found.is_default { "DEFAULT " } else { "" },
            Literal(&found.source),
            Literal(&found.target),
            found.function
        );
        let address = Address::new(class::CONVERSION, found.oid);
        let title = format!("conversion {}.{}", found.schema, found.name);
        let node = Node::new("conversion", Rank::Conversion, Some(&found.schema), &found.name);
        draft.add_at(address, node.sql(sql));
        draft.target(address, words, Some(found.owner), title);
    }
    Ok(())
}

async fn collations(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    let (locale, rules) = match draft.version {
        version if version >= 170_000 => ("c.colllocale", "c.collicurules"),
        version if version >= 160_000 => ("c.colliculocale", "c.collicurules"),
        version if version >= 150_000 => ("c.colliculocale", "NULL::text"),
        // An ICU locale stood where libc's does.
        _ => ("CASE WHEN c.collprovider = 'i' THEN c.collcollate END", "NULL::text"),
    };
    let sql = format!(
        "SELECT c.oid::int8 AS oid, n.nspname AS schema, c.collname AS name, pg_catalog.pg_get_userbyid(c.collowner) AS owner, \
         c.collprovider::text AS provider, c.collisdeterministic AS deterministic, c.collcollate AS collate, c.collctype AS ctype, \
         {locale} AS locale, {rules} AS rules \
         FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace \
         WHERE c.oid >= {FIRST_USER_OID} AND n.nspname !~ '^pg_temp_' ORDER BY 2, 3, c.collencoding"
    );
    for found in rows::<Collation>(conn, "Reading collations", &sql).await? {
        if draft.is_member(class::COLLATION, found.oid) {
            continue;
        }
        let address = Address::new(class::COLLATION, found.oid);
        let name = qualified(&found.schema, &found.name);
        let node = Node::new("collation", Rank::Collation, Some(&found.schema), &found.name);
        // Imported from the system into the server's own schema: another server may have it already.
        let system = found.schema == "pg_catalog";
        let there = if system { "IF NOT EXISTS " } else { "" };
        draft.add_at(address, node.sql(format!("CREATE COLLATION {there}{name} ({})", found.options())));
        let title = format!("collation {}.{}", found.schema, found.name);
        draft.target(address, format!("COLLATION {name}"), Some(found.owner).filter(|_| !system), title);
    }
    Ok(())
}

impl Collation {
    fn options(&self) -> String {
        let provider = match self.provider {
            'i' => "icu",
            'b' => "builtin",
            'd' => "default",
            _ => "libc",
        };
        let mut options = vec![format!("provider = {provider}")];
        if !self.deterministic {
            options.push("deterministic = false".to_owned());
        }
        let mut option = |word: &str, value: &Option<String>| {
            options.extend(value.as_ref().map(|value| format!("{word} = {}", Literal(value))));
        };
        if self.provider == 'c' && self.collate != self.ctype {
            option("lc_collate", &self.collate);
            option("lc_ctype", &self.ctype);
        } else if self.provider == 'c' {
            option("locale", &self.collate);
        } else {
            option("locale", &self.locale);
            option("rules", &self.rules);
        }
        options.join(", ")
    }
}
