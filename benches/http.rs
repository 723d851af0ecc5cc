//! What an answer with instance types costs the service in processor time, beside nginx with the same bytes as static files.
//!
//! Servers have one core and the load has another, as far as the machine has two. All servers are up at once and are loaded in
//! turns, so that what else the machine does hits all alike.

#[path = "support/nginx.rs"]
mod nginx;
#[path = "support/service.rs"]
mod service;
#[path = "support/wrk.rs"]
mod wrk;

use std::env;
use std::fs;
use std::io;
use std::process::{Command, Stdio};
use std::thread;

use self::service::{Server, get};

const SERVICE: &str = env!("CARGO_BIN_EXE_cre-backend-api");
const PRICE_LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/pricing-list.json");
const LIST: &str = "/api/instance_types";
/// Filtered and sorted: 50 of the 1,345 types.
const QUERY: &str =
    "/api/instance_types?vcpu_min=8&memory_gib_min=32&arch=arm64&nvme=true&price_max=2.65&sort=price,-memory";
const FILE: &str = "/list.json";
const GZIP: &str = "Accept-Encoding: gzip";
const ROUNDS: usize = 3;
const SECONDS: u32 = 3;

/// A request that is measured.
struct Case<'a> {
    name: &'static str,
    server: &'a Server,
    path: &'static str,
    headers: Vec<String>,
    /// The case beside it, and what the ratio to it should be at most.
    beside: Option<(usize, f64)>,
    /// Of each round, in microseconds.
    costs: Vec<f64>,
}

fn main() -> io::Result<()> {
    // `cargo test --benches` runs benches too, to see that they work: once is enough then.
    let full = env::args().any(|argument| argument == "--bench");
    let nginx = nginx::program();
    for (program, argument) in [(nginx, "-v"), ("wrk", "-v"), ("taskset", "-V")] {
        // wrk can't tell its version with success; that it can be started is enough.
        if Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            println!(
                "\nThe cost of a request beside nginx is left out: {program} isn't installed; .ci/setup bench does that."
            );
            return Ok(());
        }
    }
    let (quiet_folder, logging_folder, nginx_folder) =
        (tempfile::tempdir()?, tempfile::tempdir()?, tempfile::tempdir()?);
    let quiet = service::start(on_core(SERVERS, SERVICE), quiet_folder.path(), PRICE_LIST, "warn", &[])?;
    let logging = service::start(on_core(SERVERS, SERVICE), logging_folder.path(), PRICE_LIST, "info", &[])?;
    let www = nginx_folder.path().join("www");
    fs::create_dir(&www)?;
    let (plain, zipped) = (Answer::of(&quiet, LIST, "")?, Answer::of(&quiet, LIST, &format!("{GZIP}\r\n"))?);
    fs::write(www.join("list.json"), &plain.body)?;
    fs::write(www.join("list.json.gz"), &zipped.body)?;
    let nginx = nginx::start(on_core(SERVERS, nginx), nginx_folder.path(), FILE)?;
    // The gzipped bytes must come from nginx too, or the ratio says nothing.
    if Answer::of(&nginx, FILE, &format!("{GZIP}\r\n"))?.body != zipped.body {
        return Err(io::Error::other("nginx doesn't serve the gzipped file"));
    }

    let found = Answer::of(&quiet, QUERY, "")?;
    let gzip = || vec![GZIP.to_owned()];
    let known = format!("If-None-Match: {}", zipped.header("etag").unwrap_or_default());
    let case = |name, server, path, headers, beside| Case { name, server, path, headers, beside, costs: vec![] };
    let mut cases = [
        case("nginx, gzip_static", &nginx, FILE, gzip(), None),
        case("nginx, sendfile", &nginx, FILE, vec![], None),
        case("ours, whole list, gzip", &quiet, LIST, gzip(), Some((0, 1.2))),
        case("ours, whole list, plain", &quiet, LIST, vec![], Some((1, 1.6))),
        case("ours, 304", &quiet, LIST, [gzip(), vec![known]].concat(), Some((2, 1.0))),
        case("ours, filtered and sorted", &quiet, QUERY, vec![], Some((0, 10.0))),
        case("ours, gzip, with its log", &logging, LIST, gzip(), Some((0, f64::INFINITY))),
    ];
    let (rounds, seconds) = if full { (ROUNDS, SECONDS) } else { (1, 1) };
    for _ in 0..rounds {
        for case in &mut cases {
            let (load, url) = (on_core(LOAD, "wrk"), format!("http://{}{}", case.server.address, case.path));
            case.costs.push(wrk::microseconds_per_request(load, case.server.id(), &url, &case.headers, seconds)?);
        }
    }

    println!(
        "\n{} bytes, gzipped {}; {} of {} types are found",
        plain.body.len(),
        zipped.body.len(),
        found.total()?,
        plain.total()?
    );
    println!("\n{:<30}{:>10}  {:<26}{:>8}{:>10}", "processor time of a request", "µs", "beside", "ratio", "at most");
    for case in &cases {
        print!("{:<30}{:>10.1}", case.name, median(&case.costs));
        if let Some((beside, most)) = case.beside {
            let ratio = median(&case.costs) / median(&cases[beside].costs);
            let most = if most.is_finite() { format!("{most:.1}") } else { String::new() };
            print!("  {:<26}{ratio:>8.2}{most:>10}", cases[beside].name);
        }
        println!();
    }
    println!(
        "\nMedian of {rounds} rounds of {seconds} s each, in turns; nginx and, but for the last row, the service log no requests."
    );
    Ok(())
}

/// The core that servers run on, and the one of the load.
const SERVERS: usize = 0;
const LOAD: usize = 1;

/// A program on one core.
fn on_core(core: usize, program: &str) -> Command {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut command = Command::new("taskset");
    command.args(["-c", &core.min(cores - 1).to_string(), program]);
    command
}

fn median(costs: &[f64]) -> f64 {
    let mut costs = costs.to_vec();
    costs.sort_by(f64::total_cmp);
    costs[costs.len() / 2]
}

/// An answer with 200.
struct Answer {
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn of(server: &Server, path: &str, headers: &str) -> io::Result<Self> {
        let mut answer = get(server.address, path, headers)?;
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap_or(0);
        let body = answer.split_off((end + 4).min(answer.len()));
        let head = String::from_utf8_lossy(&answer).into_owned();
        if head.starts_with("HTTP/1.1 200 ") {
            Ok(Self { head, body })
        } else {
            Err(io::Error::other(format!("{path}: {head}")))
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v)
    }

    /// A list's `total_items`.
    fn total(&self) -> io::Result<u64> {
        let list: serde_json::Value = serde_json::from_slice(&self.body)?;
        list["total_items"].as_u64().ok_or_else(|| io::Error::other("no list"))
    }
}
