//! Making roles and tablespaces that a server lacks. What exists is never altered.

use std::collections::BTreeSet;

use holdfast_contract::restore::GlobalsPlan;

use super::Global;
use crate::postgres::connect::Session;
use crate::postgres::database;
use crate::postgres::sql::{Ident, Literal};
use crate::{Access, Result, Work};

/// Names that the server has.
struct There {
    roles: BTreeSet<String>,
    tablespaces: BTreeSet<String>,
    superuser: bool,
    creates_roles: bool,
}

async fn look(session: &mut Session) -> Result<There> {
    let names = |rows: Vec<Vec<Option<String>>>| {
        rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect()
    };
    let roles = names(session.rows("Listing the roles", "SELECT rolname FROM pg_catalog.pg_roles").await?);
    let tablespaces =
        names(session.rows("Listing the tablespaces", "SELECT spcname FROM pg_catalog.pg_tablespace").await?);
    let sql = "SELECT rolsuper, rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = current_user";
    let rights = session.rows("Looking at this login's rights", sql).await?;
    let is = |column: usize| rights.first().and_then(|row| row.get(column)?.as_deref()) == Some("t");
    Ok(There { roles, tablespaces, superuser: is(0), creates_roles: is(1) })
}

pub async fn plan(access: &Access, globals: &[Global]) -> Result<GlobalsPlan> {
    let mut session = database::elsewhere(access, &[]).await?;
    let there = look(&mut session).await?;
    session.close().await;
    let mut plan = GlobalsPlan::default();
    for global in globals {
        match global {
            Global::Role { name, .. } if there.roles.contains(name) => plan.existing_roles.push(name.clone()),
            Global::Role { name, mighty, .. } => {
                if *mighty && !there.superuser {
                    plan.blockers
                        .push(format!("Only a superuser may create the role {name} with all its rights."));
                }
                plan.missing_roles.push(name.clone());
            }
            Global::Tablespace { name, location, .. } if !there.tablespaces.contains(name) => {
                plan.missing_tablespaces.push(name.clone());
                plan.warnings.push(format!(
                    "The tablespace {name} is made in {location}, if the server has that folder, empty and its own; else what lies there goes into the default one."
                ));
            }
            _ => {}
        }
    }
    if !plan.missing_roles.is_empty() && !there.superuser && !there.creates_roles {
        plan.blockers
            .push("This login may not create roles: grant CREATEROLE, or use a login that has it.".into());
    }
    Ok(plan)
}

/// Roles all or none; tablespaces, which no transaction can hold, one by one. Returns what was left out, in sentences.
pub async fn restore(access: &Access, globals: &[Global], work: &Work) -> Result<Vec<String>> {
    work.checkpoint()?;
    work.progress.phase("Creating missing roles");
    let mut session = database::elsewhere(access, &[]).await?;
    let there = look(&mut session).await?;
    let missing: BTreeSet<&str> = globals
        .iter()
        .filter_map(|global| match global {
            Global::Role { name, .. } if !there.roles.contains(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let known = |role: &str| missing.contains(role) || there.roles.contains(role);
    let mut remarks = Vec::new();
    quieten(&mut session, there.superuser).await?;
    session.execute("Creating missing roles", "BEGIN").await?;
    for global in globals {
        if let Global::Role { name, .. } = global
            && missing.contains(name.as_str())
        {
            session
                .execute(&format!("Creating the role {name}"), &format!("CREATE ROLE {}", Ident(name)))
                .await?;
        }
    }
    for global in globals {
        match global {
            Global::Role { name, sql, .. } if missing.contains(name.as_str()) => {
                for statement in sql {
                    session.execute(&format!("Setting up the role {name}"), statement).await?;
                }
            }
            Global::Membership { role, member, grantor, .. }
                if missing.contains(role.as_str()) || missing.contains(member.as_str()) =>
            {
                if let Some(unknown) = [role, member].into_iter().find(|name| !known(name)) {
                    remarks.push(format!(
                        "{member} is not made a member of {role}: the server has no role {unknown}."
                    ));
                    continue;
                }
                let doing = format!("Making {member} a member of {role}");
                let granted = known(grantor) && session.version >= 160_000;
                let exact = membership(global, session.version, granted);
                if granted && attempt(&mut session, &doing, &exact).await? {
                    continue;
                }
                // Who granted it may lack the right to here; then it is this login's grant.
                session.execute(&doing, &membership(global, session.version, false)).await?;
            }
            Global::Parameter { role, sql } if missing.contains(role.as_str()) => {
                for statement in sql {
                    let doing = format!("Granting a setting to {role}");
                    if session.version < 150_000 || !attempt(&mut session, &doing, statement).await? {
                        remarks.push(format!("The role {role} is not granted a setting: this server does not know such a grant."));
                    }
                }
            }
            _ => {}
        }
    }
    session.execute("Creating missing roles", "COMMIT").await?;
    for global in globals {
        if let Global::Tablespace { name, owner, location, sql } = global
            && !there.tablespaces.contains(name)
        {
            let owner = known(owner).then_some(owner.as_str());
            remarks.extend(tablespace(&mut session, name, owner, location, sql).await);
        }
    }
    session.close().await;
    Ok(remarks)
}

/// Statements with password hashes stay out of the server's own log, where this login may say so.
async fn quieten(session: &mut Session, superuser: bool) -> Result<()> {
    if superuser {
        let sql = "SET log_statement = 'none'; SET log_min_duration_statement = -1; SET log_min_error_statement = 'panic'; \
                   SET log_duration = off";
        session.execute("Keeping passwords out of the server's log", sql).await?;
    }
    Ok(())
}

fn membership(global: &Global, version: u32, granted: bool) -> String {
    let Global::Membership { role, member, grantor, admin, inherit, set } = global else {
        return String::new();
    };
    let mut sql = format!("GRANT {} TO {}", Ident(role), Ident(member));
    if version >= 160_000 {
        let mut options = vec![format!("ADMIN {}", if *admin { "TRUE" } else { "FALSE" })];
        options.extend(inherit.map(|inherit| format!("INHERIT {}", if inherit { "TRUE" } else { "FALSE" })));
        options.extend(set.map(|set| format!("SET {}", if set { "TRUE" } else { "FALSE" })));
        sql += &format!(" WITH {}", options.join(", "));
    } else if *admin {
        sql += " WITH ADMIN OPTION";
    }
    if granted {
        sql += &format!(" GRANTED BY {}", Ident(grantor));
    }
    sql
}

/// False: refused by the server, and as if it had not been tried.
async fn attempt(session: &mut Session, doing: &str, sql: &str) -> Result<bool> {
    session.execute(doing, "SAVEPOINT attempt").await?;
    let taken = match session.execute(doing, sql).await {
        Ok(_) => true,
        Err(error) if error.server_code().is_some() => {
            session.execute(doing, "ROLLBACK TO SAVEPOINT attempt").await?;
            false
        }
        Err(error) => return Err(error),
    };
    session.execute(doing, "RELEASE SAVEPOINT attempt").await?;
    Ok(taken)
}

async fn tablespace(
    session: &mut Session,
    name: &str,
    owner: Option<&str>,
    location: &str,
    sql: &[String],
) -> Vec<String> {
    let doing = format!("Creating the tablespace {name}");
    let owner = owner.map_or(String::new(), |owner| format!(" OWNER {}", Ident(owner)));
    let create = format!("CREATE TABLESPACE {}{owner} LOCATION {}", Ident(name), Literal(location));
    if let Err(error) = session.execute(&doing, &create).await {
        return vec![format!(
            "The tablespace {name} could not be made; what lies there goes into the default one. {error}"
        )];
    }
    let mut remarks = Vec::new();
    for statement in sql {
        if let Err(error) = session.execute(&format!("Setting up the tablespace {name}"), statement).await {
            remarks.push(format!("Left out: {error}"));
        }
    }
    remarks
}
