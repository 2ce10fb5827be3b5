//! `holdfastctl`: Holdfast without a screen.
//!
//! A thin host: it turns words on a command line into operations and answers into text or JSON. Every
//! decision (who may, what must be confirmed, what is recorded) is the gate's.

mod cli;
mod commands;
mod detach;
mod failure;
mod follow;
mod host;
mod output;
mod passphrase;
mod text;

use clap::Parser;

use crate::cli::Cli;
use crate::output::Output;

fn main() -> std::process::ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.global.json);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return output
                .failure(&failure::internal(format!("The program could not start its threads: {error}.")));
        }
    };
    host::start_logging(&cli.global);
    let result = runtime.block_on(commands::run(cli, &output));
    // Blocking reads (a terminal prompt) must not hold up the end of the program.
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    match result {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(failure) => output.failure(&failure),
    }
}
