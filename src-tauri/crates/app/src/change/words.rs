//! How a change is spoken of, whoever makes it.

use holdfast_contract::session::ServerSession;
use holdfast_contract::snapshot::TableName;
use holdfast_engine::TableOrder;

/// How tables are spoken of where a database has its name.
pub(crate) fn label<'a>(mut tables: impl Iterator<Item = &'a TableName>) -> Option<String> {
    let first = tables.next()?.to_string();
    Some(match tables.count() {
        0 => first,
        more => format!("{first} and {more} more"),
    })
}

/// What the replaced tables are kept as; None when none is replaced.
pub(crate) fn kept_label(order: &TableOrder) -> Option<String> {
    label(order.tables.iter().filter_map(|step| step.kept.as_ref()))
}

/// Sessions are listed up to here; their number is told in full.
pub(crate) fn told_sessions(sessions: &[ServerSession]) -> String {
    match sessions.len() {
        0 => "nobody else is connected now".into(),
        1 => "1 other session is ended".into(),
        more => format!("{more} other sessions are ended"),
    }
}
