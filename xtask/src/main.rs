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
mod names;
mod package;
mod postgres_sources;
mod process;
mod programs;
mod record;
mod run;
mod screens;
mod servers;
mod setup;
mod tally;
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
    /// Set up and run every check and test, or only some
    Test {
        /// Tests or modules, by name or a part of it (none: everything)
        names: Vec<String>,
        /// The short round: unit tests, walls, page, and the main story of each engine
        #[arg(long, conflicts_with = "names")]
        quick: bool,
    },
    /// Run the long forms of tests with random databases, kills and cuts; takes hours
    Campaign {
        /// Tests or modules (none: all that have a long form)
        names: Vec<String>,
    },
    /// Build the page, the window (`holdfast`) and the command line (`holdfastctl`)
    Build {
        #[arg(long)]
        release: bool,
    },
    /// Formatting and lints
    Check,
    /// Write the description of the operations and the page's types from the list of operations
    Generate,
    /// Record anew what the page's tests replay, from the real application
    Record,
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
        Task::Test { quick: true, .. } => test::quick(),
        Task::Test { names, .. } if names.is_empty() => test::all(),
        Task::Test { names, .. } => test::named(&names),
        Task::Campaign { names } => test::campaign(&names),
        Task::Build { release } => build::build(release),
        Task::Check => check::check(),
        Task::Generate => generate::generate(),
        Task::Record => record::record(),
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
