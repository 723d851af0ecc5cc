//! How long the service takes from the start of its process until it is ready, and the memory that it holds when idle.
//!
//! Each first start has an empty folder, where the repository and the keys are still to be made; the next start finds them. The floor
//! is the same binary printing its version: what the kernel and the loader take before the first line of ours.

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const SERVICE: &str = env!("CARGO_BIN_EXE_cre-backend-api");
const PRICE_LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/pricing-list.json");
const RUNS: usize = 10;
const DEADLINE: Duration = Duration::from_secs(30);
/// Readiness is asked for again after this pause: it bounds the error of the measurement.
const PAUSE: Duration = Duration::from_micros(500);
const IDLE: Duration = Duration::from_secs(2);

fn main() -> io::Result<()> {
    // `cargo test --benches` runs benches too, to see that they work: once is enough then.
    let runs = if env::args().any(|argument| argument == "--bench") { RUNS } else { 1 };
    let (mut floor, mut first, mut next, mut memory) = (vec![], vec![], vec![], vec![]);
    for _ in 0..runs {
        floor.push(print_version()?);
        let folder = tempfile::tempdir()?;
        let service = Service::start(folder.path())?;
        first.push(service.ready_after);
        thread::sleep(IDLE);
        memory.push(service.resident_kib()?);
        drop(service);
        next.push(Service::start(folder.path())?.ready_after);
    }

    println!("\n{:<36}{:>10}{:>10}{:>10}{:>12}", "start to ready, ms", "min", "median", "max", "× floor");
    let base = spread(&mut floor).1;
    for (name, times) in
        [("first start, empty folder", &mut first), ("next start", &mut next), ("floor: --version", &mut floor)]
    {
        let (min, median, max) = spread(times);
        println!("{name:<36}{min:>10.1}{median:>10.1}{max:>10.1}{:>12.1}", median / base);
    }
    memory.sort_by(f64::total_cmp);
    println!("\n{:<36}{:>10}{:>10}{:>10}", "resident memory, MiB", "min", "median", "max");
    let mib = |kib: f64| kib / 1024.0;
    let (min, median, max) = (memory[0], memory[memory.len() / 2], memory[memory.len() - 1]);
    println!("{:<36}{:>10.1}{:>10.1}{:>10.1}", "idle for 2 s after a first start", mib(min), mib(median), mib(max));
    println!("\n{runs} runs each; the bundled price list; ready: GET /api/readiness answers 200.");
    Ok(())
}

/// The service in a process of its own, stopped when dropped.
struct Service {
    process: Child,
    ready_after: Duration,
}

impl Service {
    /// Starts it in a folder on a free port, with nothing set beside, and waits until it is ready.
    fn start(folder: &Path) -> io::Result<Self> {
        let started = Instant::now();
        let process = Command::new(SERVICE)
            .env_clear()
            .env("LISTEN_ADDRESS", "127.0.0.1:0")
            .env("INSTANCE_TYPES_FILE_SOURCE", PRICE_LIST)
            .current_dir(folder)
            .stdout(Stdio::piped())
            .spawn()?;
        // From here on the process is stopped on every way out.
        let mut service = Self { process, ready_after: Duration::ZERO };
        let address = service.address()?;
        while !is_ready(address)? {
            if started.elapsed() > DEADLINE {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the service didn't become ready"));
            }
            thread::sleep(PAUSE);
        }
        service.ready_after = started.elapsed();
        Ok(service)
    }

    /// Reads the bound address from the log; what follows is read on in the background, so that the pipe never fills.
    fn address(&mut self) -> io::Result<SocketAddr> {
        let log = self.process.stdout.take().ok_or_else(|| io::Error::other("no log"))?;
        let mut log = BufReader::new(log);
        let mut line = String::new();
        let mut seen = String::new();
        while log.read_line(&mut line)? > 0 {
            if let Some(address) = listening(&line) {
                thread::spawn(move || io::copy(&mut log, &mut io::sink()));
                return Ok(address);
            }
            seen.push_str(&line);
            line.clear();
        }
        Err(io::Error::other(format!("the service stopped before it listened; its log:\n{seen}")))
    }

    /// Memory that is resident now, in KiB.
    fn resident_kib(&self) -> io::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok())
            .ok_or_else(|| io::Error::other("the kernel doesn't tell the resident memory"))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The address in a line such as `… listening address=127.0.0.1:41234`.
fn listening(line: &str) -> Option<SocketAddr> {
    line.contains("listening").then_some(())?;
    line.split_whitespace().find_map(|word| word.strip_prefix("address=")?.parse().ok())
}

fn is_ready(address: SocketAddr) -> io::Result<bool> {
    let mut connection = TcpStream::connect(address)?;
    connection.set_read_timeout(Some(DEADLINE))?;
    let request = format!("GET /api/readiness HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes())?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    Ok(answer.starts_with("HTTP/1.1 200 "))
}

fn print_version() -> io::Result<Duration> {
    let started = Instant::now();
    let status = Command::new(SERVICE).arg("--version").env_clear().stdout(Stdio::null()).status()?;
    let took = started.elapsed();
    if status.success() { Ok(took) } else { Err(io::Error::other(format!("--version: {status}"))) }
}

/// The shortest, the median and the longest, in milliseconds.
fn spread(times: &mut [Duration]) -> (f64, f64, f64) {
    times.sort();
    let ms = |index: usize| times[index].as_secs_f64() * 1000.0;
    (ms(0), ms(times.len() / 2), ms(times.len() - 1))
}
