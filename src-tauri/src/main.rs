//! The desktop program. Everything it does is in the library beside it, so that it can be tested.

// A console window beside the real one would be noise; a debug build keeps it for its log.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    holdfast_desktop::prepare_process();
    holdfast_desktop::run()
}
