//! Security labels: whatever a provider loaded into the server has said of an object, column or database.

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, FIRST_USER_OID, class, rows};
use super::draft::{Draft, Node, Rank, qualified};
use crate::Result;
use crate::postgres::sql::{Ident, Literal};

#[derive(Deserialize)]
struct Label {
    class: u32,
    oid: u32,
    sub: i32,
    provider: String,
    label: String,
}

/// Labels of objects of users; those of system objects stay the server's.
pub async fn collect(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    let sql = format!(
        "SELECT l.classoid::int8 AS class, l.objoid::int8 AS oid, l.objsubid AS sub, l.provider, l.label FROM pg_catalog.pg_seclabel l \
         UNION ALL SELECT s.classoid::int8, s.objoid::int8, 0, s.provider, s.label FROM pg_catalog.pg_shseclabel s \
         WHERE s.classoid = {} AND s.objoid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) \
         ORDER BY 1, 2, 3, 4",
        class::DATABASE
    );
    for label in rows::<Label>(conn, "Reading security labels", &sql).await? {
        let address = Address::new(label.class, label.oid);
        let Some((words, title)) = place(draft, address, label.sub) else {
            if label.oid >= FIRST_USER_OID && draft.at(address).is_none() {
                continue; // named as left out itself
            }
            let name = format!("{}: object {} of catalog {}", label.provider, label.oid, label.class);
            draft.add(
                Node::new("security label", Rank::Comment, None, &name)
                    .lost("The label belongs to an object that is not made by the restore; set it again."),
            );
            continue;
        };
        let sql =
            format!("SECURITY LABEL FOR {} ON {words} IS {}", Ident(&label.provider), Literal(&label.label));
        let name = format!("{}: {title}", Ident(&label.provider));
        draft.add(Node::new("security label", Rank::Comment, None, &name).of(address).sql(sql));
    }
    Ok(())
}

fn place(draft: &Draft, address: Address, sub: i32) -> Option<(String, String)> {
    if sub == 0 {
        let words = if address.class == class::LARGE_OBJECT {
            format!("LARGE OBJECT {}", address.oid)
        } else {
            draft.targets.get(&address)?.words.clone()
        };
        let title =
            draft.targets.get(&address).map_or_else(|| words.to_lowercase(), |target| target.title.clone());
        return Some((words, title));
    }
    let (relation, column) = (draft.relations.get(&address.oid)?, draft.columns.get(&(address.oid, sub))?);
    let words = format!("COLUMN {}.{}", qualified(&relation.schema, &relation.name), Ident(column));
    Some((words, format!("column {}.{}.{column}", relation.schema, relation.name)))
}
