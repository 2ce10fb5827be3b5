//! Files that stories bring along, and texts that must be equal.

use std::io::Write;
use std::path::{Path, PathBuf};

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

/// One bit in the middle of the largest file below: what a bad disk does to a pack.
pub fn damage_the_largest(folder: &Path) {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    let size = |path: &PathBuf| std::fs::metadata(path).unwrap().len();
    let largest = found.into_iter().max_by_key(size).unwrap();
    let mut bytes = std::fs::read(&largest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let mut permissions = std::fs::metadata(&largest).unwrap().permissions();
    #[allow(clippy::permissions_set_readonly_false)]
    permissions.set_readonly(false);
    std::fs::set_permissions(&largest, permissions).unwrap();
    std::fs::write(&largest, bytes).unwrap();
}
