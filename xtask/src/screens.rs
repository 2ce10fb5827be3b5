//! Pictures of every screen, taken from the real window, for eyes and for the README.

use std::process::Command;

use crate::process::{Outcome, built, run, target};
use crate::{build, setup};

pub fn screens() -> Outcome {
    setup::setup()?;
    build::build(false)?;
    let folder = target().join("screens");
    // Built with the others: alone it would be compiled with other features.
    run(Command::new(built("screens", false)).arg(&folder))?;
    println!("\nthe pictures are in {}", folder.display());
    Ok(())
}
