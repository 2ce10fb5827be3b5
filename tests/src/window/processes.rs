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

    pub fn id(&self) -> u32 {
        self.leader.id()
    }
    pub fn has_ended(&mut self) -> bool {
        matches!(self.leader.try_wait(), Ok(Some(_)))
    }
    /// None: it still runs.
    pub fn exit_code(&mut self) -> Option<i32> {
        self.leader.try_wait().expect("our own child").and_then(|status| status.code())
    }

    /// The programs that it and those it started have started, by name.
    pub fn started(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut parents = vec![self.id()];
        while let Some(parent) = parents.pop() {
            let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
            for child in children.unwrap_or_default().split_whitespace() {
                found.extend(
                    std::fs::read_to_string(format!("/proc/{child}/comm")).map(|name| name.trim().to_owned()),
                );
                parents.extend(child.parse::<u32>());
            }
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
