//! Benchmarks measure an optimised build and never fail on time. What is measured is in `tests/src/bin/bench`.

use crate::process::{Outcome, cargo, run};
use crate::{build, setup};

pub fn bench(arguments: &[String]) -> Outcome {
    setup::setup()?;
    build::build(true)?;
    run(cargo(["run", "--quiet", "--release", "--package", "holdfast-tests", "--bin", "bench", "--"])
        .args(arguments))
}
