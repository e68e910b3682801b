//! What stands behind the plugins for the file daemons of Bacula and Bareos: it knows databases
//! and no daemon's ABI, the plugins know the ABI and no database.
//!
//! | file | what it knows |
//! |---|---|
//! | `line` | reading the plugin lines of a FileSet |

pub mod line;
