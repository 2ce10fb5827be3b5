//! The captured schema makes the same database again: the reference tool says the same of source and copy.
#![allow(clippy::unwrap_used)]

use holdfast_testkit::postgres as server;
use std::collections::BTreeSet;

use holdfast_contract::snapshot::{BackupKind, Phase, Scope};
use holdfast_engine::postgres::schema::{Captured, capture, for_database, roles_needed};
use server::Server;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection};
use tokio::sync::OnceCell;

const EVERYTHING: &str = holdfast_testkit::fixtures::EVERYTHING_AND_KINDS;
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
    let noise = ["\\restrict", "\\unrestrict", "\\connect", "\\encoding"];
    text.lines().filter(|line| !noise.iter().any(|word| line.starts_with(word))).map(str::to_owned).collect()
}

fn assert_same(source: &[String], copy: &[String]) {
    if let Some(at) = (0..source.len().max(copy.len())).find(|at| source.get(*at) != copy.get(*at)) {
        let show = |lines: &[String]| {
            lines[at.saturating_sub(8).min(lines.len())..(at + 12).min(lines.len())].join("\n")
        };
        panic!("line {at} differs\n--- source\n{}\n--- copy\n{}", show(source), show(copy));
    }
}

/// What version 18 brought.
const SINCE_18: &str = holdfast_testkit::fixtures::SINCE_18;

#[tokio::test]
async fn the_reference_tool_says_the_same_of_source_and_copy() {
    let server = cluster().await;
    server.create_database("everything").await;
    let version = server.connect("everything").await.server_version_num().unwrap() / 10_000;
    let suits = |line: &&str| {
        line.rsplit_once("-- since ")
            .and_then(|(_, since)| since.parse().ok())
            .is_none_or(|since: u32| version >= since)
    };
    server.run("everything", &EVERYTHING.lines().filter(suits).collect::<Vec<_>>().join("\n")).await;
    if version >= 18 {
        server.run("everything", SINCE_18).await;
    }
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
        let lines = dump(server, database, &["--create", "--exclude-table-data=*.*"]);
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

/// As an extension's script would: a table with parts of its own, in one transaction.
const TABLE_OF_EXTENSION: &str = r#"
    CREATE EXTENSION pg_trgm SCHEMA public; CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    BEGIN; CREATE TABLE public."ext ""table" (id int PRIMARY KEY, v text CHECK (v <> ''), n int); CREATE INDEX its_own ON public."ext ""table" (v);
    CREATE TRIGGER its_own BEFORE INSERT ON public."ext ""table" FOR EACH ROW EXECUTE FUNCTION public.touch();
    ALTER EXTENSION pg_trgm ADD TABLE public."ext ""table"; COMMIT"#;
const BY_USERS: &str = r#"
    CREATE UNIQUE INDEX "by $holdfast$ user" ON public."ext ""table" (lower(v)) WHERE n > 0;
    CREATE TRIGGER by_user AFTER UPDATE ON public."ext ""table" FOR EACH ROW EXECUTE FUNCTION public.touch();
    ALTER TABLE public."ext ""table" DISABLE TRIGGER by_user;
    CREATE RULE by_user AS ON DELETE TO public."ext ""table" DO ALSO NOTHING;
    ALTER TABLE public."ext ""table" ENABLE ROW LEVEL SECURITY;
    CREATE POLICY "CREATE POLICY ""x""" ON public."ext ""table" FOR SELECT TO reader, "Ünï ""role""" USING (v <> 'CREATE POLICY');
    CREATE STATISTICS public.by_user ON v, n FROM public."ext ""table";
    ALTER TABLE public."ext ""table" ADD CONSTRAINT checked CHECK (n < 10) NOT VALID, ADD CONSTRAINT unlike UNIQUE (n);
    CREATE TABLE public.refers (n int REFERENCES public."ext ""table"); ALTER TABLE public."ext ""table" ADD FOREIGN KEY (n) REFERENCES public."ext ""table" (n);
    COMMENT ON INDEX public."by $holdfast$ user" IS 'hers'; COMMENT ON POLICY "CREATE POLICY ""x""" ON public."ext ""table" IS 'his'"#;

#[tokio::test]
async fn what_users_put_on_a_table_of_an_extension_comes_along() {
    let server = cluster().await;
    server.create_database("guests").await;
    server.run("guests", TABLE_OF_EXTENSION).await;
    server.run("guests", BY_USERS).await;
    let captured = captured(server, "guests", &Scope::default()).await;
    assert!(captured.omissions.is_empty(), "{:?}", captured.omissions);
    let found: BTreeSet<(&str, &str)> = captured
        .objects
        .iter()
        .filter(|object| object.table.as_ref().is_some_and(|table| table.name.starts_with("ext")))
        .map(|object| (object.kind.as_str(), object.name.as_str()))
        .collect();
    let wanted = [
        ("check constraint", "checked"),
        ("extended statistics", "by_user"),
        ("foreign key", "ext \"table_n_fkey"),
        ("index", "by $holdfast$ user"),
        ("policy", "CREATE POLICY \"x\""),
        ("row security", "ext \"table"),
        ("rule", "by_user"),
        ("trigger", "by_user"),
        ("unique constraint", "unlike"),
    ];
    assert_eq!(found, BTreeSet::from(wanted), "and nothing that the extension made");
    let roles = ["Ünï \"role\"", "postgres", "reader"].map(str::to_owned);
    assert_eq!(roles_needed(&captured.objects), roles.into());

    server.create_database("guests copy").await;
    server.run("guests copy", TABLE_OF_EXTENSION).await;
    let mut conn = server.connect("guests copy").await;
    run(&mut conn, PINNED).await;
    let parts = captured.objects.iter().filter(|object| object.sql[0].starts_with("DO "));
    let made = captured.objects.iter().filter(|object| object.name != "touch()");
    // The parts twice: one that is there already is no error.
    for object in made.chain(parts) {
        for sql in for_database(object, "\"guests copy\"") {
            run(&mut conn, &sql).await;
        }
    }
    let described = |database: &str| {
        let mut psql = server.program("psql");
        let output = psql.args(["-X", "-d", database, "-c", r#"\d+ public."ext ""table""#]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(described("guests").contains("by $holdfast$ user"));
    assert_eq!(described("guests copy"), described("guests"));
    assert_same(&dump(server, "guests", &[]), &dump(server, "guests copy", &[]));
}

/// What no statement can make again, and what needs it.
const FOREIGN: &str = r#"
    CREATE TABLE kept (a int PRIMARY KEY); CREATE INDEX broken ON kept (a); ALTER TABLE kept CLUSTER ON broken;
    UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass; COMMENT ON INDEX broken IS 'goes with it';
    CREATE TABLE child (a int REFERENCES kept); ALTER TABLE child DISABLE TRIGGER ALL;
    CREATE TEMPORARY TABLE gone (a int DEFAULT 1 CHECK (a > 0)); CREATE TEMPORARY VIEW gone_too AS SELECT 1;
"#;

#[tokio::test]
async fn what_is_not_captured_is_named_with_all_that_needs_it() {
    let server = cluster().await;
    server.create_database("foreign").await;
    // Temporary objects must be there while the catalogs are read.
    let mut session = server.connect("foreign").await;
    run(&mut session, FOREIGN).await;
    let captured = captured(server, "foreign", &Scope::default()).await;
    let mut named: Vec<String> =
        captured.omissions.iter().map(|omission| format!("{} {}", omission.kind, omission.name)).collect();
    named.sort();
    named.iter_mut().for_each(|name| name.truncate(name.find("_ConstraintTrigger").unwrap_or(name.len())));
    let wanted = [
        "cluster mark broken on public.kept",
        "index broken on public.kept",
        "trigger state RI",
        "trigger state RI",
    ];
    assert_eq!(named, wanted, "{:#?}", captured.omissions);
    assert!(captured.omissions.iter().all(|omission| !omission.by_request && omission.reason.ends_with('.')));
    let tables: Vec<String> = captured.tables.iter().map(|table| table.name.to_string()).collect();
    assert_eq!(tables, ["public.child", "public.kept"]);
    load(server, "without foreign", &captured).await;
}

#[tokio::test]
async fn chosen_tables_come_with_what_they_need_and_no_more() {
    let server = cluster().await;
    server.create_database("chosen").await;
    server
        .run(
            "chosen",
            "CREATE SCHEMA s; CREATE TYPE s.mood AS ENUM ('a'); CREATE TABLE s.parent (id serial PRIMARY KEY);
             CREATE TABLE s.child (id int REFERENCES s.parent, m s.mood, n int DEFAULT nextval('s.parent_id_seq'));
             CREATE INDEX child_m ON s.child (m); COMMENT ON INDEX s.child_m IS 'kept'; CREATE VIEW s.v AS SELECT * FROM s.child;
             CREATE TABLE s.part (a int) PARTITION BY LIST (a); CREATE TABLE s.leaf PARTITION OF s.part DEFAULT;
             INSERT INTO s.parent VALUES (DEFAULT)",
        )
        .await;
    let scope = |tables: &[&str], exclude: &[&str], kind| Scope {
        kind,
        tables: tables.iter().map(|&name| name.to_owned()).collect(),
        exclude: exclude.iter().map(|&name| name.to_owned()).collect(),
    };
    let some = captured(server, "chosen", &scope(&["s.child", "part"], &[], BackupKind::Full)).await;
    load(server, "chosen copy", &some).await;
    let text = dump(server, "chosen copy", &["--schema-only"]).join("\n");
    for (words, there) in [
        ("CREATE TABLE s.child", true),
        ("CREATE TYPE s.mood", true),
        ("COMMENT ON INDEX s.child_m", true),
        ("ATTACH PARTITION s.leaf", true),
        ("nextval('s.parent_id_seq'", true),
        ("CREATE TABLE s.parent", false),
        ("CREATE VIEW", false),
        ("FOREIGN KEY", false),
    ] {
        assert_eq!(text.contains(words), there, "{words} in {text}");
    }
    assert!(some.omissions.iter().all(|omission| omission.by_request), "{:?}", some.omissions);
    assert!(some.omissions.iter().any(|omission| omission.kind == "foreign key"), "{:?}", some.omissions);
    let names =
        |captured: &Captured| captured.tables.iter().map(|table| table.name.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&some), ["child", "leaf"]);

    let without = captured(server, "chosen", &scope(&[], &["s.child"], BackupKind::Full)).await;
    assert_eq!(names(&without), ["leaf", "parent"]);
    assert!(without.omissions.iter().any(|omission| omission.kind == "table rows" && omission.by_request));
    let data = captured(server, "chosen", &scope(&[], &[], BackupKind::Data)).await;
    assert!(data.objects.iter().all(|object| object.kind == "sequence state") && data.objects.len() == 1);
    assert_eq!(names(&data), ["child", "leaf", "parent"]);
    let schema = captured(server, "chosen", &scope(&[], &[], BackupKind::Schema)).await;
    assert!(schema.objects.iter().all(|object| object.kind != "sequence state"));
}

#[tokio::test]
async fn a_login_with_few_rights_sees_the_schema_and_says_what_it_may_not_read() {
    let server = cluster().await;
    server.create_database("few rights").await;
    let sql = "CREATE SCHEMA closed; CREATE TABLE closed.secret (id serial, t text); CREATE TABLE open (a int); CREATE TABLE half (a int, b int);
         CREATE TABLE filtered (a int); ALTER TABLE filtered ENABLE ROW LEVEL SECURITY;
         GRANT SELECT ON open, filtered TO low; GRANT SELECT (a) ON half TO low; SELECT lo_create(5);
         CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE USER MAPPING FOR low SERVER s OPTIONS (password 'canary')";
    server.run("postgres", "CREATE ROLE low LOGIN").await;
    server.run("few rights", sql).await;
    let mut conn = server.options("few rights", "low").connect().await.unwrap();
    run(&mut conn, PINNED).await;
    let captured = capture(&mut conn, &Scope::default()).await.unwrap();
    let readable: Vec<(&str, bool)> =
        captured.tables.iter().map(|table| (table.name.name.as_str(), table.readable)).collect();
    assert_eq!(readable, [("secret", false), ("filtered", false), ("half", false), ("open", true)]);
    let omitted: Vec<&str> = captured.omissions.iter().map(|omission| omission.kind.as_str()).collect();
    assert_eq!(omitted, ["user mapping", "sequence state"]);
    assert!(captured.omissions.iter().all(|omission| !omission.reason.contains("canary")));
}
