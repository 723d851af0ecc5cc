//! Faults and load, for minutes: `make soak` runs these, and `make test` leaves them out.

mod connections;
mod load;
mod stop;

use crate::support::TestApp;

/// How long the longest of them take, in seconds.
fn seconds() -> u64 {
    std::env::var("SOAK_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(300)
}

/// The memory that a process has now, in KiB.
fn resident(app: &TestApp) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", app.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// Says something past the test runner, which keeps what passing tests print.
fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "soak: {text}");
}
