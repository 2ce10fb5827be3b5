//! What happens by itself: schedules and their calendar, retention with its preview, maintenance and sessions.

use serde_json::json;

use crate::camera::Camera;

pub fn photograph(camera: &mut Camera<'_>) {
    schedules(camera);
    retention(camera);
    maintenance(camera);
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
