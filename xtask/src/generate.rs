//! What is derived from the list of operations: the OpenAPI document, and from it the page's types and what each operation
//! reads, changes and starts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{Outcome, built, cargo, npm, read, root, run, target};
use crate::setup;

/// Writes both into the source tree.
pub fn generate() -> Outcome {
    setup::page_packages()?;
    // All of it: one package alone would be compiled with other features.
    run(&mut cargo(["build", "--workspace", "--bins"]))?;
    write_into(&generated())
}

/// Makes both again elsewhere and compares; for the test run, after the programs are built.
pub fn up_to_date() -> Outcome {
    let fresh = target().join("generated");
    fs::create_dir_all(&fresh).map_err(|error| format!("{}: {error}", fresh.display()))?;
    write_into(&fresh)?;
    for name in ["openapi.json", "types.ts", "policies.ts"] {
        let (wanted, found) = (fs::read(fresh.join(name)), fs::read(generated().join(name)));
        if wanted.map_err(|error| error.to_string())? != found.unwrap_or_default() {
            return Err(format!("ui/src/api/generated/{name} is out of date: run `cargo xtask generate`"));
        }
    }
    println!("the page's types are up to date");
    Ok(())
}

fn generated() -> PathBuf {
    root().join("ui/src/api/generated")
}

fn write_into(folder: &Path) -> Outcome {
    let document = folder.join("openapi.json");
    let text = read(Command::new(built("holdfastctl", false)).arg("openapi"))?;
    fs::write(&document, text).map_err(|error| format!("{}: {error}", document.display()))?;
    run(npm(["exec", "--no", "--", "openapi-typescript"])
        .arg(&document)
        .arg("--output")
        .arg(folder.join("types.ts")))?;
    let script = root().join("ui/scripts/policies.mjs");
    run(Command::new("node").arg(script).arg(&document).arg(folder.join("policies.ts")))
}
