//! The answer on standard output, the error on standard error.

use crate::args::Output;
use errors::{EXIT_OK, EXIT_WARNINGS, Error};
use serde_json::{Map, Value, json};
use std::io::{self, Write};

/// What a verb answers.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Name and version of the document: `seawall.backup/1`.
    pub(crate) schema: &'static str,
    /// For people.
    pub(crate) text: String,
    /// What there may be many of.
    pub(crate) items: Vec<Value>,
    /// The rest.
    pub(crate) summary: Map<String, Value>,
    /// Exit status; 0 or 1, or that of what was found.
    pub(crate) exit: u8,
    /// Nothing is printed: standard output holds what was restored.
    pub(crate) is_silent: bool,
}

impl Answer {
    /// An answer of text and a summary.
    pub(crate) fn new(schema: &'static str, text: impl Into<String>, summary: Value) -> Self {
        let summary = match summary {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        Self {
            schema,
            text: text.into(),
            items: Vec::new(),
            summary,
            exit: EXIT_OK,
            is_silent: false,
        }
    }

    /// With items.
    pub(crate) fn with_items(mut self, items: Vec<Value>) -> Self {
        self.items = items;
        self
    }

    /// Done, but there is something to read.
    pub(crate) fn with_warnings(mut self, warned: bool) -> Self {
        if warned {
            self.exit = EXIT_WARNINGS;
        }
        self
    }
}

/// Prints answers and errors in the form that was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Printer {
    output: Output,
}

impl Printer {
    pub(crate) fn new(output: Output) -> Self {
        Self { output }
    }

    /// Tells that a verb begins, to those who read lines.
    pub(crate) fn start(self, verb: &str) {
        if self.output == Output::Jsonl {
            self.document(
                &json!({"type": "start", "verb": verb, "version": env!("CARGO_PKG_VERSION")}),
            );
        }
    }

    /// Prints an answer; gives the exit status.
    pub(crate) fn answer(self, answer: &Answer) -> u8 {
        if answer.is_silent {
            return answer.exit;
        }
        let mut summary = answer.summary.clone();
        summary.insert("schema".to_owned(), answer.schema.into());
        summary.insert("exit_status".to_owned(), answer.exit.into());
        match self.output {
            Output::Text => out(&answer.text),
            Output::Json => {
                if !answer.items.is_empty() || answer.schema.ends_with("list/1") {
                    summary.insert("items".to_owned(), answer.items.clone().into());
                }
                self.document(&Value::Object(summary));
            }
            Output::Jsonl => {
                for item in &answer.items {
                    self.typed("item", item.clone());
                }
                self.typed("summary", Value::Object(summary));
            }
        }
        answer.exit
    }

    /// Standard output, for a restore whose bytes are the answer.
    pub(crate) fn raw(self) -> io::Stdout {
        io::stdout()
    }

    /// Prints an error; gives the exit status.
    pub(crate) fn error(self, error: &Error) -> u8 {
        let exit = error.exit_status();
        let mut text = format!("error: {}\n", error.line());
        for hint in error.hints() {
            text.push_str(&format!("hint: {hint}\n"));
        }
        let _ = io::stderr().write_all(text.as_bytes());
        let document = json!({
            "schema": "seawall.error/1",
            "code": error.kind().entry().code,
            "kind": format!("{:?}", error.kind()),
            "message": error.line(),
            "hints": error.hints(),
            "exit_status": exit,
        });
        match self.output {
            Output::Text => {}
            Output::Json => self.document(&document),
            Output::Jsonl => self.typed("summary", document),
        }
        exit
    }

    fn typed(self, kind: &str, mut value: Value) {
        if let Value::Object(map) = &mut value {
            map.insert("type".to_owned(), kind.into());
        }
        self.document(&value);
    }

    fn document(self, value: &Value) {
        let text = match self.output {
            Output::Json => format!("{value:#}\n"),
            _ => format!("{value}\n"),
        };
        out(&text);
    }
}

/// Whoever closed our standard output does not want the rest: that is no failure.
fn out(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}
