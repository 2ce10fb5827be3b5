//! Files that stories bring along, and texts that must be equal.

use std::io::Write;

use crate::ctl::Ctl;

/// Writes a file outside the data folder and gives its path.
pub fn write(ctl: &Ctl, name: &str, text: impl AsRef<[u8]>) -> String {
    let path = ctl.outside(name);
    std::fs::write(&path, text).expect("a writable folder");
    path.to_str().expect("a path of letters").to_owned()
}

pub fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).expect("a text in memory");
    encoder.finish().expect("a text in memory")
}

/// Fails with the lines that only one of them has.
pub fn same(found: &str, wanted: &str, what: &str) {
    let only = |a: &str, b: &str| {
        let known: std::collections::HashSet<&str> = b.lines().collect();
        let lines = a.lines().filter(|line| !known.contains(line)).take(12);
        lines.map(|line| line.chars().take(300).collect::<String>()).collect::<Vec<_>>().join("\n")
    };
    assert!(
        found == wanted,
        "{what}\n-- only there:\n{}\n-- missing:\n{}",
        only(found, wanted),
        only(wanted, found)
    );
}
