//! A daemon that only listens, and the context that it has.

use fixtures::{Scratch, StandInBackend};
use plugin::{
    After, Context, Daemon, DaemonKind, Facts, FileType, Next, Settings, Severity, Standing,
};
use std::cell::RefCell;
use std::sync::Mutex;
use std::time::{Duration, Instant};

pub(crate) struct Desk {
    pub(crate) backend: StandInBackend,
    pub(crate) context: Context,
    /// What the daemon holds of its job.
    pub(crate) standing: Mutex<Standing>,
    messages: RefCell<Vec<(Severity, String)>>,
    begun: Instant,
    _scratch: Scratch,
}

impl Daemon for Desk {
    fn report(&self, severity: Severity, text: &str) {
        assert!(text.len() <= plugin::MESSAGE_BYTES && !text.is_empty());
        self.messages.borrow_mut().push((severity, text.to_owned()));
    }

    fn facts(&self) -> Facts {
        Facts {
            daemon: DaemonKind::Bareos,
            daemon_version: "1".into(),
            number: 7,
            name: "job".into(),
            level: b'F',
            since: 0,
            accurate: true,
            client: "client".into(),
            previous: String::new(),
            working_dir: b"/w\xff".to_vec(),
            prefix: Some(Vec::new()),
            replace: b'a',
        }
    }

    fn standing(&self) -> Standing {
        *self.standing.lock().unwrap()
    }
}

/// Longer than anything takes that does not wait for ever; the stand-in's ever is longer.
pub(crate) const LONG: Duration = Duration::from_secs(100);

impl Desk {
    /// With a backend that is so instructed, that may be silent for longer than any test, and that has
    /// one second to end.
    pub(crate) fn new(settings: &[(&str, &str)]) -> Self {
        Self::with(settings, LONG, Duration::from_secs(1))
    }

    /// With a backend that may be silent for so long, and that has so long to end.
    pub(crate) fn with(settings: &[(&str, &str)], silence: Duration, patience: Duration) -> Self {
        let scratch = Scratch::new();
        let backend = StandInBackend::install(scratch.path());
        backend.instruct(settings);
        let program = Some(backend.program());
        let context = Context::new(Settings { program, silence, patience });
        let (standing, messages) = (Mutex::new(Standing::Wanted), RefCell::default());
        Self { backend, context, standing, messages, begun: Instant::now(), _scratch: scratch }
    }

    pub(crate) fn said(&self, severity: Severity) -> Vec<String> {
        let all = self.messages.borrow();
        all.iter().filter(|(of, _)| *of == severity).map(|(_, text)| text.clone()).collect()
    }

    /// The only failure that was told.
    pub(crate) fn fatal(&self) -> String {
        let [fatal] = &*self.said(Severity::Fatal) else { panic!("{:?}", self.messages.borrow()) };
        fatal.clone()
    }

    /// A plugin line from its begin to its end: the bytes that came. `None`: it failed.
    pub(crate) fn save(&self, line: &[u8]) -> Option<u64> {
        let (mut bytes, mut buffer) = (0, vec![0; 100_000]);
        if !self.context.begin_backup(self, line) {
            return None;
        }
        loop {
            let is_regular = match self.context.next_file(self) {
                Next::File(head) => head.file_type == FileType::File,
                Next::Object { .. } | Next::Choices(_) => false,
                Next::End => return Some(bytes),
                Next::Failed => return None,
            };
            loop {
                if !is_regular {
                    break;
                }
                match self.context.read(self, &mut buffer) {
                    Ok(0) => break,
                    Ok(read) => bytes += read as u64,
                    // As the daemons do: they only stop reading.
                    Err(number) => {
                        assert_eq!(number, 5);
                        break;
                    }
                }
            }
            match self.context.end_file(self) {
                After::More => {}
                After::End => return Some(bytes),
                After::Failed => return None,
            }
        }
    }

    /// The job is over; whatever was started must be gone soon.
    pub(crate) fn leave(self) {
        self.context.end();
        let journal = self.backend.journal();
        let mut processes: Vec<&str> =
            journal.iter().filter_map(|line| line.split(' ').next()).collect();
        processes.extend(journal.iter().filter_map(|line| line.split(" grandchild ").nth(1)));
        for process in processes {
            let path = format!("/proc/{process}/stat");
            let lives = || std::fs::read_to_string(&path).is_ok_and(|stat| !stat.contains(") Z "));
            while lives() {
                assert!(self.begun.elapsed() < LONG, "{process} lives: {journal:?}");
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        assert!(self.begun.elapsed() < LONG, "{journal:?}");
    }
}
