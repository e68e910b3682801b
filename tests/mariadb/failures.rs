//! What goes wrong with a real server: the exit status, the words, and what is left then.

mod aftermath;
mod ended;
mod refused;
mod restore;
mod secrets;
mod server_gone;
mod slow_sink;
mod trees;

use crate::lab::Lab;
use aftermath::Before;
use fixtures::Outcome;

/// The tool's messages, in the lab's scratch directory.
const TOOL_LOG: &str = "tool.log";

/// One failure: its name, the exit status, the words, and how it is brought about.
type Row = (&'static str, i32, &'static [&'static str], fn(&mut Lab) -> Outcome);

/// Goes through a table in one lab; `leaves` looks at what each row left there.
fn look_at_all(lab: &mut Lab, table: &[Row], leaves: impl Fn(&Lab, &Before, &str)) {
    let only = std::env::var("ROW").unwrap_or_default();
    let mut wrong = Vec::new();
    for (name, status, words, provoke) in table.iter().filter(|(name, ..)| name.contains(&only)) {
        let before = Before::of(lab);
        let outcome = provoke(lab);
        leaves(lab, &before, name);
        wrong.extend(misses(name, &outcome, *status, words));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with an outcome.
fn misses(name: &str, outcome: &Outcome, status: i32, words: &[&str]) -> Option<String> {
    let missing: Vec<_> = words.iter().filter(|words| !outcome.stderr.contains(**words)).collect();
    let code = outcome.code();
    let (out, err) = (&outcome.stdout, &outcome.stderr);
    (code != status || !missing.is_empty())
        .then(|| format!("{name}: {code} instead of {status}, without {missing:?}\n{out}{err}"))
}
