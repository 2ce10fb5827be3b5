//! Data of the kind that databases hold: uuids, json, numerics, arrays, addresses, prose, bytes; one big table, a few
//! middling ones, many small ones, indexes and foreign keys. The same seed makes the same rows.

use std::path::Path;

use holdfast_tests::mariadb;
use holdfast_tests::postgres::Server;
use holdfast_tests::sqlite;

/// About so many megabytes of rows (COPY text).
pub fn postgres(server: &Server, name: &str, megabytes: u64) {
    server.psql("postgres", &format!("create database {name}"));
    let events = megabytes * 1400;
    let orders = megabytes * 1500;
    server.psql(
        name,
        &format!(
            "select setseed(0.42);
             create type status as enum ('new', 'paid', 'shipped', 'returned');
             create function prose(n int) returns text language sql volatile as $$
               select string_agg((array['the','order','of','a','customer','was','late','but','came','whole','and','dry','so','nobody','wrote','again','about','any','small','blue','lamp'])[1 + (random()*20)::int], ' ') from generate_series(1, n) $$;
             create table customer(id int primary key, name text, mail text unique, address inet, since timestamptz, tags text[]);
             insert into customer select i, prose(2), 'c' || i || '@example.org', ('10.' || i % 250 || '.' || i / 250 % 250 || '.7')::inet, timestamptz '2020-01-01' + i * interval '3 minutes', array[prose(1), prose(1)] from generate_series(1, {customers}) i;
             create table orders(id bigint primary key, customer int references customer, state status, total numeric(12,2), token uuid, note text, detail jsonb);
             insert into orders select i, 1 + i % {customers}, (array['new','paid','shipped','returned'])[1 + i % 4]::status, (random()*10000)::numeric(12,2), md5(i::text)::uuid, prose(12), jsonb_build_object('lines', i % 7, 'gift', i % 3 = 0, 'text', prose(6)) from generate_series(1, {orders}) i;
             create table event(id bigint, at timestamptz, kind text, who int, payload bytea, message text);
             insert into event select i, timestamptz '2024-01-01' + i * interval '1 second', 'kind' || i % 12, i % 5000, decode(md5(i::text) || md5((i+1)::text), 'hex'), prose(30) from generate_series(1, {events}) i;
             create index on orders(customer); create index on orders using gin(detail); create index on event using brin(at); create index on event(kind, who);",
            customers = (megabytes * 50).max(500),
        ),
    );
    let small: String = (1..=24)
        .map(|n| {
            format!(
                "create table audit_{n} as select i, md5(i::text) h, now() at from generate_series(1, {}) i;",
                megabytes * 20
            )
        })
        .collect();
    server.psql(name, &small);
    server.psql(name, "vacuum analyze");
}

/// The same kind of rows as [`postgres`].
pub fn mariadb(server: &mariadb::Server, name: &str, megabytes: u64) {
    server.sql("", &format!("create database {name} character set utf8mb4"));
    let prose = |words: usize| {
        let word = "elt(1 + floor(rand()*20), 'the','order','of','a','customer','was','late','but','came','whole','and','dry','so','nobody','wrote','again','about','any','small','lamp')";
        format!("concat_ws(' ', {})", vec![word; words].join(", "))
    };
    server.sql(
        name,
        &format!(
            "create table customer(id int primary key, name text, mail varchar(80) unique, since timestamp);
             insert into customer select seq, {two}, concat('c', seq, '@example.org'), '2020-01-01' + interval seq * 3 minute from seq_1_to_{customers};
             create table orders(id bigint primary key, customer int, state enum('new','paid','shipped','returned'), total decimal(12,2), token char(32), note text, detail json, foreign key (customer) references customer(id));
             insert into orders select seq, 1 + seq % {customers}, 1 + seq % 4, rand()*10000, md5(seq), {twelve}, json_object('lines', seq % 7, 'gift', seq % 3 = 0) from seq_1_to_{orders};
             create table event(id bigint auto_increment primary key, at datetime(3), kind varchar(20), who int, payload varbinary(40), message text, key (kind, who), key (at));
             insert into event select seq, '2024-01-01' + interval seq second, concat('kind', seq % 12), seq % 5000, unhex(concat(md5(seq), md5(seq + 1))), {thirty} from seq_1_to_{events};",
            customers = (megabytes * 50).max(500),
            orders = megabytes * 1500,
            events = megabytes * 1400,
            two = prose(2),
            twelve = prose(12),
            thirty = prose(30),
        ),
    );
    for n in 1..=24 {
        let rows = megabytes * 20;
        server.sql(
            name,
            &format!("create table audit_{n} as select seq i, md5(seq) h, now() at from seq_1_to_{rows}"),
        );
    }
}

pub fn sqlite(file: &Path, megabytes: u64) {
    sqlite::run(
        file,
        &format!(
            "create table event(id integer primary key, at text, kind text, who integer, payload blob, message text);
             with recursive n(i) as (select 1 union all select i + 1 from n where i < {})
             insert into event select i, datetime('2024-01-01', i || ' seconds'), 'kind' || (i % 12), i % 5000, randomblob(32),
               'the order of customer ' || i || ' was late but came whole and dry, so nobody wrote again about any small blue lamp ' || hex(randomblob(12)) from n;
             create index kind on event(kind, who); create index at on event(at);",
            megabytes * 3500
        ),
    );
}
