//! Text search: parsers, templates, dictionaries and the configurations that join them.

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, FIRST_USER_OID, class, rows};
use super::draft::{Draft, Node, Rank, qualified};
use crate::Result;
use crate::postgres::sql::Ident;

/// One of the four kinds.
struct Kind {
    class: u32,
    word: &'static str,
    name: &'static str,
    rank: Rank,
}

#[derive(Deserialize)]
struct Found {
    oid: u32,
    schema: String,
    name: String,
    /// Parsers and templates have none.
    owner: Option<String>,
    /// What stands between the brackets of CREATE.
    options: String,
    /// Of a configuration: token and its dictionaries, in order.
    #[serde(default)]
    mappings: Vec<(String, String)>,
}

pub async fn collect(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    let parser = Kind {
        class: class::TEXT_SEARCH_PARSER,
        word: "PARSER",
        name: "text search parser",
        rank: Rank::TextSearch,
    };
    let sql = query("pg_ts_parser", "prs", "NULL::text", &parser_options());
    add(conn, draft, &parser, &sql).await?;
    let template = Kind {
        class: class::TEXT_SEARCH_TEMPLATE,
        word: "TEMPLATE",
        name: "text search template",
        rank: Rank::TextSearch,
    };
    let options = functions(&[("INIT", "tmplinit"), ("LEXIZE", "tmpllexize")]);
    add(conn, draft, &template, &query("pg_ts_template", "tmpl", "NULL::text", &options)).await?;
    let dictionary = Kind {
        class: class::TEXT_SEARCH_DICTIONARY,
        word: "DICTIONARY",
        name: "text search dictionary",
        rank: Rank::TextSearchDictionary,
    };
    let options = "'TEMPLATE = ' || (SELECT pg_catalog.quote_ident(m.nspname) || '.' || pg_catalog.quote_ident(t.tmplname) \
         FROM pg_catalog.pg_ts_template t JOIN pg_catalog.pg_namespace m ON m.oid = t.tmplnamespace WHERE t.oid = x.dicttemplate) \
         || COALESCE(', ' || x.dictinitoption, '')";
    let owner = "pg_catalog.pg_get_userbyid(x.dictowner)";
    add(conn, draft, &dictionary, &query("pg_ts_dict", "dict", owner, options)).await?;
    let configuration = Kind {
        class: class::TEXT_SEARCH_CONFIGURATION,
        word: "CONFIGURATION",
        name: "text search configuration",
        rank: Rank::TextSearchConfiguration,
    };
    let options = "'PARSER = ' || (SELECT pg_catalog.quote_ident(m.nspname) || '.' || pg_catalog.quote_ident(p.prsname) \
         FROM pg_catalog.pg_ts_parser p JOIN pg_catalog.pg_namespace m ON m.oid = p.prsnamespace WHERE p.oid = x.cfgparser)";
    let mappings = "COALESCE((SELECT pg_catalog.json_agg(pg_catalog.json_build_array(m.token, m.dictionaries) ORDER BY m.number) FROM ( \
         SELECT c.maptokentype AS number, (SELECT k.alias FROM pg_catalog.ts_token_type(x.cfgparser) AS k WHERE k.tokid = c.maptokentype) AS token, \
           pg_catalog.string_agg(c.mapdict::pg_catalog.regdictionary::text, ', ' ORDER BY c.mapseqno) AS dictionaries \
         FROM pg_catalog.pg_ts_config_map c WHERE c.mapcfg = x.oid GROUP BY c.maptokentype) AS m), '[]')";
    let owner = "pg_catalog.pg_get_userbyid(x.cfgowner)";
    let sql = query("pg_ts_config", "cfg", owner, options).replacen(
        " FROM pg_catalog.pg_ts_config x",
        &format!(", {mappings} AS mappings FROM pg_catalog.pg_ts_config x"),
        1,
    );
    add(conn, draft, &configuration, &sql).await
}

fn parser_options() -> String {
    functions(&[
        ("START", "prsstart"),
        ("GETTOKEN", "prstoken"),
        ("END", "prsend"),
        ("HEADLINE", "prsheadline"),
        ("LEXTYPES", "prslextype"),
    ])
}

/// `START = a, END = b`, without those that are not there.
fn functions(columns: &[(&str, &str)]) -> String {
    let parts: Vec<String> = columns
        .iter()
        .map(|(word, column)| {
            format!("'{word} = ' || NULLIF(x.{column}::pg_catalog.oid, 0)::pg_catalog.regproc::text")
        })
        .collect();
    format!("pg_catalog.concat_ws(', ', {})", parts.join(", "))
}

fn query(catalog: &str, prefix: &str, owner: &str, options: &str) -> String {
    format!(
        "SELECT x.oid::int8 AS oid, n.nspname AS schema, x.{prefix}name AS name, {owner} AS owner, {options} AS options \
         FROM pg_catalog.{catalog} x JOIN pg_catalog.pg_namespace n ON n.oid = x.{prefix}namespace \
         WHERE x.oid >= {FIRST_USER_OID} AND n.nspname !~ '^pg_temp_' ORDER BY 2, 3"
    )
}

async fn add(conn: &mut PgConnection, draft: &mut Draft, kind: &Kind, sql: &str) -> Result<()> {
    for found in rows::<Found>(conn, "Reading text search objects", sql).await? {
        if draft.is_member(kind.class, found.oid) {
            continue;
        }
        let address = Address::new(kind.class, found.oid);
        let words = format!("TEXT SEARCH {} {}", kind.word, qualified(&found.schema, &found.name));
        let mut node = Node::new(kind.name, kind.rank, Some(&found.schema), &found.name)
            .sql(format!("CREATE {words} ({})", found.options));
        for (token, dictionaries) in &found.mappings {
            node = node.sql(format!("ALTER {words} ADD MAPPING FOR {} WITH {dictionaries}", Ident(token)));
        }
        draft.add_at(address, node);
        let title = format!("{} {}.{}", kind.name, found.schema, found.name);
        draft.target(address, words, found.owner, title);
    }
    Ok(())
}
