//! Installers for the system this runs on. They hold the command line too.

use serde_json::json;

use crate::build;
use crate::process::{Outcome, built, npm, root, run, target};

/// The bundler, of the same release line as the framework in Cargo.lock.
const BUNDLER: &str = "@tauri-apps/cli@2.12.5";

pub fn package() -> Outcome {
    build::build(true)?;
    let bundles = if cfg!(target_os = "macos") {
        "dmg"
    } else if cfg!(windows) {
        "nsis"
    } else {
        // AppImage would fetch its runtime from the internet while bundling.
        "deb,rpm"
    };
    let mut bundler =
        npm(["exec", "--yes", "--package", BUNDLER, "--", "tauri", "build", "--bundles", bundles]);
    // Where the command line was built depends on the caller's target folder.
    let files = json!({"files": {"/usr/bin/holdfastctl": built("holdfastctl", true)}});
    let config = json!({"bundle": {"linux": {"deb": &files, "rpm": &files}}});
    run(bundler.arg("--config").arg(config.to_string()).current_dir(root()))?;
    println!("\nthe installers are in {}", target().join("release/bundle").display());
    Ok(())
}
