//! What is true of every SQLite file.

use holdfast_contract::offers::{AddressForm, Copies};

use crate::properties::{Properties, RowCounts, TablePlacing, TableStaging};

pub fn properties() -> Properties {
    Properties {
        versions: "3",
        address: AddressForm::File,
        copies: Copies::Files,
        row_counts: RowCounts::Counted,
        staging: TableStaging::File,
        placing: TablePlacing::Transaction,
        schemas: false,
        definers: false,
        owners: false,
        // Times are texts or numbers there.
        typed_times: false,
        replaces_unreadable: true,
        saved_as_file: true,
    }
}
