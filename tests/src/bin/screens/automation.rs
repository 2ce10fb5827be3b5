//! What happens by itself: schedules and their calendar, retention with its preview, maintenance and sessions.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::camera::Camera;

pub fn photograph(camera: &mut Camera<'_>) {
    schedules(camera);
    retention(camera);
    maintenance(camera);
    clearing(camera);
    drill(camera);
}

fn schedules(camera: &mut Camera<'_>) {
    let page = camera.window.page();
    camera.window.open_database("warehouse");
    page.test_id("tab-schedules").click();
    page.test_id("start-daily");
    camera.take("schedules-none");
    page.test_id("start-daily").click();
    page.wait_for_text("At 02:00");
    page.test_id("schedule-window").click();
    camera.take("schedule-form");
    // Without it, so that the run below need not wait for its hours.
    page.test_id("schedule-window").click();
    page.test_id("schedule-save").click();
    page.test_id("schedule-run");
    for (name, connection, when) in [
        ("archive every 6 hours", "archive", json!({"kind": "every", "seconds": 21_600})),
        ("warehouse weekly", "warehouse", json!({"kind": "cron", "pattern": "30 3 * * sun"})),
    ] {
        let request = json!({
            "name": name, "operation": "backup.create", "request": {"connection": connection},
            "timing": {"when": when, "zone": "Europe/Berlin"}
        });
        page.call("schedule.add", &request, None).expect("a schedule");
    }
    // One that works, and one whose server is not there: its reason stays visible.
    page.call("schedule.run_now", &json!({"schedule": "warehouse nightly"}), None).expect("due");
    page.call("schedule.run_now", &json!({"schedule": "archive every 6 hours"}), None).expect("due");
    camera.window.go_to("#/schedules");
    page.wait_for_text("archive every 6 hours");
    page.find("[data-testid=\"schedule-row\"] [role=\"img\"]").click();
    page.test_id("schedule-problem");
    camera.take("schedules-blocked");
    page.test_id("tab-calendar").click();
    page.wait_for_text("warehouse weekly");
    camera.take("calendar");
}

fn retention(camera: &mut Camera<'_>) {
    let page = camera.window.page();
    camera.window.open_database("warehouse");
    page.test_id("tab-retention").click();
    page.test_id("rule-keep_last").fill("1");
    page.test_id("retention-going");
    camera.take("retention");
    for name in ["warehouse", "archive"] {
        let id =
            page.call("connection.get", &json!({"connection": name}), None).expect("connected")["id"].clone();
        page.call("connection.update", &json!({"id": id, "group": "Logistics"}), None).expect("in a group");
    }
    page.test_id("group-nav").click();
    page.test_id("rule-keep_last").fill("1");
    page.wait_for_text("would go");
    camera.take("group-retention");
    page.test_id("group-save").click();
    page.test_id("plan-dialog");
    camera.take("group-retention-agree");
    page.test_id("apply").click();
    page.test_id("group-forget");
    camera.window.open_database("warehouse");
    page.test_id("tab-retention").click();
    page.test_id("retention-of-group");
    camera.take("retention-of-group");
}

fn maintenance(camera: &mut Camera<'_>) {
    let page = camera.window.page();
    page.test_id("tab-maintenance").click();
    page.find("[data-kind=\"vacuum\"] [data-testid=\"maintenance-open\"]").click();
    page.wait_for_text("Works on");
    camera.take("maintenance-dialog");
    page.test_id("maintenance-start").click();
    page.find("[data-kind=\"vacuum\"] [data-testid=\"maintenance-result\"]");
    camera.take("maintenance");
    page.test_id("sessions-close").click();
    page.test_id("sessions-plan").click();
    page.test_id("plan-dialog");
    camera.take("close-sessions");
    page.button("Cancel").click();
}

fn clearing(camera: &mut Camera<'_>) {
    let page = camera.window.page();
    page.test_id("tab-clean-up").click();
    page.test_id("rules-none");
    camera.take("clean-up");
    page.test_id("candidates-look").click();
    page.test_id("candidate");
    camera.take("clean-up-candidates");
    page.test_id("rule-add").click();
    page.test_id("rule-name").fill("old movements");
    page.find("input[aria-label=\"sales.movements\"]").click();
    page.find("select[data-testid=\"rule-column\"] option[value=\"booked_at\"]").click();
    page.test_id("rule-days").fill(&days_since_the_middle().to_string());
    page.test_id("rule-preview");
    camera.take("clean-up-rule");
    page.test_id("rule-save").click();
    page.test_id("plan-dialog");
    camera.take("clean-up-agree");
    page.test_id("apply").click();
    page.test_id("cleanup-rule");
    page.test_id("rule-run").click();
    page.test_id("rule-preview");
    camera.take("clean-up-run");
    page.test_id("apply").click();
    page.test_id("cleared");
    camera.take("cleaned-up");
    page.test_id("rule-menu").click();
    page.test_id("rule-schedule").click();
    page.test_id("schedule-rule");
    camera.take("clean-up-schedule");
    camera.window.open_database("warehouse");
    camera.window.ask_to_clear("public.tmp_import");
    camera.take("clear-table-plan");
    camera.window.clear("tmp_import");
    camera.take("table-cleared");
}

/// The movements were booked from January to June 2026; those before 15 March go, whenever the pictures are taken.
fn days_since_the_middle() -> u64 {
    let since_1970 =
        SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs() / 86_400;
    since_1970 - 20_527
}

fn drill(camera: &mut Camera<'_>) {
    let page = camera.window.page();
    page.test_id("tab-backups").click();
    page.find("[data-testid=\"recovery\"] [data-testid=\"drill-open\"]").click();
    page.test_id("drill-start");
    camera.take("drill");
    page.button("Cancel").click();
    camera.window.drill("warehouse");
    camera.take("drilled");
}
