//! Rows as an archive writes them, from whichever session: what is equal here is equal in the archive.

use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, Row as _};

use super::super::connect::Session;
use super::super::error;
use super::super::form::{self, Form};
use super::super::schema::Table;
use crate::Result;
use crate::content::ContentHasher;

pub(super) fn forms(table: &Table) -> Vec<Form> {
    table.columns.iter().map(form::form).collect()
}

/// Hands each row of the answer, a constant before its columns, to `each` as a line without its end.
pub(super) async fn read(
    session: &mut Session,
    doing: &str,
    sql: &str,
    forms: &[Form],
    mut each: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let mut rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch(session.raw());
    let mut line = Vec::new();
    while let Some(row) = rows.try_next().await.map_err(|error| error::during(doing, error))? {
        line.clear();
        for (index, form) in forms.iter().enumerate() {
            if index > 0 {
                line.push(b'\t');
            }
            let value: Option<&[u8]> =
                row.try_get_unchecked(index + 1).map_err(|error| error::during(doing, error))?;
            form::encode(value, *form, &mut line);
        }
        each(&line)?;
    }
    Ok(())
}

/// Of all rows of the answer.
pub(super) async fn hash(
    session: &mut Session,
    doing: &str,
    sql: &str,
    forms: &[Form],
) -> Result<ContentHasher> {
    let mut hasher = ContentHasher::new();
    let taken = read(session, doing, sql, forms, |line| {
        hasher.write(line);
        hasher.write(b"\n");
        Ok(())
    });
    taken.await?;
    Ok(hasher)
}
