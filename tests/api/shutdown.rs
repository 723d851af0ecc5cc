//! How the service stops.

use std::io::{Read, Write};
use std::net::TcpStream;

use rustix::process::Signal;

use crate::support::{TestApp, wait_for};

/// Opens a connection and keeps it after its first request.
fn idle_connection(app: &TestApp) -> TcpStream {
    let mut stream = TcpStream::connect(app.address).unwrap();
    stream.write_all(b"GET /api/liveness HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut first = [0; 15];
    stream.read_exact(&mut first).unwrap();
    stream
}

#[test]
fn both_signals_stop_the_service_with_exit_code_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut app = TestApp::start();
        app.signal(signal);
        assert_eq!(app.wait_for_exit().code(), Some(0), "{signal:?}");
    }
}

#[test]
fn an_idle_connection_does_not_hold_the_service_up() {
    let mut app = TestApp::start();
    let _idle = idle_connection(&app);
    app.signal(Signal::TERM);
    assert_eq!(app.wait_for_exit().code(), Some(0));
}

#[test]
fn a_stopping_service_takes_no_more_connections() {
    let mut app = TestApp::start();
    let address = app.address;
    app.signal(Signal::TERM);
    wait_for("the listener's end", || TcpStream::connect(address).is_err().then_some(()));
    assert_eq!(app.wait_for_exit().code(), Some(0));
}

#[test]
fn sighup_does_not_stop_the_service() {
    let app = TestApp::start();
    app.signal(Signal::HUP);
    app.wait_for_log("SIGHUP");
    assert_eq!(app.get("/api/liveness").status, 200);
}
