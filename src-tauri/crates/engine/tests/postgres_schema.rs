//! The captured schema makes the same database again: the reference tool says the same of source and copy.
#![allow(clippy::unwrap_used)]

#[path = "support/postgres.rs"]
mod server;

use std::collections::BTreeSet;

use holdfast_contract::snapshot::{BackupKind, Phase, Scope};
use holdfast_engine::postgres::schema::{Captured, capture, for_database, roles_needed};
use server::Server;
use sqlx::{AssertSqlSafe, PgConnection};
use tokio::sync::OnceCell;

const EVERYTHING: &str = include_str!("fixtures/everything.sql");
const PINNED: &str = "SET search_path = ''; SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET extra_float_digits = 3; \
     SET row_security = off; SET quote_all_identifiers = off; SET standard_conforming_strings = on; SET check_function_bodies = off";

async fn run(conn: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(conn)
        .await
        .unwrap_or_else(|error| panic!("{error}\nin: {sql}"));
}

/// The shared server with its roles.
async fn cluster() -> &'static Server {
    static ROLES: OnceCell<()> = OnceCell::const_new();
    let server = Server::shared();
    let roles = r#"CREATE ROLE app; CREATE ROLE reader; CREATE ROLE auditor; CREATE ROLE "group"; CREATE ROLE "Ünï ""role""";"#;
    ROLES.get_or_init(|| server.run("postgres", roles)).await;
    server
}

async fn captured(server: &Server, database: &str, scope: &Scope) -> Captured {
    let mut conn = server.connect(database).await;
    run(&mut conn, PINNED).await;
    capture(&mut conn, scope).await.unwrap()
}

async fn load(server: &Server, database: &str, captured: &Captured) {
    server.create_database(database).await;
    let mut conn = server.connect(database).await;
    run(&mut conn, PINNED).await;
    let quoted = format!("\"{}\"", database.replace('"', "\"\""));
    for object in &captured.objects {
        for sql in for_database(object, &quoted) {
            run(&mut conn, &sql).await;
        }
    }
}

/// Without what names the database or is random.
fn dump(server: &Server, database: &str, arguments: &[&str]) -> Vec<String> {
    let text = server.pg_dump(database, arguments);
    text.lines()
        .filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"))
        .map(str::to_owned)
        .collect()
}

fn assert_same(source: &[String], copy: &[String]) {
    if let Some(at) = (0..source.len().max(copy.len())).find(|at| source.get(*at) != copy.get(*at)) {
        let show = |lines: &[String]| {
            lines[at.saturating_sub(8).min(lines.len())..(at + 12).min(lines.len())].join("\n")
        };
        panic!("line {at} differs\n--- source\n{}\n--- copy\n{}", show(source), show(copy));
    }
}

#[tokio::test]
async fn the_reference_tool_says_the_same_of_source_and_copy() {
    let server = cluster().await;
    server.create_database("everything").await;
    server.run("everything", EVERYTHING).await;
    server
        .run(
            "everything",
            r#"COMMENT ON DATABASE everything IS 'it''s :database: \ "everything"';
            ALTER DATABASE everything SET search_path = shop, "Odd ""Schéma"" 🦀", "$user";
            ALTER DATABASE everything SET "my.setting" = 'a, "b"'; ALTER ROLE app IN DATABASE everything SET work_mem = '9MB';
            GRANT CONNECT ON DATABASE everything TO reader WITH GRANT OPTION; REVOKE TEMPORARY ON DATABASE everything FROM PUBLIC;
            ALTER DATABASE everything OWNER TO app; ALTER DATABASE everything CONNECTION LIMIT 17"#,
        )
        .await;
    let captured = captured(server, "everything", &Scope::default()).await;
    let surprises: Vec<_> = captured
        .omissions
        .iter()
        .map(|omission| format!("{} {}: {}", omission.kind, omission.name, omission.reason))
        .collect();
    assert!(surprises.is_empty(), "{surprises:#?}");
    load(server, "copy of \"everything\"", &captured).await;
    let source = dump(server, "everything", &["--schema-only"]);
    assert_same(&source, &dump(server, "copy of \"everything\"", &["--schema-only"]));
    // Sequences, large objects, the database itself.
    let whole = |database: &str| {
        let lines = dump(server, database, &["--create", "--exclude-table-data=*"]);
        lines
            .into_iter()
            .map(|line| {
                line.replace("\"copy of \"\"everything\"\"\"", "everything")
                    .replace("copy of \"everything\"", "everything")
            })
            .collect::<Vec<_>>()
    };
    assert_same(&whole("everything"), &whole("copy of \"everything\""));
    let roles: BTreeSet<String> =
        ["app", "reader", "auditor", "group", "Ünï \"role\"", "postgres"].map(str::to_owned).into();
    assert_eq!(roles_needed(&captured.objects), roles);
    let after = captured.objects.iter().position(|object| object.phase == Phase::After).unwrap();
    assert!(
        captured.objects[after..].iter().all(|object| object.phase == Phase::After),
        "phases are not mixed"
    );
    assert_eq!(captured.large_objects, [4000001, 4000002, 4000003]);
}
