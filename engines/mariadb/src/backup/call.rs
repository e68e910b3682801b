//! How the tool is called.

use super::Backup;
use crate::address::Place;
use crate::option_file;
use crate::tool::{Arguments, backup_arguments};
use errors::Result;
use std::ffi::OsString;
use std::path::Path;
use system::Secret;
use tempfile::{NamedTempFile, TempDir};

impl Backup<'_> {
    /// The private file that says where the server is, and the password.
    pub(super) fn option_file(&self) -> Result<NamedTempFile> {
        let user = Secret::new(&self.address.user);
        let (host, port, socket);
        let mut client = vec![("user", &user)];
        match &self.address.place {
            Place::Tcp { host: name, port: number } => {
                (host, port) = (Secret::new(name), Secret::new(number.to_string()));
                client.extend([("host", &host), ("port", &port)]);
            }
            Place::Socket(path) => {
                socket = Secret::new(path.display().to_string());
                // Another host in the operator's option file would lead the tool elsewhere.
                host = Secret::new("localhost");
                client.extend([("host", &host), ("socket", &socket)]);
            }
        }
        client.extend(self.address.password.as_ref().map(|password| ("password", password)));
        option_file::write(self.address.defaults_file.as_deref(), &client)
    }

    /// Several pipes at once, where the tool has them and the sink more than one lane.
    pub(super) fn fifos(&self) -> Option<usize> {
        let lanes = self.sink.lanes();
        let wanted = self.job.options.flag("fifo_streams") && self.tool.has_fifo_streams();
        (wanted && lanes > 1).then_some(lanes)
    }

    pub(super) fn arguments(
        &self,
        option_file: &Path,
        scratch: &TempDir,
        fifos: Option<usize>,
    ) -> Result<Vec<OsString>> {
        let with = Arguments {
            options: &self.job.options,
            option_file,
            data_directory: &self.server.data_directory,
            lsn_dir: &scratch.path().join("lsn"),
            from: self.start.parent.map(|(_, from)| from),
            fifos: fifos.map(|count| (scratch.path(), count)),
        };
        backup_arguments(&self.tool, &with)
    }
}
