//! A server to be made ill, and what the doctor says of it.

use crate::{PROGRAM, say};
use fixtures::{Lab, Outcome, ScratchServer, run};
use serde_json::Value;

pub(crate) use Severity::{Error, Fine, Warning};

/// As `check` prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severity {
    Fine,
    Warning,
    Error,
}

impl Severity {
    fn word(self) -> &'static str {
        match self {
            Fine => "ok",
            Warning => "warning",
            Error => "error",
        }
    }
}

/// A lab whose server is as it should be.
pub(crate) struct Patient {
    pub(crate) lab: Lab,
}

impl Patient {
    /// Small segments, so that much log is soon written; and nothing to complain of.
    pub(crate) fn healthy() -> Self {
        let settings = "fsync = on\nmax_replication_slots = 2\n";
        let patient = Self { lab: Lab::with(PROGRAM, &["--wal-segsize=1"], settings) };
        let report = patient.check();
        assert!(report.0.code() == 0, "{}{}", report.0.stdout, report.0.stderr);
        assert!(report.items().iter().all(|item| item["severity"] == "ok"));
        say(&format!("a healthy server has {} findings, all of them ok", report.items().len()));
        patient
    }

    /// What the doctor says.
    pub(crate) fn check(&self) -> Report {
        self.check_at(&self.lab.server.url(), &[])
    }

    /// What it says of a part: of another URL, with more flags.
    pub(crate) fn check_at(&self, url: &str, more: &[&str]) -> Report {
        let mut words = vec!["check", url, "--target", "pg-main", "--output", "json"];
        words.extend(more);
        Report(self.lab.run(&words))
    }

    pub(crate) fn check_with(&self, name: &str, value: &str) -> Report {
        let words = ["check", &self.lab.server.url(), "--target", "pg-main", "--output", "json"];
        Report(run(self.lab.command(&words).env(name, value)))
    }

    pub(crate) fn sql(&self, sql: &str) -> String {
        self.lab.server.sql(sql)
    }

    /// Sets a setting, and waits until sessions see it.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.sql(&format!("ALTER SYSTEM SET {name} = '{}'", value.replace('\'', "''")));
        self.lab.server.reload();
        let value = value.replace('\'', "''");
        self.lab.server.wait_until(&format!("current_setting('{name}') = '{value}'"));
    }

    /// Ends some segments.
    pub(crate) fn write_segments(&self, count: usize) {
        let session = self.lab.server.session("postgres");
        for _ in 0..count {
            session.text("SELECT pg_create_restore_point('x'), pg_switch_wal()");
        }
    }

    pub(crate) fn restart(&mut self) {
        self.lab.server.stop();
        self.lab.server.start();
    }
}

/// What the doctor said.
pub(crate) struct Report(pub(crate) Outcome);

impl Report {
    pub(crate) fn items(&self) -> Vec<Value> {
        let document: Value = serde_json::from_str(&self.0.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}{}", self.0.stdout, self.0.stderr));
        document["items"].as_array().unwrap().clone()
    }

    /// The text of a finding; or what is wrong with the report.
    pub(crate) fn find(
        &self,
        id: &str,
        severity: Severity,
        words: &[&str],
    ) -> Result<String, String> {
        let items = self.items();
        let fits = |item: &&Value| item["id"] == id && item["severity"] == severity.word();
        let Some(item) = items.iter().find(fits) else {
            return Err(format!("{id}: no {} in {}", severity.word(), self.0.stdout));
        };
        let least = [0, 1, 3][severity as usize];
        if self.0.code() < least {
            return Err(format!("{id}: the exit status is {}", self.0.code()));
        }
        let said = format!("{} {}", item["text"].as_str().unwrap(), item["hints"]);
        match words.iter().find(|word| !said.contains(**word)) {
            Some(word) => Err(format!("{id}: no {word:?} in {said}")),
            None if severity != Fine && item["hints"].as_array().unwrap().is_empty() => {
                Err(format!("{id}: nobody says what to do"))
            }
            None => Ok(item["text"].as_str().unwrap().to_owned()),
        }
    }
}
