//! What is true of every PostgreSQL database.

use holdfast_contract::connection::TlsMode;
use holdfast_contract::offers::{AddressForm, Copies, NameUnit, SocketForm};

use crate::properties::{Properties, RowCounts, TablePlacing, TableStaging};

/// `NAMEDATALEN - 1`. Longer names are cut silently: two names could become one.
const NAME_BYTES: u32 = 63;

pub fn properties() -> Properties {
    Properties {
        versions: "13 and later",
        address: AddressForm::Server {
            default_port: 5432,
            socket: SocketForm::Folder,
            tls_modes: TlsMode::ALL.to_vec(),
        },
        copies: Copies::Databases { longest_name: NAME_BYTES, counted_in: NameUnit::Bytes },
        row_counts: RowCounts::Estimated,
        staging: TableStaging::Schema,
        placing: TablePlacing::Transaction,
        schemas: true,
        definers: false,
        owners: true,
        typed_times: true,
        replaces_unreadable: false,
        saved_as_file: false,
    }
}
