//! What can be done with a connection, computed in this one place from the engine's facets and properties, the
//! connection's own settings, and what its server last said.

use holdfast_contract::backup::ExportFormat;
use holdfast_contract::connection::{Connection, ConnectionSpec, OfferedConnection, TlsSettings};
use holdfast_contract::import::ImportInto;
use holdfast_contract::offers::{
    BackupOffers, ClearingOffers, Copies, ExportOffer, ImportOffers, Offers, RestoreOffers,
};
use holdfast_contract::overview::Health;
use holdfast_contract::snapshot::{BackupKind, EngineKind};
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::{Access, Engine, Properties};

use crate::cx::Cx;

const ALL_KINDS: [BackupKind; 3] = [BackupKind::Full, BackupKind::Schema, BackupKind::Data];

/// Before there is a connection.
pub fn of_kind(kind: EngineKind) -> Result<Offers, ApiError> {
    let access = Access::new(example(kind));
    Ok(of_engine(holdfast_engine::engine(access)?.as_ref()))
}

pub fn of_every_kind() -> Result<Vec<Offers>, ApiError> {
    EngineKind::ALL.into_iter().map(of_kind).collect()
}

/// The connection as it is shown. `last` is what its server said when it was last asked.
pub fn offered(connection: Connection, last: Option<&Health>) -> Result<OfferedConnection, ApiError> {
    let access = Access::new(connection.spec.clone()).read_only(connection.read_only);
    // A path that this system cannot mean is still shown, and can be put right.
    let offers = match holdfast_engine::engine(access) {
        Ok(engine) => {
            let mut offers = of_engine(engine.as_ref());
            if let Some(server) = last.and_then(|health| health.server.as_ref()) {
                engine.product(server).clone_into(&mut offers.product);
            }
            offers
        }
        Err(_) => of_kind(connection.spec.engine())?,
    };
    let changes_refused = connection.read_only.then(|| {
        "This connection is read-only: Holdfast may not make or change a database through it.".to_owned()
    });
    Ok(OfferedConnection {
        location: connection.spec.location(),
        live: connection.spec.live().to_owned(),
        offers: Offers { changes_refused, ..offers },
        connection,
    })
}

pub async fn list(cx: &Cx) -> Result<Vec<OfferedConnection>, ApiError> {
    let connections = cx.catalog().connections().list().await?;
    let health = cx.catalog().health().all().await?;
    connections
        .into_iter()
        .map(|connection| {
            let last = health.get(&connection.id);
            offered(connection, last)
        })
        .collect()
}

pub async fn of(cx: &Cx, connection: Connection) -> Result<OfferedConnection, ApiError> {
    let health = cx.catalog().health().all().await?;
    let last = health.get(&connection.id);
    offered(connection, last)
}

/// Says what is missing where a use case needs an offer that is not there.
pub fn lacking(kind: EngineKind, what: &str) -> ApiError {
    ApiError::new(
        ErrorCode::Unsupported,
        format!("Holdfast cannot {what} a {} database yet.", kind.product()),
    )
}

/// A database of a kind whose copies are files.
pub fn file(kind: EngineKind, path: &str) -> ConnectionSpec {
    example(kind).beside(path)
}

fn of_engine(engine: &dyn Engine) -> Offers {
    let properties = holdfast_engine::properties(engine.kind());
    Offers {
        engine: engine.kind(),
        product: engine.kind().product().to_owned(),
        versions: properties.versions.to_owned(),
        backup: engine.dump().map(|_| backup(engine, &properties)),
        restore: engine.load().map(|_| restore(engine, &properties)),
        import: import(engine, &properties),
        exports: exports(&properties),
        maintenance: engine.maintain().is_some(),
        clearing: engine.clear().map(|_| ClearingOffers { typed_times: properties.typed_times }),
        sessions: engine.sessions().is_some(),
        changes_refused: None,
        address: properties.address,
        copies: properties.copies,
    }
}

fn backup(engine: &dyn Engine, properties: &Properties) -> BackupOffers {
    BackupOffers {
        kinds: ALL_KINDS.to_vec(),
        tables: true,
        globals: engine.globals().is_some(),
        // A scratch copy of a file costs little; on a server it is the administrator's to decide.
        proves_unless_told: engine.load().is_some() && properties.copies == Copies::Files,
    }
}

fn restore(engine: &dyn Engine, properties: &Properties) -> RestoreOffers {
    let replace = engine.swap().is_some();
    let tables = engine.place_tables().is_some();
    RestoreOffers {
        replace,
        replace_unreadable: replace && properties.replaces_unreadable,
        tables,
        schemas: tables && properties.schemas,
        globals: engine.globals().is_some(),
        definers: properties.definers,
    }
}

fn import(engine: &dyn Engine, properties: &Properties) -> Option<ImportOffers> {
    let script = engine.script()?;
    let mut into = Vec::new();
    if engine.load().is_some() {
        into.push(ImportInto::New);
    }
    into.push(ImportInto::Live);
    if engine.load().is_some() && engine.swap().is_some() {
        into.push(ImportInto::Replace);
    }
    Some(ImportOffers { dialect: script.dialect(), into, owners: properties.owners })
}

fn exports(properties: &Properties) -> Vec<ExportOffer> {
    let mut exports = vec![ExportOffer { format: ExportFormat::Sql, kinds: ALL_KINDS.to_vec() }];
    if properties.saved_as_file {
        exports.push(ExportOffer { format: ExportFormat::Sqlite, kinds: vec![BackupKind::Full] });
    }
    exports
}

/// Only to ask an engine which facets it has; nobody ever connects to it.
fn example(kind: EngineKind) -> ConnectionSpec {
    let (host, database, user) = ("localhost".to_owned(), "example".to_owned(), "example".to_owned());
    let tls = TlsSettings::default();
    match kind {
        EngineKind::Postgres => ConnectionSpec::Postgres { host, port: 5432, database, user, tls },
        EngineKind::Mysql => ConnectionSpec::Mysql { host, port: 3306, database, user, tls },
        EngineKind::Sqlite => {
            let root = if cfg!(windows) { "C:\\" } else { "/" };
            ConnectionSpec::Sqlite { path: format!("{root}example.sqlite") }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use holdfast_contract::offers::AddressForm;

    use super::*;

    #[test]
    fn offers_are_what_the_facets_are() {
        for kind in EngineKind::ALL {
            let access = Access::new(example(kind));
            let engine = holdfast_engine::engine(access).unwrap();
            let offers = of_kind(kind).unwrap();
            assert_eq!(offers.engine, engine.kind());
            assert_eq!(offers.backup.is_some(), engine.dump().is_some(), "{kind:?}");
            assert_eq!(offers.restore.is_some(), engine.load().is_some(), "{kind:?}");
            let restore = offers.restore.unwrap();
            assert_eq!(restore.replace, engine.swap().is_some(), "{kind:?}");
            assert_eq!(restore.tables, engine.place_tables().is_some(), "{kind:?}");
            assert_eq!(restore.globals, engine.globals().is_some(), "{kind:?}");
            assert_eq!(
                offers.import.map(|import| import.dialect),
                engine.script().map(|script| script.dialect())
            );
            assert_eq!(offers.maintenance, engine.maintain().is_some(), "{kind:?}");
            assert_eq!(offers.clearing.is_some(), engine.clear().is_some(), "{kind:?}");
            assert_eq!(offers.sessions, engine.sessions().is_some(), "{kind:?}");
            // Whoever has sessions of others has a server, and a server is found by host and port.
            assert_eq!(offers.sessions, matches!(offers.address, AddressForm::Server { .. }), "{kind:?}");
            assert_eq!(offers.copies == Copies::Files, offers.address == AddressForm::File, "{kind:?}");
        }
    }

    #[test]
    fn a_file_cannot_be_asked_for_what_only_a_server_has() {
        let file = of_kind(EngineKind::Sqlite).unwrap();
        assert!(!file.sessions && file.address == AddressForm::File);
        assert!(file.backup.unwrap().proves_unless_told);
        assert_eq!(file.exports.len(), 2);
        let server = of_kind(EngineKind::Mysql).unwrap();
        assert!(server.sessions && server.restore.unwrap().definers);
        assert_eq!(server.exports.len(), 1);
    }

    #[test]
    fn what_the_server_said_and_the_connection_forbids_is_in_its_offers() {
        let connection = Connection {
            id: "c".into(),
            name: "shop".into(),
            spec: example(EngineKind::Mysql),
            environment: Default::default(),
            group: None,
            read_only: true,
            prove_after_backup: false,
            has_password: false,
            sample: false,
            pool: None,
            created_at_ms: 0,
        };
        let health = |version: &str| Health {
            state: holdfast_contract::overview::HealthState::Healthy,
            summary: String::new(),
            server: Some(holdfast_contract::snapshot::ServerInfo {
                engine: EngineKind::Mysql,
                version: version.into(),
                version_number: 0,
                database: "example".into(),
                size_bytes: None,
                encoding: None,
                transport: String::new(),
            }),
            latency_ms: None,
            checked_at_ms: None,
            error: None,
        };
        let shown = offered(connection.clone(), None).unwrap();
        assert_eq!(shown.offers.product, "MySQL or MariaDB");
        assert!(shown.offers.changes_refused.is_some());
        let maria = offered(connection.clone(), Some(&health("10.11.19-MariaDB"))).unwrap();
        assert_eq!((maria.offers.product.as_str(), maria.live.as_str()), ("MariaDB", "example"));
        let writable = Connection { read_only: false, ..connection };
        let mysql = offered(writable, Some(&health("8.0.36"))).unwrap();
        assert_eq!((mysql.offers.product.as_str(), mysql.offers.changes_refused), ("MySQL", None));
    }
}
