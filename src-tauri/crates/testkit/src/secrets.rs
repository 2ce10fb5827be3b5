//! A secrets file that opens quickly.
//!
//! The program seals its secrets at a cost of most of a second for each opening, and every command of a story opens them:
//! that was the larger part of the time of all stories. The file says its own cost and any reader takes the least that is
//! allowed, so a story that is not about this seals it again at that cost. The program's next change of a secret seals it at
//! the full cost, as everywhere.

use std::path::Path;

use holdfast_vault::{Argon2Cost, sealed};
use secrecy::SecretString;

/// Of the application's secrets file.
const PURPOSE: &str = "holdfast secrets file 1";

/// Seals the file again, with the same content and passphrase, at the least cost that a reader accepts.
pub fn open_quickly(file: &Path, passphrase: &str) {
    let passphrase = SecretString::from(passphrase.to_owned());
    let plain = sealed::open(&passphrase, PURPOSE, &std::fs::read(file).unwrap()).expect("its passphrase");
    let again = sealed::seal_at(
        &passphrase,
        PURPOSE,
        &plain,
        Argon2Cost::FLOOR,
        chrono::Utc::now().timestamp_millis(),
    )
    .expect("an allowed cost");
    std::fs::write(file, again).unwrap();
}
