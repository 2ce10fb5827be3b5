//! What the reference tool says of two databases, line by line.

use std::io::Write;

use crate::postgres::Server;

/// Without the lines that end in `-- since N` of a later version.
pub fn for_version(script: &str, version: u32) -> String {
    let suits = |line: &&str| {
        line.rsplit_once("-- since ")
            .and_then(|(_, since)| since.trim().parse().ok())
            .is_none_or(|since: u32| version >= since)
    };
    script.lines().filter(suits).collect::<Vec<_>>().join("\n")
}

/// Definitions and rows (the arguments choose), without what is random.
pub fn dump(server: &Server, database: &str, arguments: &[&str]) -> Vec<String> {
    let noise = ["\\restrict", "\\unrestrict"];
    let text = server.pg_dump(database, arguments);
    text.lines().filter(|line| !noise.iter().any(|word| line.starts_with(word))).map(str::to_owned).collect()
}

/// Runs what the reference tool printed.
pub fn load(server: &Server, database: &str, script: &str) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(script.as_bytes()).unwrap();
    let mut psql = server.program("psql");
    psql.args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", database]).stdin(file.reopen().unwrap());
    let output = psql.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Whether a subscription streams was no setting before version 14, nor before 16 as whom it writes; the statement of
/// such a version cannot say it, and a newer server takes its own default.
pub fn known_before(lines: &[String], version: u32) -> Vec<String> {
    let known = |line: &String| match line.starts_with("CREATE SUBSCRIPTION") {
        true if version < 14 => {
            line.split_once(" WITH (").map_or(line.as_str(), |(words, _)| words).to_owned()
        }
        true if version < 16 => line.replace(", run_as_owner = true", ""),
        _ => line.clone(),
    };
    lines.iter().map(known).collect()
}

/// A dump as a list of things, without the order in which the tool prints them. Where views hang on each other in a circle (one
/// groups by a primary key, which is made after the rows), it prints some twice: first with the columns alone, later as they
/// are. Which ones, the numbers of the objects decide, and those differ in a copy.
pub fn settled(lines: &[String]) -> Vec<String> {
    let mut blocks: Vec<Vec<String>> = vec![Vec::new()];
    for (at, line) in lines.iter().enumerate() {
        if line == "--" && lines.get(at + 1).is_some_and(|next| next.starts_with("-- Name: ")) {
            blocks.push(Vec::new());
        }
        blocks.last_mut().unwrap().push(line.clone());
    }
    const LATER: &str = " _RETURN; Type: RULE; ";
    let (later, mut blocks): (Vec<_>, Vec<_>) =
        blocks.into_iter().partition(|block| block.get(1).is_some_and(|header| header.contains(LATER)));
    for definition in later {
        let header = definition[1].replace(LATER, "; Type: VIEW; ");
        let stand_in = blocks.iter_mut().find(|block| block.get(1) == Some(&header)).expect("its stand-in");
        let begins = |block: &[String]| block.iter().position(|line| line.starts_with("CREATE ")).unwrap();
        let ends = |block: &[String], from: usize| {
            from + block[from..].iter().position(|line| line.ends_with(';')).unwrap()
        };
        let (from, new) = (begins(stand_in), begins(&definition));
        let mut real = definition[new..=ends(&definition, new)].to_vec();
        real[0] = real[0].replacen("CREATE OR REPLACE ", "CREATE ", 1);
        let until = ends(stand_in, from);
        stand_in.splice(from..=until, real);
    }
    for block in &mut blocks {
        while block.last().is_some_and(String::is_empty) {
            block.pop();
        }
    }
    blocks.sort();
    blocks.concat()
}

pub fn assert_same(what: &str, source: &[String], copy: &[String]) {
    if let Some(at) = (0..source.len().max(copy.len())).find(|at| source.get(*at) != copy.get(*at)) {
        let show = |lines: &[String]| {
            lines[at.saturating_sub(8).min(lines.len())..(at + 12).min(lines.len())].join("\n")
        };
        panic!("{what}: line {at} differs\n--- source\n{}\n--- copy\n{}", show(source), show(copy));
    }
}
