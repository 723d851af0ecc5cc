//! Runs a whole process and tells how long it took and the most memory that it held.

use std::env;
use std::io;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// The argument under which a bench measures another process; see [`under`].
pub const UNDER: &str = "under";

/// What a process took.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// From its start to its end.
    pub seconds: f64,
    /// The processor's share of it: less moved by what else the machine does.
    pub processor_seconds: f64,
    /// The most memory that was resident at once.
    pub peak_mib: f64,
}

/// Runs a command and measures it. Another process of this bench is its parent: the kernel tells the peak of all children together,
/// so each needs a parent of its own.
///
/// # Errors
/// When it can't be started, or fails.
pub fn cost(command: &[&str]) -> io::Result<Cost> {
    let output = Command::new(env::current_exe()?).arg(UNDER).args(command).stderr(Stdio::inherit()).output()?;
    let told = String::from_utf8_lossy(&output.stdout);
    let figures: Vec<f64> = told.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match figures[..] {
        [seconds, processor_seconds, kib] if output.status.success() => {
            Ok(Cost { seconds, processor_seconds, peak_mib: kib / 1024.0 })
        }
        _ => Err(io::Error::other(format!("{command:?} failed: {}", output.status))),
    }
}

/// Runs a command that writes nowhere, and prints its seconds, the processor's, and its peak in KiB.
///
/// # Errors
/// When it can't be started, or fails.
pub fn under(command: &[String]) -> io::Result<()> {
    let (program, arguments) = command.split_first().ok_or_else(|| io::Error::other("no command"))?;
    let started = Instant::now();
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status()?;
    let seconds = started.elapsed().as_secs_f64();
    if !status.success() {
        return Err(io::Error::other(format!("{program}: {status}")));
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let times = [usage.user_time(), usage.system_time()]
        .map(|time| Duration::from_micros(time.num_microseconds().unsigned_abs()));
    // Linux tells the peak in KiB.
    println!("{seconds} {} {}", (times[0] + times[1]).as_secs_f64(), usage.max_rss());
    Ok(())
}
