//! The stories: what an administrator does, on real servers and in the real window. One program: each would link
//! everything again. `cargo xtask test` runs the modules as programs of their own, side by side.

mod canary;
mod clearing;
mod clearing_cut;
mod clearing_shapes;
mod clearing_writers;
mod command_line;
mod consent;
mod guard;
mod import;
mod kills;
mod kinds;
mod maintenance;
mod mariadb;
mod mariadb_faults;
mod mariadb_import;
mod mariadb_tables;
mod older_home;
mod planted_faults;
mod postgres;
mod proof_records;
mod schedules;
mod scratch;
mod sqlite;
mod table_restore;
mod tls;
mod tray;
mod window;
mod window_canary;
