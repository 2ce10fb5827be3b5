//! Kinds of backup, tables that come back alone, roles that a server lacks, the form for MySQL and MariaDB.

use holdfast_tests::postgres::Server;

use crate::camera::Camera;

pub fn photograph(camera: &mut Camera<'_>) {
    kinds(camera);
    globals(camera);
    tables(camera);
    mysql_form(camera);
}

fn kinds(camera: &mut Camera<'_>) {
    let page = camera.window.page();
    camera.window.open_database("warehouse");
    page.test_id("backup-options-open").click();
    page.test_id("kind-schema").click();
    page.wait_for_text("every object and no rows");
    camera.take("kind-schema");
    page.test_id("kind-data").click();
    page.wait_for_text("Rows into tables");
    camera.take("kind-data");
    page.test_id("kind-full").click();
    page.test_id("tables-some").click();
    page.find("input[type=checkbox][aria-label=\"stock.articles\"]").click();
    page.wait_for_text("1 table ·");
    camera.take("kind-chosen-tables");
    page.button("Cancel").click();
}

/// A backup that knows a role which its server has lost since.
fn globals(camera: &mut Camera<'_>) {
    let page = camera.window.page();
    let server = Server::shared();
    server.psql(
        "warehouse",
        "create role stock_reader; grant select on all tables in schema stock to stock_reader",
    );
    page.test_id("back-up-now").click();
    page.wait_until_gone("[data-testid=\"back-up-now\"][aria-busy=\"true\"]");
    camera.window.prove();
    server.psql("warehouse", "drop owned by stock_reader; drop role stock_reader");
    page.test_id("backup-details").click();
    page.test_id("proof-save-text");
    page.script(
        "document.querySelector('[data-testid=proof-save-text]').scrollIntoView({block: 'center'});",
        &[],
    );
    camera.take("proof-record");
    page.test_id("restore-open").click();
    page.test_id("restore-plan").click();
    page.test_id("missing-globals");
    camera.take("restore-missing-roles");
    page.button("Back").click();
}

fn tables(camera: &mut Camera<'_>) {
    let page = camera.window.page();
    page.test_id("what-tables").click();
    page.find("input[type=checkbox][aria-label=\"stock.articles\"]").click();
    page.find("input[type=checkbox][aria-label=\"stock.levels\"]").click();
    camera.take("restore-tables");
    page.test_id("tables-replace").click();
    page.test_id("restore-plan").click();
    page.test_id("chosen-tables");
    camera.take("restore-tables-plan");
    page.test_id("typed-name").fill("warehouse");
    page.test_id("restore-start").click();
    page.test_id("restore-done");
    camera.take("restored-tables");
}

fn mysql_form(camera: &mut Camera<'_>) {
    let page = camera.window.page();
    camera.window.go_to("#/connections/new");
    page.find("input[value=mysql]").click();
    page.test_id("connection-host");
    camera.take("mysql-form");
}
