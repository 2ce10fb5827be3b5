//! Processes that end with the test, together with everything they started.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Its own process group, so that what it starts (a bus starts services, a driver the program) ends with it.
pub struct Group {
    leader: Child,
}

impl Group {
    pub fn start(command: &mut Command) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        let leader = command.process_group(0).spawn().unwrap_or_else(|error| {
            panic!("{name} does not start ({error}): `cargo xtask setup` installs what is missing")
        });
        Self { leader }
    }

    /// Starts it and waits for the first line it prints, which says where it can be reached.
    pub fn start_and_hear(command: &mut Command) -> (Self, String) {
        let mut group = Self::start(command.stdout(Stdio::piped()));
        let output = group.leader.stdout.take().expect("a pipe");
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).expect("a readable pipe");
        assert!(!line.trim().is_empty(), "{:?} ended before it said where it is", command.get_program());
        (group, line.trim().to_owned())
    }

    /// Standard input as given, standard output to its end: for programs that go on in the background.
    pub fn start_with_input(command: &mut Command, input: &str) -> Self {
        let mut group = Self::start(command.stdin(Stdio::piped()));
        let mut stdin = group.leader.stdin.take().expect("a pipe");
        std::io::Write::write_all(&mut stdin, input.as_bytes()).expect("the program reads its input");
        group
    }

    pub fn has_ended(&mut self) -> bool {
        matches!(self.leader.try_wait(), Ok(Some(_)))
    }
    /// None: it still runs.
    pub fn exit_code(&mut self) -> Option<i32> {
        self.leader.try_wait().expect("our own child").and_then(|status| status.code())
    }

    /// How many processes it has started, directly or not, that still run.
    pub fn started(&self) -> usize {
        let runs = |id: &&u32| {
            let state = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            state.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
        };
        self.all().iter().skip(1).filter(runs).count()
    }
    /// Processes that show pages: WebKit's, by name.
    pub fn web_processes(&self) -> usize {
        let named = |id: &u32| std::fs::read_to_string(format!("/proc/{id}/comm"));
        self.all().iter().filter_map(|id| named(id).ok()).filter(|name| name.starts_with("WebKitWeb")).count()
    }

    /// Proportional set size of it and of all that it started, in bytes, by program: pages that others share count in part.
    pub fn proportional_bytes(&self) -> Vec<(String, u64)> {
        let of = |id: &u32| -> Option<(String, u64)> {
            let name = std::fs::read_to_string(format!("/proc/{id}/comm")).ok()?.trim().to_owned();
            let sums = std::fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok()?;
            let line = sums.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            Some((name, line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024))
        };
        self.all().iter().filter_map(of).collect()
    }

    /// Time on processors since the start, of it and of all that it started.
    pub fn processor_time(&self) -> Duration {
        /// `USER_HZ`, the same on every Linux.
        const TICKS: u64 = 100;
        let of = |id: &u32| -> Option<u64> {
            let state = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
            // The name in parentheses can hold anything; user and system time are the 12th and 13th after it.
            let fields = state.rsplit_once(')')?.1.split_whitespace().skip(11);
            fields.take(2).map(|ticks| ticks.parse::<u64>().ok()).sum()
        };
        Duration::from_millis(self.all().iter().filter_map(of).sum::<u64>() * 1000 / TICKS)
    }

    /// It and all that it started, directly or not.
    fn all(&self) -> Vec<u32> {
        let mut found = vec![self.leader.id()];
        let mut looked = 0;
        while let Some(parent) = found.get(looked) {
            let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
            found.extend(
                children.unwrap_or_default().split_whitespace().filter_map(|id| id.parse::<u32>().ok()),
            );
            looked += 1;
        }
        found
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let group = format!("-{}", self.leader.id());
        // It may have ended by itself; then there is nobody to signal.
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.leader.wait();
    }
}
