//! A backup as a file that other programs read: plain SQL, or the SQLite database itself; and the record of its proof.
//!
//! The file appears under its name only when it is complete; how its text is made is the engines' business.

pub(crate) mod proof;
pub(crate) mod write;
