//! Loads a server with wrk and tells what a request costs it.

use std::io;
use std::process::{Command, Stdio};

use super::service::processor_time;

/// Connections that ask at once.
const CONNECTIONS: &str = "16";

/// The processor time of a server, by its process, for one request of an address, in microseconds.
///
/// # Errors
/// When wrk fails, or an answer is an error.
pub fn microseconds_per_request(
    mut wrk: Command,
    process: u32,
    url: &str,
    headers: &[String],
    seconds: u32,
) -> io::Result<f64> {
    wrk.args(["-t", "1", "-c", CONNECTIONS, "-d", &format!("{seconds}s")]);
    for header in headers {
        wrk.args(["-H", header]);
    }
    wrk.arg(url).stderr(Stdio::inherit());
    let before = processor_time(process)?;
    let output = wrk.output()?;
    let took = processor_time(process)?.saturating_sub(before);
    let told = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() || told.contains("Non-2xx or 3xx") || told.contains("Socket errors") {
        return Err(io::Error::other(format!("wrk on {url}: {}\n{told}", output.status)));
    }
    let requests = told.lines().find_map(|line| line.trim().split_once(" requests in ")?.0.parse().ok());
    let requests: f64 = requests.ok_or_else(|| io::Error::other(format!("wrk tells no requests:\n{told}")))?;
    Ok(took.as_secs_f64() * 1e6 / requests)
}
