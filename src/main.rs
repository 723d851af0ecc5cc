//! Starts the service: settings, log, app; its outcome is the exit code.

use std::alloc::System;
use std::process::ExitCode;

use cre_backend_api::app::{self, arguments::Command};
use cre_backend_api::config::Config;
use zeroizing_alloc::ZeroAlloc;

/// Wipes what is freed: the values of a cluster's secrets pass through buffers of others on their way to being dropped.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    match Command::read(std::env::args_os().skip(1)) {
        Command::Print(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Command::Unknown(text) => mistake(&text),
        Command::Serve => match Config::from_process() {
            Ok(config) => serve(config),
            Err(problems) => mistake(&problems.to_string()),
        },
    }
}

fn mistake(text: &str) -> ExitCode {
    eprintln!("{}", text.trim_end());
    ExitCode::from(2)
}

fn serve(config: Config) -> ExitCode {
    // Kept to the end: the last traces are sent when it is dropped.
    let _traces = match app::telemetry::start(&config) {
        Ok(traces) => traces,
        Err(problem) => return mistake(&problem),
    };
    match app::run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.exit_code() == 2 => mistake(&error.to_string()),
        Err(error) => ExitCode::from(error.exit_code()),
    }
}
