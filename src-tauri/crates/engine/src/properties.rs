//! What is true of every database of a kind, whatever its version and login, and shows in no facet: how it is found, what
//! a copy of it is, how its changes come about.
//!
//! Use cases ask these instead of the engine's name. What can be told from a facet being there or not does not belong here.

use holdfast_contract::offers::{AddressForm, Copies};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Properties {
    /// Those that are looked after: "13 and later".
    pub versions: &'static str,
    pub address: AddressForm,
    pub copies: Copies,
    pub row_counts: RowCounts,
    /// Where single tables wait until they are proven.
    pub staging: TableStaging,
    /// By what they get their places, all at once.
    pub placing: TablePlacing,
    /// A database holds several schemas.
    pub schemas: bool,
    /// Views, routines and triggers run as the login that made them.
    pub definers: bool,
    /// Objects belong to roles.
    pub owners: bool,
    /// A column that holds a time says so by its type.
    pub typed_times: bool,
    /// A live database that is gone or damaged is put aside as it is by a swap, and needs no login to be read.
    pub replaces_unreadable: bool,
    /// A whole backup can be saved as a database of its own, not only as SQL.
    pub saved_as_file: bool,
}

/// How [`crate::Dump::plan`] knows how many rows a table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowCounts {
    Estimated,
    Counted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableStaging {
    /// A file beside the database.
    File,
    /// Tables of their own in the live database.
    Tables,
    /// A schema of their own in the live database.
    Schema,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TablePlacing {
    Transaction,
    /// One statement that renames all of them.
    Rename,
}
