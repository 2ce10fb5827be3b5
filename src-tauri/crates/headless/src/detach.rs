//! `--detach`: the work goes on in a process of its own; this one prints the ids and returns.
//!
//! The child runs the same command with `--announce`: it prints one line of JSON once the job is accepted and
//! then says nothing more. A passphrase that was typed travels through the child's standard input.

use std::io::{BufRead, Write};
use std::process::{Command, Stdio};

use holdfast_contract::backup::Started;
use holdfast_contract::{ApiError, ErrorCode};
use secrecy::ExposeSecret;

use crate::cli::Global;
use crate::failure::{Failure, Result, internal};
use crate::output::Output;
use crate::passphrase::Terminal;

/// Starts this command line again without `--detach`, waits for its announcement and prints it.
pub fn start(output: &Output, terminal: &Terminal) -> Result<()> {
    let program = std::env::current_exe()
        .map_err(|error| internal(format!("This program cannot find itself: {error}.")))?;
    let arguments = std::env::args_os().skip(1).filter(|argument| argument != "--detach");
    let mut command = Command::new(program);
    command
        .args(arguments)
        .arg("--announce")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command
        .spawn()
        .map_err(|error| internal(format!("The background process did not start: {error}.")))?;
    if let Some(mut stdin) = child.stdin.take() {
        let passphrase = terminal.without_asking()?;
        // A child that failed at once has closed its end; its announcement tells why.
        let _ = writeln!(stdin, "{}", passphrase.as_ref().map_or("", |secret| secret.expose_secret()));
    }
    let stdout = child.stdout.take().ok_or_else(|| internal("The background process has no output."))?;
    let answer = first_document(std::io::BufReader::new(stdout))?;
    if let Some(error) = answer.get("error") {
        let error: ApiError =
            serde_json::from_value(error.clone()).map_err(|error| internal(error.to_string()))?;
        return Err(error.into());
    }
    output.result(&answer, || match (answer["id"].as_str(), answer["job_id"].as_str()) {
        (Some(id), Some(job)) => format!("{id}\nFollow it with: holdfastctl job watch {job}"),
        _ => serde_json::to_string_pretty(&answer).unwrap_or_default(),
    })
}

/// The announcement is one line. An operation that starts no job answers at once, on as many lines as it likes.
fn first_document(mut from: impl BufRead) -> Result<serde_json::Value> {
    let unreadable =
        |error: std::io::Error| internal(format!("The background process gave no answer: {error}."));
    let mut text = String::new();
    from.read_line(&mut text).map_err(unreadable)?;
    if let Ok(answer) = serde_json::from_str(&text) {
        return Ok(answer);
    }
    from.read_to_string(&mut text).map_err(unreadable)?;
    serde_json::from_str(&text)
        .map_err(|_| internal("The background process ended before its job was accepted."))
}

/// In the child: the job is accepted.
pub fn announce(output: &Output, started: &Started) -> Result<()> {
    if !is_child() {
        return Ok(());
    }
    let line = serde_json::to_string(started).map_err(|error| internal(error.to_string()))?;
    output.line(&line)
}

/// In the child: it ended before a job was accepted. Harmless after [`announce`]: nobody reads any more.
pub fn announce_failure(output: &Output, failure: &Failure) {
    let line = serde_json::json!({ "error": failure.error }).to_string();
    // As said: the reader may be gone.
    let _ = output.line(&line);
}

/// The passphrase that the parent hands over, in the child.
pub fn handed_over(global: &Global) -> Result<Terminal> {
    if !global.announce {
        return Ok(Terminal::default());
    }
    let secret = crate::passphrase::first_line_of_stdin()?;
    Ok(Terminal::knowing((!secret.expose_secret().is_empty()).then_some(secret)))
}

/// The hang-up of the terminal must not end work that was left behind on purpose.
pub fn outlive_the_terminal() -> Result<()> {
    #[cfg(unix)]
    {
        let hangup = tokio::signal::unix::SignalKind::hangup();
        let mut hangups = tokio::signal::unix::signal(hangup).map_err(|error| {
            ApiError::new(ErrorCode::Internal, format!("Signals cannot be received: {error}."))
        })?;
        tokio::spawn(async move { while hangups.recv().await.is_some() {} });
    }
    Ok(())
}

fn is_child() -> bool {
    std::env::args_os().any(|argument| argument == "--announce")
}
