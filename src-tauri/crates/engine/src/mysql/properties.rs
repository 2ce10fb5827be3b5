//! What is true of every MySQL and MariaDB database.

use holdfast_contract::connection::TlsMode;
use holdfast_contract::offers::{AddressForm, Copies, NameUnit, SocketForm};

use crate::properties::{Properties, RowCounts, TablePlacing, TableStaging};

/// Longer names are refused.
const NAME_CHARACTERS: u32 = 64;

pub fn properties() -> Properties {
    Properties {
        versions: "MySQL 5.7, MariaDB 10.3 and later",
        address: AddressForm::Server {
            default_port: 3306,
            socket: SocketForm::File,
            tls_modes: TlsMode::ALL.to_vec(),
        },
        copies: Copies::Databases { longest_name: NAME_CHARACTERS, counted_in: NameUnit::Characters },
        row_counts: RowCounts::Estimated,
        staging: TableStaging::Tables,
        placing: TablePlacing::Rename,
        schemas: false,
        definers: true,
        owners: true,
        typed_times: true,
        replaces_unreadable: false,
        saved_as_file: false,
    }
}
