//! The real window, driven as a person would: the program itself, a display of its own, a private session bus and
//! keyring, and WebKit's WebDriver. Linux only; the other systems have no WebDriver for their web views.

pub mod desk;
pub mod display;
mod driver;
mod page;
pub mod panel;
pub mod processes;
pub mod session;
pub mod story;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

pub use driver::Failure;
pub use page::Page;

use driver::Driver;
use session::Session;

/// How long anything in the window may take before a test gives up. Generous: the machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running Holdfast with its page. Dropping it ends the program and everything started for it.
pub struct Window {
    // Dropped in this order: the program before the display and the keyring it uses.
    driver: Driver,
    _session: Session,
    folder: TempDir,
}

impl Window {
    /// On an empty data folder.
    pub fn open() -> Self {
        Self::open_with(&[])
    }

    /// With more variables in the program's environment.
    pub fn open_with(variables: &[(&str, &str)]) -> Self {
        let folder =
            tempfile::Builder::new().prefix("holdfast-window-").tempdir().expect("a temporary folder");
        let session = Session::start(folder.path());
        let mut environment = session.environment().to_vec();
        environment.extend([
            ("HOLDFAST_HOME".to_owned(), home_in(folder.path()).display().to_string()),
            ("TAURI_WEBVIEW_AUTOMATION".to_owned(), "true".to_owned()),
            // Screenshots hang without the renderer that the program switches off for everybody else.
            ("WEBKIT_DISABLE_DMABUF_RENDERER".to_owned(), "0".to_owned()),
        ]);
        environment.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let driver = Driver::start(&program(), &environment, folder.path());
        let window = Self { driver, _session: session, folder };
        window.page().remember_complaints();
        window
    }

    pub fn page(&self) -> Page<'_> {
        Page::new(&self.driver)
    }
    /// The data folder.
    pub fn home(&self) -> PathBuf {
        home_in(self.folder.path())
    }
    /// A place for the test's own files, outside the data folder.
    pub fn outside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
    /// Of the page, in CSS pixels.
    pub fn resize(&self, width: u32, height: u32) {
        self.driver
            .post("/window/rect", &json!({"x": 0, "y": 0, "width": width, "height": height}))
            .unwrap_or_else(|failure| panic!("resizing the window: {failure}"));
        self.page().wait_for_script(
            &format!("return window.innerWidth === {width} && window.innerHeight === {height};"),
            "the window to take its size",
        );
    }
    pub fn photograph(&self, file: &Path) {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).expect("a folder for the pictures");
        }
        self.page().settle();
        let picture =
            self.driver.screenshot().unwrap_or_else(|failure| panic!("taking a picture: {failure}"));
        std::fs::write(file, picture).expect("writing the picture");
    }
    /// What the program wrote to standard error, for the message of a failing test.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("driver.log")).unwrap_or_default()
    }
}

fn home_in(folder: &Path) -> PathBuf {
    folder.join("home")
}

/// The program under test, built beside the tests.
pub fn program() -> PathBuf {
    let tests = std::env::current_exe().expect("the test's own path");
    let folder = tests.ancestors().find(|folder| folder.join("holdfast").is_file());
    let Some(folder) = folder else {
        panic!(
            "holdfast is not beside {}: run `cargo xtask build` first (`cargo xtask test` does)",
            tests.display()
        );
    };
    folder.join("holdfast")
}
