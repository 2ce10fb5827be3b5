//! Scripts that make databases worth backing up. In those for PostgreSQL a line for newer servers ends in "-- since" and the
//! version ([`crate::pg_dump::for_version`]).

/// PostgreSQL: every captured kind of object.
pub const EVERYTHING: &str = include_str!("../fixtures/everything.sql");
/// PostgreSQL: [`EVERYTHING`], and further kinds in their odder forms.
pub const EVERYTHING_AND_KINDS: &str =
    concat!(include_str!("../fixtures/everything.sql"), include_str!("../fixtures/kinds.sql"));
/// PostgreSQL: what stands in a database beside its tables.
pub const BESIDE: &str = include_str!("../fixtures/beside.sql");
/// PostgreSQL: what only version 18 knows.
pub const SINCE_18: &str = include_str!("../fixtures/since_18.sql");
/// PostgreSQL: a small shop with values of many types.
pub const RICH: &str = include_str!("../fixtures/rich.sql");
/// MariaDB: every kind of value.
pub const MARIADB_VALUES: &str = include_str!("../fixtures/mariadb.sql");
/// MariaDB: views, routines, triggers, events and what they use.
pub const MARIADB_CODE: &str = include_str!("../fixtures/exchange.sql");
