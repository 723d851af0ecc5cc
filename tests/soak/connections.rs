//! Many connections, slow ones, and bodies that never end.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::{resident, say};
use crate::support::client::{request, written};
use crate::support::{TestApp, wait_for};

/// As many connections as are wanted, or as this process may have.
fn affordable(wanted: usize) -> usize {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    if soft < hard {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    }
    let affordable = usize::try_from(hard).unwrap_or(usize::MAX).saturating_sub(500);
    if affordable < wanted {
        say(&format!("{affordable} connections instead of {wanted}: the limit of open files is {hard}"));
    }
    affordable.min(wanted)
}

fn opened(app: &TestApp, count: usize) -> Vec<TcpStream> {
    (0..count).map(|_| TcpStream::connect(app.address).unwrap()).collect()
}

/// Whether the server has closed a connection.
fn is_closed(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    match (&mut &*stream).read(&mut [0; 16]) {
        Ok(0) => true,
        Ok(_) => false,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}

#[test]
#[ignore = "load: make soak"]
fn ten_thousand_connections_are_held_and_a_request_on_each_is_answered() {
    let count = affordable(10_000);
    let app = TestApp::builder().with_few_prices().start_ready();
    let before = resident(&app);
    let mut streams = opened(&app, count);
    let started = Instant::now();
    let head = "GET /api/liveness HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    for stream in &mut streams {
        // One that was idle for too long is closed: not all can be asked in time on a slow machine.
        let _ = stream.write_all(head.as_bytes());
    }
    let full = resident(&app);
    let mut answered = 0;
    for stream in &mut streams {
        let mut text = String::new();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let _ = stream.read_to_string(&mut text);
        answered += usize::from(text.starts_with("HTTP/1.1 200"));
    }
    say(&format!(
        "{answered} of {count} connections answered in {:?}; {} KiB each",
        started.elapsed(),
        full.saturating_sub(before) / count as u64
    ));
    assert!(answered * 100 >= count * 99, "{answered} of {count}");
    assert_eq!(app.get("/api/instance_types?limit=1").status, 200);
}

#[test]
#[ignore = "load: make soak"]
fn slow_heads_are_let_go_and_others_are_answered_meanwhile() {
    let count = affordable(2_000);
    let app = TestApp::builder().with_few_prices().start_ready();
    let mut streams = opened(&app, count);
    let started = Instant::now();
    let mut slowest = Duration::ZERO;
    while started.elapsed() < Duration::from_secs(8) {
        for stream in &mut streams {
            let _ = stream.write_all(b"X");
        }
        let asked = Instant::now();
        assert_eq!(app.get("/api/instance_types?limit=1").status, 200);
        slowest = slowest.max(asked.elapsed());
    }
    wait_for("the slow ones to be let go", || streams.iter().all(is_closed).then_some(()));
    say(&format!(
        "{count} slow heads let go after {:?}; the slowest answer meanwhile took {slowest:?}",
        started.elapsed()
    ));
    assert!(slowest < Duration::from_secs(3), "{slowest:?}");
}

#[test]
#[ignore = "load: make soak"]
fn bodies_without_end_take_no_memory_and_no_place_of_a_probe() {
    let app = TestApp::builder().ready_to_write().start_ready();
    let before = resident(&app);
    let head = written(
        app.address,
        "POST",
        "/api/secrets",
        &[("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")],
        b"",
    );
    let chunk = [b"10000\r\n".as_slice(), &vec![b'x'; 0x10000], b"\r\n"].concat();
    let flooding: Vec<_> = (0..32)
        .map(|_| {
            let (address, head, chunk) = (app.address, head.clone(), chunk.clone());
            std::thread::spawn(move || {
                let (mut sent, started) = (0_usize, Instant::now());
                while started.elapsed() < Duration::from_secs(15) {
                    let mut stream = TcpStream::connect(address).unwrap();
                    let _ = stream.write_all(&head);
                    while started.elapsed() < Duration::from_secs(15) && stream.write_all(&chunk).is_ok() {
                        sent += chunk.len();
                    }
                }
                sent
            })
        })
        .collect();
    let (mut most, started) = (before, Instant::now());
    while started.elapsed() < Duration::from_secs(14) {
        most = most.max(resident(&app));
        assert_eq!(request(app.address, "GET", "/api/liveness", &[], b"").status, 200);
    }
    let sent: usize = flooding.into_iter().map(|thread| thread.join().unwrap()).sum();
    say(&format!("{} MiB of bodies: {} MiB more at most", sent >> 20, most.saturating_sub(before) >> 10));
    // 2 MiB of each body are read, and twice that while a buffer grows.
    assert!(most - before < 192 * 1024, "{before} {most}");
    assert_eq!(app.get("/api/secrets").status, 200);
}
