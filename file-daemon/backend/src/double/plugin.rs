//! The plugin's side of a conversation, in this process.

use super::Command;
use protocol::{
    Daemon, FileType, Frame, Incoming, Purpose, Reply, Severity, ToBackend, ToPlugin, VERSION,
    send, send_data,
};
use std::io::BufReader;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread::JoinHandle;
use stream::Cancel;

/// What is asked for.
pub(crate) struct Job<'a> {
    pub(crate) purpose: Purpose,
    pub(crate) working_dir: &'a Path,
    pub(crate) line: &'a str,
    pub(crate) prefix: &'a Path,
    pub(crate) objects: &'a [Vec<u8>],
    pub(crate) options: &'a str,
}

/// A file as the daemon keeps it.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    pub(crate) name: String,
    pub(crate) body: Vec<u8>,
}

/// A conversation, and what came of it.
pub(crate) struct Conversation {
    out: UnixStream,
    incoming: Incoming<BufReader<UnixStream>>,
    backend: JoinHandle<errors::Result<()>>,
    pub(crate) files: Vec<Files>,
    pub(crate) objects: Vec<Vec<u8>>,
    pub(crate) said: Vec<(Severity, String)>,
    pub(crate) failure: Option<String>,
}

impl Conversation {
    /// Says everything up to `Start`.
    pub(crate) fn start(host: Command, job: &Job<'_>) -> Self {
        let (out, theirs) = UnixStream::pair().unwrap();
        let incoming = Incoming::new(BufReader::new(out.try_clone().unwrap()));
        let backend = std::thread::spawn(move || crate::serve(theirs, &host, &Cancel::new()));
        let (files, objects, said) = (Vec::new(), Vec::new(), Vec::new());
        let mut talk = Self { out, incoming, backend, files, objects, said, failure: None };
        let (daemon, daemon_version) = (Daemon::Bareos, "0".to_owned());
        talk.say(&ToBackend::Hello { version: VERSION, daemon, daemon_version });
        talk.say(&ToBackend::Job {
            purpose: job.purpose,
            number: 7,
            name: "job.7".to_owned(),
            level: b'F',
            since: 0,
            accurate: false,
            client: "t-fd".to_owned(),
            previous: String::new(),
            working_dir: job.working_dir.as_os_str().as_bytes().to_vec(),
            prefix: Some(job.prefix.as_os_str().as_bytes().to_vec()),
            replace: b'a',
            line: job.line.to_owned(),
        });
        for bytes in job.objects {
            let (line, bytes) = (job.line.to_owned(), bytes.clone());
            talk.say(&ToBackend::Object { name: String::new(), job: 7, line, bytes });
        }
        talk.say(&ToBackend::Options { line: String::new(), text: job.options.to_owned() });
        talk.say(&ToBackend::Start {});
        talk
    }

    fn say(&mut self, message: &ToBackend) {
        let _ = send(&mut self.out, message);
    }

    /// The next message that is no report; `None`: the backend has failed.
    fn hear(&mut self) -> Option<ToPlugin> {
        loop {
            match self.incoming.receive::<ToPlugin>().unwrap() {
                Frame::Data(length) => {
                    let mut block = vec![0; length];
                    let mut taken = 0;
                    while taken < length {
                        taken += self.incoming.data(&mut block[taken..]).unwrap();
                    }
                    self.files.last_mut().unwrap().body.extend(block);
                }
                Frame::Message(ToPlugin::Report { severity, text }) => {
                    self.said.push((severity, text));
                }
                Frame::Message(ToPlugin::Hello { .. } | ToPlugin::Alive {}) => {}
                Frame::Message(ToPlugin::Failed { text }) => {
                    self.failure = Some(text);
                    return None;
                }
                Frame::Message(message) => return Some(message),
                Frame::End => panic!("the backend is gone: {:?}", self.said),
            }
        }
    }

    /// Takes the files of a backup or an estimate: each must have its end before the next begins.
    pub(crate) fn take_files(&mut self, has_bodies: bool) {
        let mut is_open = false;
        while let Some(message) = self.hear() {
            match message {
                ToPlugin::File { name, .. } => {
                    assert!(!is_open, "{:?}", self.files.last());
                    is_open = has_bodies;
                    let name = String::from_utf8(name).unwrap();
                    self.files.push(Files { name, body: Vec::new() });
                }
                ToPlugin::EndOfFile { bytes } => {
                    assert!(is_open);
                    is_open = false;
                    assert_eq!(self.files.last().unwrap().body.len() as u64, bytes);
                }
                ToPlugin::Object { bytes, .. } => self.objects.push(bytes),
                ToPlugin::EndOfFiles { files } => {
                    assert_eq!(files, self.files.len() as u64);
                    return;
                }
                other => panic!("{other:?}"),
            }
        }
    }

    /// Gives files back; stops where the backend fails.
    pub(crate) fn give_back(&mut self, files: &[Files]) {
        for file in files {
            self.say(&ToBackend::Create {
                name: file.name.clone().into_bytes(),
                place: Vec::new(),
                file_type: FileType::File,
                mode: 0o600,
                uid: 0,
                gid: 0,
                size: -1,
                mtime: 0,
                link: Vec::new(),
            });
            match self.hear() {
                Some(ToPlugin::Created { reply: Reply::Extract }) => {}
                Some(ToPlugin::Created { .. }) => continue,
                None => return,
                other => panic!("{other:?}"),
            }
            let _ = send_data(&mut self.out, &file.body);
            self.say(&ToBackend::Close {});
            match self.hear() {
                Some(ToPlugin::Closed { good: true }) => {}
                None => return,
                other => panic!("{other:?}"),
            }
        }
    }

    /// The daemon's job is over; answers whether all is well.
    pub(crate) fn finish(&mut self) -> bool {
        if self.failure.is_some() {
            return false;
        }
        self.say(&ToBackend::Finish { good: true });
        self.hear() == Some(ToPlugin::Done { good: true })
    }

    /// Hangs up, and waits for the backend's end.
    pub(crate) fn end(self) -> errors::Result<()> {
        let _ = self.out.shutdown(std::net::Shutdown::Both);
        self.backend.join().unwrap()
    }

    /// All reports of a severity.
    pub(crate) fn said(&self, severity: Severity) -> String {
        let of = self.said.iter().filter(|(is, _)| *is == severity);
        of.map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n")
    }
}
