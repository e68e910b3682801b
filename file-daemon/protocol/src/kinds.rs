//! Small enumerations, each a byte on the wire.

macro_rules! byte_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $byte:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$of])* $variant,)*
        }

        impl $name {
            /// Its byte.
            #[must_use]
            pub fn byte(self) -> u8 {
                match self {
                    $(Self::$variant => $byte,)*
                }
            }

            /// What a byte stands for.
            #[must_use]
            pub fn from_byte(byte: u8) -> Option<Self> {
                match byte {
                    $($byte => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

byte_enum! {
    /// Which daemon the plugin lives in.
    Daemon {
        /// Bacula's.
        Bacula = 1,
        /// Bareos'.
        Bareos = 2,
    }
}

byte_enum! {
    /// What the daemon's job is for.
    Purpose {
        /// Files are sent with their bodies.
        Backup = 1,
        /// Files are named only: an estimate, or a listing of one directory.
        Estimate = 2,
        /// Files come back.
        Restore = 3,
    }
}

byte_enum! {
    /// How bad a message is for the daemon's job.
    Severity {
        /// Good to know.
        Info = 1,
        /// Something will hurt one day.
        Warning = 2,
        /// Part of the job failed.
        Error = 3,
        /// The job failed.
        Fatal = 4,
        /// For those who look for a fault.
        Debug = 5,
    }
}

byte_enum! {
    /// What a file is.
    FileType {
        /// A regular file; it has a body.
        File = 1,
        /// A directory.
        Directory = 2,
        /// A symbolic link.
        Symlink = 3,
    }
}

byte_enum! {
    /// What becomes of a file that comes back.
    Reply {
        /// The backend takes its body.
        Extract = 1,
        /// It is not needed here.
        Skip = 2,
        /// The daemon writes it where it would write any file.
        Core = 3,
        /// The backend has done all there is to do.
        Made = 4,
        /// It cannot be restored; a message has said why.
        Failed = 5,
    }
}
