//! Table `connections`. Passwords are not in it; `has_password` says that one is kept elsewhere.

use holdfast_contract::connection::Connection;
use holdfast_contract::{Answer, ApiError, ConnectionId, ErrorCode};
use rusqlite::{OptionalExtension, Row, params};

use super::error::{CatalogError, Result};
use super::{Catalog, from_word, json, word};

pub struct Connections<'a>(pub(super) &'a Catalog);

const COLUMNS: &str = "id, name, spec, environment, group_name, read_only, prove_after_backup, has_password, sample, created_at_ms, pool";

impl Connections<'_> {
    /// By name.
    pub async fn list(&self) -> Answer<Vec<Connection>> {
        self.0
            .read(|catalog| {
                let sql = format!("SELECT {COLUMNS} FROM connections ORDER BY name COLLATE NOCASE, name");
                let mut statement = catalog.prepare_cached(&sql)?;
                statement.query_and_then([], decode)?.collect()
            })
            .await
    }

    /// By id, else by name.
    pub async fn lookup(&self, id_or_name: &str) -> Answer<Option<Connection>> {
        let wanted = id_or_name.to_owned();
        self.0
            .read(move |catalog| {
                let sql =
                    format!("SELECT {COLUMNS} FROM connections WHERE id = ?1 OR name = ?1 ORDER BY id <> ?1");
                let mut statement = catalog.prepare_cached(&sql)?;
                let mut rows = statement.query([&wanted])?;
                rows.next()?.map(decode).transpose()
            })
            .await
    }

    /// As [`Connections::lookup`]; `NotFound` names what was asked for.
    pub async fn find(&self, id_or_name: &str) -> Answer<Connection> {
        self.lookup(id_or_name).await?.ok_or_else(|| {
            ApiError::new(ErrorCode::NotFound, format!("There is no connection called {id_or_name:?}."))
                .hint("List the connections to see their names.")
        })
    }

    /// `AlreadyExists` when the name is taken.
    pub async fn insert(&self, connection: Connection) -> Answer<()> {
        self.0
            .write(move |catalog| {
                refuse_taken_name(catalog, &connection)?;
                catalog.execute(
                    &format!(
                        "INSERT INTO connections ({COLUMNS}) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)"
                    ),
                    params![
                        connection.id.as_str(),
                        connection.name,
                        json(&connection.spec)?,
                        word(&connection.environment)?,
                        connection.group,
                        connection.read_only,
                        connection.prove_after_backup,
                        connection.has_password,
                        connection.sample,
                        connection.created_at_ms,
                        connection.pool.as_ref().map(json).transpose()?,
                    ],
                )?;
                Ok(())
            })
            .await
    }

    /// Everything but the id and the time it was made.
    pub async fn update(&self, connection: Connection) -> Answer<()> {
        self.0
            .write(move |catalog| {
                refuse_taken_name(catalog, &connection)?;
                catalog.execute(
                    "UPDATE connections SET name = ?2, spec = ?3, environment = ?4, group_name = ?5, read_only = ?6,
                     prove_after_backup = ?7, has_password = ?8, sample = ?9, pool = ?10 WHERE id = ?1",
                    params![
                        connection.id.as_str(),
                        connection.name,
                        json(&connection.spec)?,
                        word(&connection.environment)?,
                        connection.group,
                        connection.read_only,
                        connection.prove_after_backup,
                        connection.has_password,
                        connection.sample,
                        connection.pool.as_ref().map(json).transpose()?,
                    ],
                )?;
                Ok(())
            })
            .await
    }

    pub async fn remove(&self, id: &ConnectionId) -> Answer<()> {
        let id = id.clone();
        self.0
            .write(move |catalog| {
                catalog.execute("DELETE FROM connections WHERE id = ?1", [id.as_str()])?;
                Ok(())
            })
            .await
    }
}

fn refuse_taken_name(catalog: &rusqlite::Connection, connection: &Connection) -> Result<()> {
    let taken: Option<String> = catalog
        .query_row(
            "SELECT name FROM connections WHERE name = ?1 AND id <> ?2",
            [&connection.name, connection.id.as_str()],
            |row| row.get(0),
        )
        .optional()?;
    match taken {
        None => Ok(()),
        Some(name) => Err(CatalogError::Api(
            ApiError::new(
                ErrorCode::AlreadyExists,
                format!("A connection called {name:?} is there already."),
            )
            .hint("Choose another name."),
        )),
    }
}

fn decode(row: &Row<'_>) -> Result<Connection> {
    Ok(Connection {
        id: ConnectionId(row.get(0)?),
        name: row.get(1)?,
        spec: serde_json::from_str(&row.get::<_, String>(2)?)?,
        environment: from_word(row.get(3)?)?,
        group: row.get(4)?,
        read_only: row.get(5)?,
        prove_after_backup: row.get(6)?,
        has_password: row.get(7)?,
        sample: row.get(8)?,
        created_at_ms: row.get(9)?,
        pool: row.get::<_, Option<String>>(10)?.map(|text| serde_json::from_str(&text)).transpose()?,
    })
}
