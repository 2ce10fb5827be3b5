//! Processes that end with the test, together with everything they started.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

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
}

impl Drop for Group {
    fn drop(&mut self) {
        let group = format!("-{}", self.leader.id());
        // It may have ended by itself; then there is nobody to signal.
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.leader.wait();
    }
}
