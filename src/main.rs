//! `seawall`: the command. It joins engines, repository and restore; each verb is a file.

mod args;
mod config;
mod context;
mod fetch;
mod human;
mod logging;
mod operations;
mod printer;
mod progress;
mod registry;
mod verbs;

use args::Arguments;
use clap::Parser;
use context::Context;
use std::ffi::OsString;
use std::panic::catch_unwind;
use std::process::ExitCode;

/// Exit status of a panic: kind `bug` of the catalogue.
const EXIT_BUG: u8 = 70;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let is_fetch = fetch::is_fetch(&arguments);
    let status = catch_unwind(|| run(arguments)).unwrap_or(EXIT_BUG);
    ExitCode::from(if is_fetch { fetch::status(status) } else { status })
}

fn run(arguments: Vec<OsString>) -> u8 {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers; all else is a wrong use. Nobody reads: no failure.
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(2);
        }
    };
    let context = Context::new(arguments.global);
    match verbs::run(&context, arguments.verb) {
        Ok(answer) => context.printer.answer(&answer),
        Err(error) => context.printer.error(&error),
    }
}
