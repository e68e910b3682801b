//! The messages of both directions.

use crate::kinds::{Daemon, FileType, Purpose, Reply, Severity};
use crate::wire::{Malformed, Wire};

/// A set of messages.
pub trait Message: Sized {
    /// The frame's kind.
    fn tag(&self) -> u8;

    /// Appends the frame's payload.
    fn put(&self, out: &mut Vec<u8>);

    /// Reads a payload.
    ///
    /// # Errors
    /// There is no message of this kind, or the payload is not one: too short, too long, an unknown
    /// value in it.
    fn take(tag: u8, payload: &[u8]) -> Result<Self, Malformed>;
}

macro_rules! messages {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$of:meta])* $tag:literal $variant:ident {
            $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
        })*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $($(#[$of])* $variant {
                $($(#[$field_doc])* $field: $type,)*
            },)*
        }

        impl Message for $name {
            fn tag(&self) -> u8 {
                match self {
                    $(Self::$variant { .. } => $tag,)*
                }
            }

            fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant { $($field,)* } => {
                        $(Wire::put($field, out);)*
                    })*
                }
            }

            fn take(tag: u8, payload: &[u8]) -> Result<Self, Malformed> {
                let mut rest = payload;
                let message = match tag {
                    $($tag => Self::$variant {
                        $($field: Wire::take(&mut rest)?,)*
                    },)*
                    _ => return Err(Malformed("there is no message of this kind")),
                };
                if rest.is_empty() { Ok(message) } else { Err(Malformed("it is too long")) }
            }
        }
    };
}

messages! {
    /// What the plugin says.
    ToBackend {
        /// The first message.
        1 Hello {
            /// [`crate::VERSION`].
            version: u32,
            /// The daemon.
            daemon: Daemon,
            /// Its version, as it prints it.
            daemon_version: String,
        }
        /// The daemon's job, and one plugin line of it.
        2 Job {
            /// What it is for.
            purpose: Purpose,
            /// Its number; 0 for an estimate.
            number: u32,
            /// Its unique name.
            name: String,
            /// `F`, `I`, `D`; blank in a restore.
            level: u8,
            /// When the previous job began, in seconds since 1970; 0 where there is none.
            since: i64,
            /// Whether the daemon compares with a list of all files.
            accurate: bool,
            /// The client's name.
            client: String,
            /// The unique name of the job that this one continues; empty where there is none.
            previous: String,
            /// A directory of the daemon that this host's root may write to.
            working_dir: Vec<u8>,
            /// Where files are restored to; `None` with a rule for names, empty for their own place.
            prefix: Option<Vec<u8>>,
            /// What shall happen to files that are there: `a` always, `w` if newer, `o` if older,
            /// `n` never.
            replace: u8,
            /// The whole plugin line. In a restore it is that of the first file.
            line: String,
        }
        /// A piece that an earlier job kept: [`ToPlugin::Object`].
        3 Object {
            /// The piece's name.
            name: String,
            /// The job that kept it.
            job: u32,
            /// The plugin line that it was kept for.
            line: String,
            /// The piece.
            bytes: Vec<u8>,
        }
        /// What the operator chose for a restore: `name = value`, one a line.
        4 Options {
            /// The plugin line that it was chosen for; empty: for all.
            line: String,
            /// All of them.
            text: String,
        }
        /// Everything is said: begin.
        5 Start {}
        /// A file comes back.
        6 Create {
            /// Its name when it was saved, from [`crate::NAMESPACE`] on.
            name: Vec<u8>,
            /// Where the daemon would write it.
            place: Vec<u8>,
            /// What it is.
            file_type: FileType,
            /// Permission bits.
            mode: u32,
            /// Numeric user.
            uid: u32,
            /// Numeric group.
            gid: u32,
            /// Bytes of the body, as they were announced; -1: unknown then.
            size: i64,
            /// Last modification, in seconds since 1970.
            mtime: i64,
            /// The target of a symbolic link.
            link: Vec<u8>,
        }
        /// The body that came as data frames is whole.
        7 Close {}
        /// The daemon's job is over.
        8 Finish {
            /// Nothing failed as far as the daemon knows.
            good: bool,
        }
    }
}

messages! {
    /// What the backend says.
    ToPlugin {
        /// The first message.
        1 Hello {
            /// [`crate::VERSION`].
            version: u32,
            /// The program's version.
            program_version: String,
        }
        /// For the daemon's job log; may come at any time.
        2 Report {
            /// How bad it is.
            severity: Severity,
            /// One line or several, without the last line's end.
            text: String,
        }
        /// The work goes on; may come at any time.
        3 Alive {}
        /// A file. If it is regular, data frames follow up to [`ToPlugin::EndOfFile`]; but not in an
        /// estimate.
        4 File {
            /// Its full name, from [`crate::NAMESPACE`] on; of a directory without the slash.
            name: Vec<u8>,
            /// What it is.
            file_type: FileType,
            /// Permission bits.
            mode: u32,
            /// Numeric user.
            uid: u32,
            /// Numeric group.
            gid: u32,
            /// Bytes of the body; -1: not known before the end.
            size: i64,
            /// Last modification, in seconds since 1970.
            mtime: i64,
            /// The target of a symbolic link.
            link: Vec<u8>,
        }
        /// The body is complete.
        5 EndOfFile {
            /// All bytes of it.
            bytes: u64,
        }
        /// A piece of state that the daemon's director keeps, at most
        /// [`crate::OBJECT_PIECE_MAX`] bytes.
        6 Object {
            /// Its name.
            name: String,
            /// Its place among all objects of all jobs.
            index: i32,
            /// The piece.
            bytes: Vec<u8>,
        }
        /// What an operator may choose in a restore, in the words of Bacula's "Plugin Options".
        7 Choices {
            /// All of them.
            text: String,
        }
        /// Files of earlier jobs that an accurate job need not keep: all whose names begin so,
        /// except those of this job.
        8 Superseded {
            /// A beginning of names.
            prefix: Vec<u8>,
            /// The beginning of this job's names.
            except: Vec<u8>,
        }
        /// There are no more files of this line.
        9 EndOfFiles {
            /// Files that were sent.
            files: u64,
        }
        /// The answer to [`ToBackend::Create`].
        10 Created {
            /// What becomes of the file.
            reply: Reply,
        }
        /// The answer to [`ToBackend::Close`].
        11 Closed {
            /// Whether all of it was taken.
            good: bool,
        }
        /// The answer to [`ToBackend::Finish`]: the last message.
        12 Done {
            /// Whether all is well.
            good: bool,
        }
        /// The job failed; the last message.
        13 Failed {
            /// Why, with hints.
            text: String,
        }
    }
}
