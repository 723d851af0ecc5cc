//! The service in a process of its own, as the benches load it.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a server may take to come up, or to answer.
const DEADLINE: Duration = Duration::from_secs(30);
/// A server that isn't up yet is asked again after this pause.
const PAUSE: Duration = Duration::from_millis(20);

/// A server of ours or of others, stopped when dropped.
pub struct Server {
    process: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts a server that will listen on `address`, and waits until it answers `path` with 200.
    ///
    /// # Errors
    /// When it can't be started, or isn't ready within a time that is long enough.
    pub fn start(mut command: Command, address: SocketAddr, path: &str) -> io::Result<Self> {
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
        // From here on the process is stopped on every way out.
        let mut server = Self { process, address };
        let started = Instant::now();
        while !get(address, path, "").is_ok_and(|answer| answer.starts_with(b"HTTP/1.1 200 ")) {
            if let Some(status) = server.process.try_wait()? {
                return Err(io::Error::other(format!("the server for {path} ended: {status}")));
            }
            if started.elapsed() > DEADLINE {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "a server didn't become ready"));
            }
            thread::sleep(PAUSE);
        }
        Ok(server)
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }
}

/// The processor time that a process took so far, in its own code and in the kernel's, all threads together.
///
/// # Errors
/// When the kernel doesn't tell.
pub fn processor_time(process: u32) -> io::Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is the program's name, in parentheses; utime and stime are the 14th and 15th.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    let ticks: Vec<u32> = fields.filter_map(|field| field.parse().ok()).collect();
    match ticks[..] {
        [user, system] => Ok(Duration::from_secs(1) * (user + system) / TICKS_PER_SECOND),
        _ => Err(io::Error::other("the kernel doesn't tell the processor time")),
    }
}

/// The unit of times in `/proc`, the same on every Linux that runs on what we build for.
const TICKS_PER_SECOND: u32 = 100;

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The service on the bundled price list, in an empty folder, logging at this level to nowhere, with these settings besides.
///
/// # Errors
/// When it doesn't become ready.
pub fn start(
    mut command: Command,
    folder: &Path,
    price_list: &str,
    log: &str,
    settings: &[(&str, &str)],
) -> io::Result<Server> {
    let address = free_address()?;
    command
        .env_clear()
        .envs(settings.iter().copied())
        .env("LISTEN_ADDRESS", address.to_string())
        .env("INSTANCE_TYPES_FILE_SOURCE", price_list)
        .env("RUST_LOG", log)
        // It has one core.
        .env("TOKIO_WORKER_THREADS", "1")
        .current_dir(folder);
    Server::start(command, address, "/api/readiness")
}

/// An address that nobody listens on now.
///
/// # Errors
/// When the kernel has none.
pub fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

/// The whole answer to a request, head included; `headers` are lines that end in CRLF.
///
/// # Errors
/// When the server doesn't answer.
pub fn get(address: SocketAddr, path: &str, headers: &str) -> io::Result<Vec<u8>> {
    let mut connection = TcpStream::connect(address)?;
    connection.set_read_timeout(Some(DEADLINE))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{headers}Connection: close\r\n\r\n");
    connection.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    Ok(answer)
}
