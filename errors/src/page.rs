//! `docs/errors.md`, from the catalogues.

use crate::{EXIT_OK, EXIT_WARNINGS, Rule, catalogue};
use std::fmt::Write;

/// The text of `docs/errors.md`. `rules`: all that `check` looks for.
#[must_use]
pub fn render(rules: &[&Rule]) -> String {
    let mut page = String::from(HEAD);
    let _ = writeln!(page, "| {EXIT_OK} | – | All was done. | – |");
    let _ = writeln!(
        page,
        "| {EXIT_WARNINGS} | – | Done, with warnings: the backup is usable. | Read the warnings. |"
    );
    for entry in catalogue() {
        let _ = writeln!(
            page,
            "| {} | `{}` | {} | {} |",
            entry.exit, entry.code, entry.meaning, entry.remedy
        );
    }
    page.push_str(TAIL);
    for rule in rules {
        let _ = writeln!(page, "| `{}` | {} | {} |", rule.id(), rule.meaning(), rule.remedy());
    }
    page
}

const HEAD: &str = "\
# Exit statuses and errors

Generated from the catalogue in `errors/src/catalogue.rs` and those of `check`; a test compares them.

Every error is a line `error: <fact>` and, where there is something to do, lines `hint: <sentence>`
on standard error. With `--output json` or `jsonl` the last document carries `code`, `kind` and
`exit_status`.

| exit | code | what it means | what to do |
|---|---|---|---|
";

const TAIL: &str = "
`seawall wal fetch` alone follows the contract of `restore_command`: 0 for a piece that was
fetched, 14 for a piece that is definitely absent, 126 for every trouble, wrong options included.
A status above 125 makes recovery stop instead of taking the trouble for the end of the log.

## Findings of check and wal verify

Each line of `seawall check` has one of these names. What is as it should be is told too, with the
severity `ok`. `warning`: a backup works, but something will hurt one day (exit 1). `error`: a backup
would fail or be useless (exit 3).

| id | what it is about | what to do |
|---|---|---|
";
