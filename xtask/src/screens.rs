//! Pictures of every screen, taken from the real window, for eyes and for the README.

use crate::process::{Outcome, cargo, run, target};
use crate::{build, setup};

pub fn screens() -> Outcome {
    setup::setup()?;
    build::build(false)?;
    let folder = target().join("screens");
    run(cargo(["run", "--quiet", "--package", "holdfast-tests", "--bin", "screens", "--"]).arg(&folder))?;
    println!("\nthe pictures are in {}", folder.display());
    Ok(())
}
