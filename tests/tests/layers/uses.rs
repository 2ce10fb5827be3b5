//! Which modules a source file names, as absolute paths: `crate::…`, `super::…` and the crates of ours, alone, in a
//! group, and in groups broken over lines.
//!
//! It reads tokens, not Rust: an alias of a whole crate or a path made by a macro is not seen.

/// Every path that the file at `module` (its place under the crate's root) names. The first segment is `crate`, or the
/// crate's name.
pub fn paths(text: &str, module: &[&str]) -> Vec<Vec<String>> {
    let text = code(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if !rest.starts_with(is_word) {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        }
        let first = word(rest);
        let begins_a_path = !text[..at].ends_with("::")
            && (matches!(first, "crate" | "super") || first.starts_with("holdfast_"))
            && rest[first.len()..].trim_start().starts_with("::");
        if begins_a_path {
            let mut tree = Tree { text: &text, at, found: Vec::new() };
            tree.read(&[]);
            at = tree.at;
            found.extend(tree.found);
        } else {
            at += first.len();
        }
    }
    found.into_iter().filter_map(|path| absolute(path, module)).collect()
}

/// Without comments, and without the tests at the foot: these may build what is above.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// `a::{b, c::{self, d}}` read into its paths.
struct Tree<'a> {
    text: &'a str,
    at: usize,
    found: Vec<Vec<String>>,
}

impl Tree<'_> {
    fn rest(&mut self) -> &str {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        &self.text[self.at..]
    }

    fn eat(&mut self, sign: &str) -> bool {
        let there = self.rest().starts_with(sign);
        self.at += if there { sign.len() } else { 0 };
        there
    }

    fn read(&mut self, above: &[String]) {
        let mut path = above.to_vec();
        loop {
            if self.eat("{") {
                while !self.eat("}") && !self.rest().is_empty() {
                    let before = self.at;
                    self.read(&path);
                    self.eat(",");
                    if self.at == before {
                        return;
                    }
                }
                return;
            }
            let name = word(self.rest()).to_owned();
            self.at += name.len();
            if name.is_empty() {
                // A glob, or `Vec::<…>`.
                self.eat("*");
                break;
            }
            path.push(name);
            if !self.eat("::") {
                break;
            }
        }
        if self.rest().starts_with("as ") {
            self.at += "as ".len();
            let alias = word(self.rest()).len();
            self.at += alias;
        }
        self.found.push(path);
    }
}

/// With `crate` or the name of another crate in front; none above the root, which does not compile.
fn absolute(path: Vec<String>, module: &[&str]) -> Option<Vec<String>> {
    let up = path.iter().take_while(|name| *name == "super").count();
    if up == 0 {
        return Some(path);
    }
    let here = module.len().checked_sub(up)?;
    let above = module[..here].iter().map(|name| (*name).to_owned());
    Some(std::iter::once("crate".to_owned()).chain(above).chain(path.into_iter().skip(up)).collect())
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn word(text: &str) -> &str {
    let end = text.find(|letter| !is_word(letter)).unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::paths;

    fn told(text: &str, module: &[&str]) -> Vec<String> {
        paths(text, module).into_iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn single_paths_and_groups_in_use_and_in_code() {
        assert_eq!(
            told("use crate::{gate, cx::{Cx, Y}};\n// crate::lib\nlet x = crate::vaults::open();", &["a"]),
            ["crate::gate", "crate::cx::Cx", "crate::cx::Y", "crate::vaults::open"]
        );
        assert_eq!(
            told("use crate::jobs as work;\nuse crate::gate::*;", &["a"]),
            ["crate::jobs", "crate::gate"]
        );
    }

    #[test]
    fn groups_broken_over_lines_are_read_to_their_end() {
        let text = "use crate::{\n    connections::{\n        self, sessions,\n    },\n    gate,\n};\nuse crate::lib::x;\n";
        assert_eq!(
            told(text, &["a"]),
            ["crate::connections::self", "crate::connections::sessions", "crate::gate", "crate::lib::x"]
        );
    }

    #[test]
    fn super_is_counted_from_where_the_file_stands() {
        let place = ["restore", "tables", "put"];
        assert_eq!(told("use super::stage;", &place), ["crate::restore::tables::stage"]);
        assert_eq!(told("super::super::super::gate::open()", &place), ["crate::gate::open"]);
        assert_eq!(
            told("use super::{\n    stage,\n    super::super::gate,\n};", &place),
            ["crate::restore::tables::stage", "crate::gate"]
        );
        assert_eq!(told("use super::gate;", &["restore"]), ["crate::gate"]);
    }

    #[test]
    fn paths_into_other_crates_of_ours_are_seen() {
        assert_eq!(
            told(
                "use holdfast_engine::{Work, mysql::{\n  definer}};\nholdfast_engine::sqlite::export::f()",
                &["a"]
            ),
            [
                "holdfast_engine::Work",
                "holdfast_engine::mysql::definer",
                "holdfast_engine::sqlite::export::f"
            ]
        );
    }

    #[test]
    fn names_that_only_look_alike_are_none() {
        assert_eq!(
            told("my::crate_name::x; let superb = 1; #[cfg(test)]\nmod tests {\n use crate::gate; }", &["a"]),
            [""; 0]
        );
    }
}
