//! A file per thought, and small functions. What is larger stands in a list, with its reason.

use crate::{sources, top};
use std::collections::BTreeMap;
use std::fs;

/// A file holds one thought, mostly in 150 to 250 lines. This only stops monsters: a step that is
/// scattered over ten files is as hard to read as one of 2,000 lines.
const FILE_LINES_MAX: usize = 700;
const FUNCTION_LINES_MAX: usize = 70;

/// `tests/tidy/allowed.txt`: `<path> <lines> <reason>`, for files and (`path:function`) functions.
fn allowed() -> BTreeMap<String, usize> {
    let text = fs::read_to_string(top().join("tests/tidy/allowed.txt")).unwrap();
    let entry = |line: &str| {
        let mut words = line.splitn(3, ' ');
        let (what, lines) = (words.next().unwrap(), words.next().unwrap());
        assert!(words.next().is_some_and(|reason| reason.len() > 10), "{line}: no reason");
        (what.to_owned(), lines.parse().unwrap())
    };
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(entry).collect()
}

#[test]
fn files_and_functions_have_a_bound() {
    let allowed = allowed();
    let mut used = Vec::new();
    let mut wrong = Vec::new();
    let mut look = |what: String, lines: usize, limit: usize| {
        let limit = match allowed.get(&what) {
            Some(more) => {
                used.push(what.clone());
                *more
            }
            None => limit,
        };
        if lines > limit {
            wrong.push(format!("{what} has {lines} lines, {limit} are allowed"));
        }
    };
    for (path, text) in sources() {
        let path = path.display().to_string();
        look(path.clone(), text.lines().count(), FILE_LINES_MAX);
        for (name, lines) in functions(&text) {
            look(format!("{path}:{name}"), lines, FUNCTION_LINES_MAX);
        }
    }
    wrong.extend(
        allowed
            .keys()
            .filter(|what| !used.contains(what))
            .map(|what| format!("{what} is allowed, and not there")),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Names and lengths of functions. Formatted code closes a function at the depth where it began; a
/// declaration without a body ends with its semicolon.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let depth = line.len() - line.trim_start().len();
        let Some(name) = function_name(line.trim_start()) else { continue };
        let end = format!("{}}}", " ".repeat(depth));
        let signature = lines[number..].iter().position(|line| line.ends_with(['{', ';', '}']));
        let is_bare = signature.is_some_and(|at| !lines[number + at].ends_with('{'));
        let body = || lines[number..].iter().position(|line| *line == end);
        let length = if is_bare { signature } else { body() };
        found.push((name, length.map_or(1, |length| length + 1)));
    }
    found
}

fn function_name(line: &str) -> Option<String> {
    let words = ["pub", "pub(crate)", "pub(super)", "const", "async", "unsafe", "fn"];
    let before = line.split("fn ").next()?;
    let is_declaration = line.contains("fn ")
        && before.split(' ').all(|word| word.is_empty() || words.contains(&word));
    let name = line.split("fn ").nth(1)?;
    is_declaration.then(|| name.split(['(', '<']).next().unwrap_or_default().to_owned())
}

#[test]
fn the_measure_measures() {
    let text = "impl X {\n    pub(crate) fn long<T>(&self) {\n        a();\n    }\n}\nfn short() {}\n\
         trait Y {\n    fn bare(\n        &self,\n    ) -> u8;\n    fn one(&self) -> u8;\n}\n";
    let wanted = [("long", 3), ("short", 1), ("bare", 3), ("one", 1)];
    assert_eq!(functions(text), wanted.map(|(name, lines)| (name.to_owned(), lines)));
}
