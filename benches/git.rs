//! A pull request as the service makes it on GitHub, beside a clone, commit and push of the same three files with the git command;
//! and what many of them leave on disk.
//!
//! Both go through the same Git server, `git http-backend` behind HTTP on this machine. Ours also asks the double of GitHub's API for
//! the open pull requests and opens one, which the peer doesn't. All take turns, so that what else the machine does hits all alike.

#[path = "support/gitops.rs"]
mod gitops;
#[path = "support/ours.rs"]
mod ours;
#[path = "support/peer.rs"]
mod peer;

/// The servers of the tests.
#[path = "../tests/support"]
#[allow(dead_code, unused_imports, reason = "the tests use more of it")]
#[allow(clippy::unwrap_used, reason = "a server that fails ends the bench")]
mod support {
    pub mod client;
    pub mod documented;
    pub mod git;
    pub mod github;
    pub mod process;
    pub mod sealing;
    pub mod smart_http;

    pub use process::TestApp;
}

use std::env;
use std::io;
use std::process::{Command, Stdio};
use std::time::Duration;

use self::gitops::Size;
use self::ours::Ours;
use self::support::github::TOKEN;

const SIZES: [Size; 3] = [
    Size { name: "1,000 files", files: 1_000, commits: 100 },
    Size { name: "20,000 files, 2,000 commits", files: 20_000, commits: 2_000 },
    Size { name: "100,000 files", files: 100_000, commits: 100 },
];
const ROUNDS: usize = 3;
/// Of ours in a round; the peer takes its time.
const REQUESTS: usize = 5;
/// How many leave a mirror bounded.
const MANY: usize = 200;
/// How many times as fast as the peer a pull request should be at least, where a repository isn't small.
const FASTER: f64 = 15.0;
/// How much more time the largest repository should take than the smallest at most.
const GROWTH: f64 = 2.5;
/// How much more disk the second half of many requests should take than the first half at most.
const SWELLING: f64 = 1.1;

/// What was measured on one repository, in milliseconds.
struct Measured {
    size: Size,
    first_fetch: f64,
    unchanged: Vec<f64>,
    moved: Vec<f64>,
    peer: Vec<f64>,
}

fn main() -> io::Result<()> {
    // `cargo test --benches` runs benches too, to see that they work: once is enough then.
    let full = env::args().any(|argument| argument == "--bench");
    if Command::new("git").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("\nThe time of a pull request is left out: git isn't installed; .ci/setup test does that.");
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (sizes, rounds, requests, many) =
        if full { (&SIZES[..], ROUNDS, REQUESTS, MANY) } else { (&SIZES[..1], 1, 1, 4) };
    let mut measured = Vec::new();
    for size in sizes {
        measured.push(runtime.block_on(measure(*size, rounds, requests))?);
    }
    print_times(&measured);
    runtime.block_on(leave(sizes[sizes.len() / 2], many))
}

async fn measure(size: Size, rounds: usize, requests: usize) -> io::Result<Measured> {
    let ours = Ours::start(size).await?;
    let first_fetch = ms(ours.first_fetch);
    let (mut unchanged, mut moved, mut peer) = (vec![], vec![], vec![]);
    // What is done once only, such as the first connection, isn't counted.
    pull_request(&ours, "warm-up").await?;
    for round in 0..rounds {
        for request in 0..requests {
            unchanged.push(ms(pull_request(&ours, &format!("unchanged-{round}-{request}")).await?));
            ours.move_base(round * requests + request)?;
            moved.push(ms(pull_request(&ours, &format!("moved-{round}-{request}")).await?));
        }
        let name = format!("peer-{round}");
        peer.push(ms(peer::change(&ours.remote.url(), TOKEN, &name, &files(&name))?));
        ours.remote.git(&["update-ref", "-d", &format!("refs/heads/{name}")]);
    }
    Ok(Measured { size, first_fetch, unchanged, moved, peer })
}

/// The time of a request; then its pull request is merged.
async fn pull_request(ours: &Ours, name: &str) -> io::Result<Duration> {
    let (time, number) = ours.request(name, &files(name)).await?;
    ours.merge(number).await?;
    Ok(time)
}

/// Three small files in two folders.
fn files(name: &str) -> Vec<(String, String)> {
    let file = |folder: &str| (format!("{folder}/{name}.yaml"), format!("kind: Example\nmetadata:\n  name: {name}\n"));
    ["nodegroups/team-a", "nodegroups/team-b", "secrets/team-a"].map(file).into()
}

fn print_times(measured: &[Measured]) {
    println!("\n{:<46}{:>8}{:>9}{:>9}{:>9}{:>10}", "a pull request, ms", "median", "slowest", "peer", "×", "at least");
    for Measured { size, first_fetch, unchanged, moved, peer } in measured {
        for (what, times) in [("", unchanged), (", base moved", moved)] {
            let (ours, peer) = (median(times), median(peer));
            let wanted = if size.files > 1_000 { format!("{FASTER:.0}") } else { String::new() };
            println!(
                "{:<46}{ours:>8.0}{:>9.0}{peer:>9.0}{:>9.1}{wanted:>10}",
                format!("{}{what}", size.name),
                times.iter().copied().fold(0.0, f64::max),
                peer / ours
            );
        }
        println!("{:<46}{first_fetch:>8.0}", format!("{}, the first fetch", size.name));
    }
    if let [small, .., large] = measured {
        println!("\n{:<46}{:>8}{:>10}", "the largest to the smallest", "ratio", "at most");
        for (what, small, large) in
            [("", &small.unchanged, &large.unchanged), (", base moved", &small.moved, &large.moved)]
        {
            println!("{:<46}{:>8.2}{GROWTH:>10.1}", format!("a pull request{what}"), median(large) / median(small));
        }
    }
    println!("\nPeer: git clone --depth 1, the same three files, commit, push.");
}

/// Many requests after each other, each merged, and each on a base that somebody moved.
async fn leave(size: Size, many: usize) -> io::Result<()> {
    let ours = Ours::start(size).await?;
    let before = ours.disk()?;
    let mut seen = Vec::new();
    for request in 0..many {
        ours.move_base(request)?;
        pull_request(&ours, &format!("many-{request}")).await?;
        seen.push(ours.disk()?);
    }
    let mib = |bytes: u64| f64::from(u32::try_from(bytes >> 10).unwrap_or(u32::MAX)) / 1024.0;
    let most = |part: &[ours::Disk]| mib(part.iter().map(|disk| disk.bytes).max().unwrap_or(0));
    let (first, second) = seen.split_at(many / 2);
    println!("\n{:<46}{:>8}", format!("{many} pull requests, {}: the mirror", size.name), "MiB");
    println!("{:<46}{:>8.1}", "before", mib(before.bytes));
    println!("{:<46}{:>8.1}", "most in the first half", most(first));
    println!("{:<46}{:>8.1}", "most in the second half", most(second));
    println!("{:<46}{:>8.1}", "after", mib(seen[seen.len() - 1].bytes));
    println!("{:<46}{:>8}", "most packs", seen.iter().map(|disk| disk.packs).max().unwrap_or(0));
    println!("{:<46}{:>8.2}{SWELLING:>10.1} at most", "second half to first", most(second) / most(first));
    Ok(())
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
