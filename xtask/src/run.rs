//! From a clean checkout to the window on the sample database, in one command.

use std::process::Command;

use crate::process::{Outcome, built, run as run_program};
use crate::{build, demo, setup};

pub fn run(only_demo: bool) -> Outcome {
    setup::setup()?;
    build::build(false)?;
    if display_present() && !only_demo {
        return run_program(&mut Command::new(built("holdfast", false)));
    }
    if !only_demo {
        println!("\nThere is no display here, so no window. The same main job, through holdfastctl:");
    }
    demo::main_job()
}

fn display_present() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(not(target_os = "linux")) || set("DISPLAY") || set("WAYLAND_DISPLAY")
}
