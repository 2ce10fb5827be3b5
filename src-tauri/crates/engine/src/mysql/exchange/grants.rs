//! Rights on single routines. All other rights are kept by name; these end with the routine, which is made again.

use super::super::connect::Session;
use super::super::error;
use super::super::sql::{Literal, Qualified};
use crate::Result;

/// As statements. Empty for a login that may not read them: rights on whole databases are not touched anyway.
pub async fn on_routines(session: &mut Session, database: &str) -> Result<Vec<String>> {
    let sql = format!(
        "SELECT user, host, routine_name, routine_type, proc_priv FROM mysql.procs_priv WHERE db = {}",
        Literal(database)
    );
    let rows = match session.rows("Reading the rights on routines", &sql).await {
        Ok(rows) => rows,
        Err(denied) if matches!(error::native(&denied), Some(1142 | 1044 | 1143)) => return Ok(Vec::new()),
        Err(failed) => return Err(failed),
    };
    Ok(rows
        .into_iter()
        .filter_map(|row| match <[Option<String>; 5]>::try_from(row) {
            Ok([Some(user), Some(host), Some(name), Some(kind), Some(rights)]) => {
                Some(grant(database, &user, &host, &name, &kind, &rights))
            }
            _ => None,
        })
        .collect())
}

fn grant(database: &str, user: &str, host: &str, name: &str, kind: &str, rights: &str) -> String {
    let passed_on = rights.split(',').any(|right| right.eq_ignore_ascii_case("Grant"));
    let mut list: Vec<&str> =
        rights.split(',').filter(|right| !right.eq_ignore_ascii_case("Grant")).collect();
    if list.is_empty() {
        list.push("USAGE");
    }
    let tail = if passed_on { " WITH GRANT OPTION" } else { "" };
    // A role has no host.
    let to = if host.is_empty() {
        Literal(user).to_string()
    } else {
        format!("{}@{}", Literal(user), Literal(host))
    };
    format!("GRANT {} ON {kind} {} TO {to}{tail}", list.join(", "), Qualified(database, name))
}

/// Gives them again to routines that are there; another one of that name may not be.
pub async fn give(session: &mut Session, grants: &[String]) -> Result<()> {
    for grant in grants {
        match session.execute("Giving the rights on routines again", grant).await {
            Ok(_) => {}
            // No such routine any more, or no such account.
            Err(gone) if matches!(error::native(&gone), Some(1305 | 1133 | 1959 | 1410)) => {}
            Err(failed) => return Err(failed),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_said_as_they_were() {
        assert_eq!(
            grant("shop", "a'b", "%", "p`q", "PROCEDURE", "Execute,Alter Routine,Grant"),
            "GRANT Execute, Alter Routine ON PROCEDURE `shop`.`p``q` TO 'a''b'@'%' WITH GRANT OPTION"
        );
    }
}
