//! Views, each after the ones it looks at.

use std::collections::{HashMap, HashSet};

use holdfast_contract::snapshot::Phase;

use super::super::connect::Session;
use super::super::error;
use super::super::sql::{Literal, Name};
use super::{Draft, show, text};
use crate::Result;

struct View {
    name: String,
    settings: Option<String>,
    create: String,
    looks_at: Vec<String>,
}

pub async fn collect(session: &mut Session, draft: &mut Draft<'_>) -> Result<()> {
    // Where a view cannot be opened any more, the server says so in place of a comment; asking for its options makes
    // the server try.
    let sql = format!(
        "SELECT table_name, table_comment, create_options FROM information_schema.tables WHERE table_schema = {} \
         AND table_type = 'VIEW' ORDER BY 1, hex(table_name)",
        Literal(draft.database)
    );
    let mut names = Vec::new();
    let mut doubtful = HashSet::new();
    for row in show::catalog(session, "Listing the views", &sql, |_| true).await? {
        let Some(name) = show::text(&row, 0) else { continue };
        if show::text(&row, 1).is_some_and(|comment| comment.contains("references invalid")) {
            doubtful.insert(name.clone());
        }
        names.push(name);
    }
    let mut views = Vec::new();
    for (name, row) in names.iter().zip(show::create(session, "VIEW", &names).await?) {
        let found = row.ok().and_then(|row| show::text(&row, 1).map(|create| (row, create)));
        let Some((row, create)) = found else {
            draft.omit(
                "view",
                name,
                "This login lacks SHOW VIEW or SELECT on it, so its definition cannot be read.",
            );
            continue;
        };
        if doubtful.contains(name) && is_broken(session, name, &create).await? {
            draft.omit(
                "view",
                name,
                "It refers to a table, column or function that does not exist any more, so no server would accept its definition.",
            );
            continue;
        }
        let create = text::unqualified(&create, draft.database);
        views.push(View {
            name: name.clone(),
            settings: show::charset_settings(&create, show::text(&row, 2), show::text(&row, 3)),
            looks_at: text::names(&create),
            create,
        });
    }
    let (ordered, circular) = ordered(views);
    for view in &circular {
        let columns = column_names(session, draft.database, &view.name).await?;
        let columns: Vec<String> = columns.iter().map(|name| format!("1 AS {}", Name(name))).collect();
        let stand_in = format!("CREATE VIEW {} AS SELECT {}", Name(&view.name), columns.join(", "));
        draft.add("view stand-in", &view.name, None, Phase::After, vec![stand_in]);
    }
    for view in ordered {
        let statements = view.settings.into_iter().chain([view.create]).collect();
        draft.add("view", &view.name, None, Phase::After, statements);
    }
    // Each has a stand-in, which its own definition replaces.
    for view in circular {
        let create = view.create.replacen("CREATE ", "CREATE OR REPLACE ", 1);
        let statements = view.settings.into_iter().chain([create]).collect();
        draft.add("view", &view.name, None, Phase::After, statements);
    }
    Ok(())
}

/// The server calls a view invalid also when only its definer is gone; then another server takes the definition.
async fn is_broken(session: &mut Session, name: &str, create: &str) -> Result<bool> {
    let body =
        create.split_once(&format!("VIEW {}", Name(name))).and_then(|(_, rest)| rest.split_once(" AS "));
    let Some((_, body)) = body else { return Ok(false) };
    let body = [" WITH CASCADED CHECK OPTION", " WITH LOCAL CHECK OPTION"]
        .into_iter()
        .find_map(|tail| body.strip_suffix(tail))
        .unwrap_or(body);
    // Resolves every name and runs nothing.
    let prepared =
        session.execute("Looking at a view", &format!("PREPARE holdfast FROM {}", Literal(body))).await;
    match prepared {
        Ok(_) => {
            session.execute("Looking at a view", "DEALLOCATE PREPARE holdfast").await?;
            Ok(false)
        }
        // no such table, column, function; another view that is itself broken
        Err(refusal) if matches!(error::native(&refusal), Some(1146 | 1054 | 1305 | 1356 | 1051)) => Ok(true),
        Err(refusal) if error::native(&refusal).is_some() => Ok(false),
        Err(lost) => Err(lost),
    }
}

/// By the names in their texts; what only seems to go in a circle (a column named as a view) comes last.
fn ordered(views: Vec<View>) -> (Vec<View>, Vec<View>) {
    let all: HashSet<String> = views.iter().map(|view| view.name.clone()).collect();
    let mut waiting: HashMap<String, HashSet<String>> = views
        .iter()
        .map(|view| {
            let needs =
                view.looks_at.iter().filter(|name| all.contains(*name) && **name != view.name).cloned();
            (view.name.clone(), needs.collect())
        })
        .collect();
    let (mut done, mut left) = (Vec::new(), views);
    loop {
        let (ready, rest): (Vec<View>, Vec<View>) =
            left.into_iter().partition(|view| waiting.get(&view.name).is_none_or(HashSet::is_empty));
        if ready.is_empty() {
            return (done, rest);
        }
        for view in &ready {
            waiting.values_mut().for_each(|needs| {
                needs.remove(&view.name);
            });
        }
        done.extend(ready);
        left = rest;
    }
}

async fn column_names(session: &mut Session, database: &str, view: &str) -> Result<Vec<String>> {
    let sql = format!(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = {} AND table_name = {} \
         ORDER BY ordinal_position",
        Literal(database),
        Literal(view)
    );
    Ok(session.rows("Listing the columns of a view", &sql).await?.into_iter().flatten().flatten().collect())
}
