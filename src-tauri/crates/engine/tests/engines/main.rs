//! The engines against real servers and real files, each module in a place of its own. One program: each would link all
//! drivers again. `cargo xtask test` runs the modules as programs of their own, side by side.
#![allow(clippy::unwrap_used)]

mod clearing;
mod generated;
mod mariadb_server;
mod mysql_contract;
mod mysql_dump;
mod mysql_exchange;
mod mysql_load;
mod near_ends;
mod postgres_contract;
mod postgres_engine;
mod postgres_generated;
mod postgres_preflight;
mod postgres_regression;
mod postgres_schema;
mod postgres_tables;
mod postgres_values;
mod postgres_versions;
mod sessions;
mod sqlite_contract;
mod sqlite_engine;
