//! What a server lacks is named before a load begins; roles and tablespaces are made when that is asked for.
#![allow(clippy::unwrap_used)]

use holdfast_testkit::memory;
use holdfast_testkit::postgres as server;
use std::collections::BTreeMap;

use holdfast_contract::snapshot::Scope;
use holdfast_engine::Preflight;
use memory::{Memory, Stored, work};
use server::Server;
use sqlx::{AssertSqlSafe, Row};

async fn stored_by(server: &Server, database: &str, user: &str) -> Stored {
    let memory = Memory::default();
    let engine = server.engine_as(database, user);
    let snapshot = engine.dump().unwrap().dump(&Scope::default(), &memory, &work(1)).await.unwrap();
    memory.stored(snapshot)
}

async fn preflight(server: &Server, user: &str, stored: &Stored) -> Preflight {
    let engine = server.engine_as("postgres", user);
    engine.load().unwrap().preflight(&stored.snapshot, &stored.objects).await.unwrap()
}

async fn text(server: &Server, database: &str, sql: &str) -> String {
    let mut conn = server.connect(database).await;
    let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(&mut conn).await.unwrap();
    row.try_get_raw(0).unwrap().as_str().unwrap_or("NULL").to_owned()
}

fn says(sentences: &[String], words: &str) {
    assert!(sentences.iter().any(|sentence| sentence.contains(words)), "{words} in {sentences:#?}");
}

#[tokio::test]
async fn what_the_server_lacks_is_named_before_anything_starts() {
    let server = Server::shared();
    server.create_database("wanting").await;
    let folder = server.socket_dir().join("space");
    std::fs::create_dir(&folder).unwrap();
    own_as_server(&folder, server);
    let sql = format!(
        "CREATE ROLE weak LOGIN CREATEDB; CREATE ROLE gone; SET allow_in_place_tablespaces = on; CREATE TABLESPACE \"odd \"\"space\" LOCATION '{}'",
        folder.display()
    );
    for statement in sql.split("; ") {
        server.run("postgres", statement).await;
    }
    server
        .run(
            "wanting",
            "CREATE TABLE t (id int PRIMARY KEY, name text COLLATE \"C\") TABLESPACE \"odd \"\"space\"; CREATE INDEX i ON t (name) TABLESPACE \"odd \"\"space\";
             CREATE MATERIALIZED VIEW m TABLESPACE \"odd \"\"space\" AS SELECT 1 AS one; ALTER TABLE t OWNER TO gone; CREATE EXTENSION hstore;
             CREATE COLLATION here (provider = libc, locale = 'C.UTF-8'); CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
             CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION f(); CREATE FOREIGN DATA WRAPPER w;
             SET allow_system_table_mods = on; INSERT INTO pg_seclabel VALUES ('t'::regclass, 1259, 0, 'selinux', 'secret:s0'), ('t'::regclass, 1259, 2, 'selinux', 'column''s')",
        )
        .await;
    let stored = stored_by(server, "wanting", server::SUPERUSER).await;
    assert_eq!(stored.snapshot.omissions, []);
    let labels: Vec<&str> = stored
        .objects
        .iter()
        .filter(|object| object.kind == "security label")
        .map(|object| object.sql[0].as_str())
        .collect();
    let dumped = server.pg_dump("wanting", &["--schema-only"]);
    assert_eq!(labels.len(), 2);
    for label in labels {
        let plain = label
            .replace("\"public\".\"t\"", "public.t")
            .replace(".\"name\"", ".name")
            .replace("\"selinux\"", "selinux");
        assert!(dumped.contains(&plain), "{plain}");
    }

    let found = preflight(server, server::SUPERUSER, &stored).await;
    assert_eq!(found.blockers, Vec::<String>::new());
    says(
        &found.warnings,
        "The provider selinux of security labels is not loaded in this server: its labels (2) are left out.",
    );
    assert_eq!(found.warnings.len(), 1, "{:#?}", found.warnings);
    // Nothing of the tries is left.
    assert_eq!(
        text(server, "postgres", "SELECT count(*)::text FROM pg_collation WHERE collname = 'tried'").await,
        "0"
    );

    // Where everything is there, tables and indexes lie where they lay.
    let load = server.engine("postgres");
    let report = load.load().unwrap().load("wanting_copy", &stored, &work(1)).await.unwrap();
    assert!(report.remarks.iter().all(|remark| remark.contains("security label")), "{:#?}", report.remarks);
    let places = "SELECT string_agg(c.relname, ',' ORDER BY c.relname) FROM pg_class c JOIN pg_tablespace s ON s.oid = c.reltablespace WHERE c.relkind IN ('r', 'm', 'i') AND c.relname !~ '^pg_toast' AND s.spcname = 'odd \"space'";
    assert_eq!(text(server, "wanting_copy", places).await, "i,m,t");

    let mut wrong = stored.clone();
    for object in &mut wrong.objects {
        for sql in &mut object.sql {
            *sql = sql.replace("C.UTF-8", "xx_YY.UTF-8").replace("pg_catalog.\"C\"", "pg_catalog.\"qq_QQ\"");
        }
        object.name = object
            .name
            .replace("odd \"\"space", "nowhere")
            .replace("\"gone\"", "\"nobody\"")
            .replace("hstore", "no_such_extension");
    }
    wrong.snapshot.server.version_number = 990_000;
    wrong.snapshot.engine_facts.extend([
        ("lc_collate".to_owned(), "xx_YY.UTF-8".to_owned()),
        ("locale_provider".to_owned(), "builtin".to_owned()),
        ("builtin_locale".to_owned(), "PG_FUTURE".to_owned()),
        ("tablespace".to_owned(), "elsewhere".to_owned()),
    ]);
    let found = preflight(server, server::SUPERUSER, &wrong).await;
    says(&found.blockers, "cannot make the collation public.here");
    says(&found.blockers, "lacks the collation qq_QQ");
    says(&found.blockers, "lacks the extension no_such_extension");
    says(&found.warnings, "no tablespace nowhere");
    says(&found.warnings, "no tablespace elsewhere");
    says(&found.warnings, "comes from PostgreSQL 99");
    says(&found.warnings, "does not know the locale xx_YY.UTF-8");
    says(&found.warnings, "The role nobody does not exist");

    let mut older = stored.clone();
    older.snapshot.engine_facts.insert("extension hstore".into(), "0.1".into());
    says(
        &preflight(server, server::SUPERUSER, &older).await.warnings,
        "The extension hstore has version 0.1 in the backup",
    );

    let found = preflight(server, "weak", &stored).await;
    says(&found.blockers, "Only a superuser may create the foreign-data wrapper w.");
    says(&found.warnings, "Only a superuser may create event triggers: 1 are left out.");
    server.run("postgres", "DROP DATABASE wanting").await;
    server.run("postgres", "DROP DATABASE wanting_copy").await;
}

/// The server must own the folder of a tablespace.
fn own_as_server(folder: &std::path::Path, server: &Server) {
    use std::os::unix::fs::{MetadataExt, chown};
    let data = std::fs::metadata(server.socket_dir().join("data")).unwrap();
    chown(folder, Some(data.uid()), Some(data.gid())).unwrap();
}

#[tokio::test]
async fn rows_of_extensions_configuration_tables_travel_and_the_extensions_own_do_not() {
    let server = Server::shared();
    server.create_database("configured").await;
    // An extension made by hand: its tables are members, as a script would have made them.
    server
        .run(
            "configured",
            "CREATE EXTENSION hstore; CREATE TABLE b_kind (id int PRIMARY KEY, own bool DEFAULT true); CREATE TABLE a_entry (kind int REFERENCES b_kind, note text);
             CREATE TABLE fixed (x int); CREATE SEQUENCE counter; INSERT INTO b_kind VALUES (1, false), (2, true); INSERT INTO a_entry VALUES (2, 'mine'); INSERT INTO fixed VALUES (1);
             ALTER EXTENSION hstore ADD TABLE b_kind; ALTER EXTENSION hstore ADD TABLE a_entry; ALTER EXTENSION hstore ADD TABLE fixed; ALTER EXTENSION hstore ADD SEQUENCE counter;
             UPDATE pg_extension SET extconfig = ARRAY['a_entry'::regclass, 'b_kind'::regclass, 'counter'::regclass]::oid[], extcondition = ARRAY['', 'WHERE own', ''] WHERE extname = 'hstore';
             SELECT setval('counter', 42)",
        )
        .await;
    let stored = stored_by(server, "configured", server::SUPERUSER).await;
    assert_eq!(stored.snapshot.omissions, []);
    let rows: BTreeMap<&str, u64> =
        stored.snapshot.tables.iter().map(|table| (table.table.name.as_str(), table.rows)).collect();
    assert_eq!(rows, BTreeMap::from([("a_entry", 1), ("b_kind", 1)]));
    assert!(
        stored.objects.iter().any(|object| object.kind == "sequence state" && object.sql[0].contains("42"))
    );
    let order =
        holdfast_engine::postgres::schema::extension_tables_in_load_order(&stored.snapshot.engine_facts);
    assert_eq!(order.iter().map(|table| table.name.as_str()).collect::<Vec<_>>(), ["b_kind", "a_entry"]);
}

#[tokio::test]
async fn missing_roles_are_made_as_they_were_and_existing_ones_left_alone() {
    let source = Server::start(&[]);
    source
        .run(
            "postgres",
            "CREATE ROLE \"Odd \"\"role\" LOGIN CREATEDB CONNECTION LIMIT 7 VALID UNTIL '2031-05-06 07:08:09+00' PASSWORD 'canary-plain'; COMMENT ON ROLE \"Odd \"\"role\" IS 'it''s';
             CREATE ROLE boss SUPERUSER REPLICATION; CREATE ROLE staff NOINHERIT; CREATE ROLE there LOGIN; ALTER ROLE staff SET search_path = 'a b', public; ALTER ROLE staff SET work_mem = '9MB';
             GRANT staff TO boss WITH ADMIN OPTION; GRANT staff TO \"Odd \"\"role\"; GRANT pg_monitor TO staff; GRANT there TO staff; ALTER ROLE there CREATEROLE",
        )
        .await;
    source.create_database("owned").await;
    source
        .run("owned", "CREATE TABLE t (a int); ALTER TABLE t OWNER TO staff; CREATE TABLE p (a int); ALTER TABLE p ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON p TO staff USING (true)")
        .await;
    let stored = stored_by(&source, "owned", server::SUPERUSER).await;
    let shown = format!("{:?} {:?}", stored.snapshot, stored.objects);
    assert!(!shown.contains("SCRAM-SHA-256"), "no hash outside its stream");

    let target = Server::start(&[]);
    target.run("postgres", "CREATE ROLE there LOGIN PASSWORD 'stays'").await;
    let engine = target.engine("postgres");
    let globals = engine.globals().unwrap();
    let plan = globals.plan(&stored).await.unwrap().unwrap();
    assert_eq!(plan.missing_roles, ["Odd \"role", "boss", "staff"]);
    assert_eq!(plan.existing_roles, ["postgres", "there"]);
    assert!(!format!("{plan:?}").contains("SCRAM"));
    says(&preflight(&target, server::SUPERUSER, &stored).await.blockers, "The role staff does not exist");
    let with = globals.preflight(&stored.snapshot, &stored.objects, &plan).await.unwrap();
    assert_eq!((with.blockers, with.warnings), (vec![], vec![]));
    let untouched = "SELECT rolpassword || rolcreaterole FROM pg_authid WHERE rolname = 'there'";
    let before = text(&target, "postgres", untouched).await;
    assert_eq!(globals.restore(&stored, &work(1)).await.unwrap(), Vec::<String>::new());
    assert_eq!(globals.restore(&stored, &work(1)).await.unwrap(), Vec::<String>::new());
    assert_eq!(text(&target, "postgres", untouched).await, before);
    for sql in [
        "SELECT string_agg(r::text, ';' ORDER BY rolname) FROM (SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolconnlimit, rolpassword, rolvaliduntil, rolbypassrls FROM pg_authid WHERE rolname IN ('Odd \"role', 'boss', 'staff')) r",
        "SELECT string_agg(s.setconfig::text, ';') FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole WHERE r.rolname = 'staff'",
        "SELECT string_agg(pg_get_userbyid(roleid) || '>' || pg_get_userbyid(member) || admin_option, ';' ORDER BY 1) FROM (SELECT * FROM pg_auth_members WHERE member >= 16384 ORDER BY pg_get_userbyid(roleid), pg_get_userbyid(member)) m",
        "SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname LIKE 'Odd%'",
    ] {
        assert_eq!(text(&target, "postgres", sql).await, text(&source, "postgres", sql).await, "{sql}");
    }
    let report = engine.load().unwrap().load("owned", &stored, &work(1)).await.unwrap();
    assert_eq!(report.remarks, Vec::<String>::new());
    let log = std::fs::read_to_string(target.socket_dir().join("server.log")).unwrap();
    assert!(!log.contains("SCRAM-SHA-256"), "no hash in the server's log");

    // Who may not read hashes says so, and the database is whole all the same.
    source.run("owned", "GRANT SELECT ON t, p TO there; ALTER TABLE p DISABLE ROW LEVEL SECURITY").await;
    source.run("owned", "ALTER ROLE ALL SET holdfast.colour = 'secretly blue'").await;
    let weak = stored_by(&source, "owned", "there").await;
    assert!(
        weak.snapshot.omissions.iter().all(|omission| omission.by_request),
        "{:?}",
        weak.snapshot.omissions
    );
    says(
        &weak.snapshot.omissions.iter().map(|omission| omission.kind.clone()).collect::<Vec<_>>(),
        "role passwords",
    );
    let everybodys = weak.snapshot.omissions.iter().find(|one| one.kind == "setting of all roles").unwrap();
    assert_eq!(everybodys.name, "holdfast.colour");
    assert!(!everybodys.reason.contains("blue"), "never a value");
    let mut old = weak.clone();
    old.snapshot.extra_streams.clear();
    assert_eq!(globals.plan(&old).await.unwrap(), None, "older backups hold none");
}
