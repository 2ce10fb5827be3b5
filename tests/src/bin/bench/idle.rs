//! What the program takes while it waits for the next schedule: memory as the kernel shares it out, and time on processors.
//! Promised: 120 MiB in the tray, 40 MiB for `holdfastctl worker`.

use std::time::Duration;

use holdfast_tests::window::desk::{Desk, TITLE, until};
use holdfast_tests::window::processes::Group;

/// Caches settle.
const REST: Duration = Duration::from_secs(8);
const LOOK: Duration = Duration::from_secs(20);

pub fn all() {
    println!("Idle; PSS of all its processes, time on processors in {} s", LOOK.as_secs());
    let desk = Desk::new();
    let worker = desk.worker();
    measured("holdfastctl worker", 40, &worker);
    drop(worker);
    let panel = desk.panel();
    let program = desk.start();
    let display = desk.display();
    let window = until("the window", || display.window(TITLE));
    measured("with its window open", 0, &program);
    display.close(window);
    until("what the window needed to be gone", || (program.started() == 0).then_some(()));
    measured("in the tray, after its window was closed", 120, &program);
    panel.choose("Quit");
    drop(program);
    let program = desk.start_hidden();
    panel.choose("Back up all");
    until("the backup", || (desk.backups() == 1).then_some(()));
    measured("in the tray, started hidden, after a backup", 120, &program);
}

fn measured(what: &str, promise_mib: u64, program: &Group) {
    std::thread::sleep(REST);
    let before = program.processor_time();
    std::thread::sleep(LOOK);
    let used = program.processor_time() - before;
    let parts = program.proportional_bytes();
    let mib = parts.iter().map(|(_, bytes)| bytes).sum::<u64>() >> 20;
    let parts: Vec<String> = parts.iter().map(|(name, bytes)| format!("{name} {}", bytes >> 20)).collect();
    let verdict = match promise_mib {
        0 => String::new(),
        promise if mib <= promise => format!(", promised {promise} MiB"),
        promise => format!(", promised {promise} MiB: BROKEN"),
    };
    println!("  {what}: {mib} MiB ({}), {:.2} s{verdict}", parts.join(", "), used.as_secs_f64());
}
