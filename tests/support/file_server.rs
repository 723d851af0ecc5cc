//! A small HTTP server that answers as a test says: also wrongly, slowly, and not to the end.

// Not every test that has this file uses all of it.
#![allow(dead_code)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path, with its query.
    pub path: String,
    headers: Vec<(String, String)>,
}

impl Request {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What happens once a part of the body is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// The rest is sent.
    GoOn,
    /// The connection is closed.
    Cut,
    /// Nothing more comes, but the connection stays.
    Hang,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Arc<Vec<u8>>,
    /// What is told as the length; nothing for a body that ends with the connection.
    length: Option<usize>,
    stop: (usize, Then),
    drip: Option<Duration>,
}

impl Reply {
    /// 200 with a body.
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        let body = Arc::new(body.into());
        let length = Some(body.len());
        Self { status: 200, headers: Vec::new(), body, length, stop: (usize::MAX, Then::GoOn), drip: None }
    }

    /// Another status, without a body.
    pub fn status(status: u16) -> Self {
        Self { status, ..Self::ok("") }
    }

    /// A redirect.
    pub fn redirect(location: impl Into<String>) -> Self {
        Self::status(302).with("location", &location.into())
    }

    /// Adds a header.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Tells another length than the body's; `None` tells none.
    pub fn with_length(mut self, length: Option<usize>) -> Self {
        self.length = length;
        self
    }

    /// Closes the connection after so many bytes of the body.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.stop = (bytes, Then::Cut);
        self
    }

    /// Falls silent after so many bytes of the body, until the client goes away.
    pub fn hang_after(mut self, bytes: usize) -> Self {
        self.stop = (bytes, Then::Hang);
        self
    }

    /// Sends single bytes with a pause between them.
    pub fn dripping(mut self, pause: Duration) -> Self {
        self.drip = Some(pause);
        self
    }

    /// False when the client went away before the end.
    fn send(&self, connection: &mut TcpStream) -> std::io::Result<()> {
        let length =
            self.length.filter(|_| self.status != 304).map(|length| ("content-length".to_owned(), length.to_string()));
        let headers = self.headers.iter().cloned().chain(length);
        let headers: String = headers.map(|(name, value)| name + ": " + &value + "\r\n").collect();
        let head = format!("HTTP/1.1 {} Status\r\nconnection: close\r\n{headers}", self.status);
        connection.write_all(format!("{head}\r\n").as_bytes())?;
        let (bytes, then) = self.stop;
        let body = &self.body[..bytes.min(self.body.len())];
        match self.drip {
            None => connection.write_all(body)?,
            Some(pause) => {
                for byte in body.chunks(1) {
                    connection.write_all(byte)?;
                    thread::sleep(pause);
                }
            }
        }
        if then == Then::Hang {
            // Ends when the client closes its side.
            connection.read_to_end(&mut Vec::new())?;
        }
        Ok(())
    }
}

/// A running server; it stops with the process.
pub struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    left: Arc<AtomicBool>,
}

impl Server {
    /// Listens on a free port of 127.0.0.1.
    pub fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1", answer)
    }

    /// Listens on a free port of an address of this machine.
    pub fn start_at(ip: &str, answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((ip, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, left) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (log, gone, answer) = (Arc::clone(&requests), Arc::clone(&left), Arc::new(answer));
        thread::spawn(move || {
            for connection in listener.incoming() {
                let (log, gone, answer) = (Arc::clone(&log), Arc::clone(&gone), Arc::clone(&answer));
                thread::spawn(move || {
                    let Ok(mut connection) = connection else { return };
                    let Some(request) = read(&connection) else { return };
                    log.lock().unwrap().push(request.clone());
                    if answer(&request).send(&mut connection).is_err() {
                        gone.store(true, Ordering::SeqCst);
                    }
                });
            }
        });
        Self { address, requests, left }
    }

    /// Where a path of this server is.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was asked for so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Whether a client went away before it had everything.
    pub fn was_left(&self) -> bool {
        self.left.load(Ordering::SeqCst)
    }
}

fn read(connection: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(connection).lines();
    let first = lines.next()?.ok()?;
    let mut headers = Vec::new();
    for line in lines {
        let line = line.ok()?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut words = first.split(' ').map(str::to_owned);
    Some(Request { method: words.next()?, path: words.next()?, headers })
}
