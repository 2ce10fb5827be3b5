//! Every check and test, the short round of every day, chosen tests by name, and long campaigns. Each ends with one line of
//! numbers.

use std::collections::BTreeSet;
use std::process::Command;

use crate::names::{self, Home, Known, Wanted};
use crate::process::{Outcome, npm, on_path, root};
use crate::programs::{Lane, Program, built_by};
use crate::tally::Tally;
use crate::{build, check, generate, lanes, setup};

/// Programs and tests together: alone, either would be compiled with other features, twice.
const ALL: &[&str] = &["build", "--bins", "--tests"];

/// The short round: all unit tests, the walls, the page, and of each engine the contract and the main story.
const QUICK: &[&str] = &[
    "stories::postgres::everything_comes_back_as_pg_dump_sees_it",
    "stories::mariadb::everything_comes_back_as_mariadb_dump_sees_it",
    "stories::sqlite::every_kind_of_table_comes_back_and_what_is_odd_is_named",
    "engines::postgres_contract::postgres_keeps_the_contract_of_an_engine",
    "engines::mysql_contract::mariadb_keeps_the_contract_of_an_engine",
    "engines::sqlite_contract::sqlite_keeps_the_contract_of_an_engine",
];
const QUICK_PROGRAMS: &[&str] = &["layers"];

/// Tests with a long form (`holdfast_testkit::rounds`): random databases, kills, cuts at every command.
const CAMPAIGNS: &[&str] =
    &["postgres_generated", "mysql_exchange", "kills", "mariadb_faults", "clearing_writers"];

/// Everything, cheapest first.
pub fn all() -> Outcome {
    setup::setup()?;
    check::formats()?;
    build::page()?;
    check::page()?;
    let programs = built_by(ALL)?;
    generate::up_to_date()?;
    let mut lanes = lanes_of(&programs, |_, _| true)?;
    lanes.push(page_lane(&[]));
    // The lints need their own pass over everything; beside the tests, which mostly wait, it costs little time.
    finish(lanes, Some(lints()))
}

/// Under three minutes once built.
pub fn quick() -> Outcome {
    let known = names::known()?;
    if let Some(gone) = QUICK.iter().find(|name| !known.iter().any(|test| test.name == **name)) {
        return Err(format!(
            "{gone} belongs to the short round and is gone: name another in xtask/src/test.rs"
        ));
    }
    setup::setup()?;
    build::page_if_older()?;
    let programs = built_by(ALL)?;
    let mut lanes = lanes_of(&programs, |program, name| {
        program.is_unit || QUICK_PROGRAMS.contains(&program.name.as_str()) || QUICK.contains(&name)
    })?;
    lanes.push(page_lane(&[]));
    finish(lanes, None)
}

/// Tests and modules by name; builds only the programs that hold them.
pub fn named(words: &[String]) -> Outcome {
    let known = names::known()?;
    let wanted = Wanted::new(words, &known)?;
    let lanes = chosen(&known, &wanted)?;
    finish(lanes, None)
}

/// The long forms, for hours; of those named, or of all.
pub fn campaign(words: &[String]) -> Outcome {
    let standard: Vec<String> = CAMPAIGNS.iter().map(|name| (*name).to_owned()).collect();
    let known = names::known()?;
    let wanted = Wanted::new(if words.is_empty() { &standard } else { words }, &known)?;
    let mut lanes = chosen(&known, &wanted)?;
    for lane in &mut lanes {
        lane.command.env("HOLDFAST_CAMPAIGN", "1");
    }
    finish(lanes, None)
}

fn chosen(known: &[Known], wanted: &Wanted) -> Outcome<Vec<Lane>> {
    let homes: BTreeSet<&Home> =
        known.iter().filter(|test| wanted.holds(&test.name)).map(|test| &test.home).collect();
    setup::setup()?;
    let mut lanes = Vec::new();
    let targets: Vec<&str> = homes
        .iter()
        .filter_map(|home| match home {
            Home::Program(target) => Some(target.as_str()),
            _ => None,
        })
        .collect();
    if !targets.is_empty() {
        // The window has the page inside.
        build::page_if_older()?;
        // Stories drive the built programs.
        let mut words = vec!["build", "--bin", "holdfastctl", "--bin", "holdfast"];
        words.extend(targets.iter().flat_map(|target| ["--test", target]));
        lanes.extend(lanes_of(&built_by(&words)?, |_, name| wanted.holds(name))?);
    }
    if homes.contains(&Home::Units) {
        build::page_if_older()?;
        let units = built_by(&["test", "--no-run", "--lib", "--bins"])?;
        lanes.extend(lanes_of(&units, |program, name| wanted.holds(&as_in_sources(program, name)))?);
    }
    let pages: Vec<&str> = homes
        .iter()
        .filter_map(|home| match home {
            Home::Page(file) => Some(file.as_str()),
            _ => None,
        })
        .collect();
    if !pages.is_empty() {
        lanes.push(page_lane(&pages));
    }
    Ok(lanes)
}

/// The sources do not say the module in which tests stand, and name a crate by its folder.
fn as_in_sources(program: &Program, name: &str) -> String {
    let folder = program.folder_name();
    let inside = name.strip_prefix(&format!("{}::", program.name)).unwrap_or(name);
    let parts: Vec<&str> = inside.split("::").filter(|part| *part != "tests").collect();
    format!("{folder}::{}", parts.join("::"))
}

fn lanes_of(programs: &[Program], chosen: impl Fn(&Program, &str) -> bool) -> Outcome<Vec<Lane>> {
    let mut lanes = Vec::new();
    for program in programs {
        lanes.extend(program.lanes(|name| chosen(program, name))?);
    }
    Ok(lanes)
}

fn page_lane(files: &[&str]) -> Lane {
    let mut command = npm(["exec", "--no", "--", "vitest", "run"]);
    command.args(files);
    Lane { name: "page".into(), command }
}

/// Gives way to the tests where the system knows how to.
fn lints() -> Lane {
    let lint = check::lints();
    if !on_path("nice") {
        return Lane { name: "lints".into(), command: lint };
    }
    let mut command = Command::new("nice");
    command.arg("-n").arg("15").arg(lint.get_program()).args(lint.get_args()).current_dir(root());
    Lane { name: "lints".into(), command }
}

fn finish(lanes: Vec<Lane>, beside: Option<Lane>) -> Outcome {
    if lanes.is_empty() {
        return Err("no test of this system is among those".to_owned());
    }
    let mut tally = Tally::default();
    let sound = lanes::run(lanes, beside, |line| tally.hear(line))?;
    tally.print();
    if sound { Ok(()) } else { Err("some tests failed".to_owned()) }
}
