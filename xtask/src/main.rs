//! `cargo xtask`: everything a contributor or the build server does, on any of their systems, in one place.
//!
//! Programs are started with argument lists, never through a shell. What does not belong here: anything the
//! product does; this crate sees the programs only from outside.
// A program for the terminal: printing is its work.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod bench;
mod build;
mod check;
mod demo;
mod generate;
mod lanes;
mod package;
mod postgres_sources;
mod process;
mod run;
mod screens;
mod servers;
mod setup;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "Build, run and test Holdfast")]
struct Line {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what is missing on this machine; quick when nothing is
    Setup,
    /// Set up, build and open the window (without a display: do the main job in the terminal)
    Run {
        /// Do the main job in the terminal even though there is a display
        #[arg(long)]
        demo: bool,
    },
    /// Set up and run every check and test
    Test,
    /// Build the page, the window (`holdfast`) and the command line (`holdfastctl`)
    Build {
        #[arg(long)]
        release: bool,
    },
    /// Formatting and lints
    Check,
    /// Write the description of the operations and the page's types from the list of operations
    Generate,
    /// Measure against reference tools, as ratios in one run
    Bench {
        /// Sizes in megabytes, or names of benchmarks (none: the standard ones)
        arguments: Vec<String>,
    },
    /// Photograph every screen of the real window into target/screens
    Screens,
    /// Installers for this system
    Package,
}

fn main() -> ExitCode {
    let outcome = match Line::parse().task {
        Task::Setup => setup::setup(),
        Task::Run { demo } => run::run(demo),
        Task::Test => test::test(),
        Task::Build { release } => build::build(release),
        Task::Check => setup::page_packages().and_then(|()| check::check()),
        Task::Generate => generate::generate(),
        Task::Bench { arguments } => bench::bench(&arguments),
        Task::Screens => screens::screens(),
        Task::Package => package::package(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("\nfailed: {reason}");
            ExitCode::FAILURE
        }
    }
}
