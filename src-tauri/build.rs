//! Puts the window's permissions and its page into the program.
//!
//! Build scripts run in the package root, which is the repository's top.

use std::path::Path;
use std::{fs, io};

/// Everything the page may invoke. Listed here, a command is refused unless a capability allows it.
const COMMANDS: &[&str] = &["call", "desktop_state", "choose_save_path", "choose_file", "choose_folder"];

fn main() {
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    println!("cargo:rerun-if-changed=icons");
    println!("cargo:rerun-if-changed=ui/dist");
    if let Err(error) = stand_in_page(Path::new("ui/dist")) {
        panic!("ui/dist/index.html is missing and cannot be written: {error}");
    }
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("src-tauri/capabilities/**/*")
        .app_manifest(tauri_build::AppManifest::new().commands(COMMANDS));
    if let Err(error) = tauri_build::try_build(attributes) {
        panic!("the host's configuration is not usable: {error:#}");
    }
}

/// The page is embedded when the host compiles, so a checkout whose page was not built yet could not even
/// be checked by the compiler. A page that says what is missing takes its place until then.
fn stand_in_page(dist: &Path) -> io::Result<()> {
    let index = dist.join("index.html");
    if index.exists() {
        return Ok(());
    }
    fs::create_dir_all(dist)?;
    fs::write(
        index,
        r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Holdfast</title></head>
<body><main data-testid="no-page"><h1>This build has no page</h1>
<p>Build it together with its page: <code>cargo xtask build</code></p></main></body></html>
"#,
    )
}
