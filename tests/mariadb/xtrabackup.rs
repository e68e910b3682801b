//! MySQL by XtraBackup. Neither can be had for tests: the server is a double that answers what it
//! was told to, and the tool a stand-in that streams recorded or made-up files
//! (`fixtures/README.md`). So this proves how the tool is called, what is made of its streams and
//! how its failures are judged; that a server starts on what was restored, it cannot prove.

mod called;
mod chain;
mod faults;
mod options;
mod packed;
mod pipes;
mod signals;
mod stage;
