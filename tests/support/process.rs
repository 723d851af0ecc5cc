//! `TestApp`: the built binary on a free port, in a fresh folder, with nothing in its environment but what the test sets.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::client::{Answer, request};

/// How long a condition may take to come true; generous, as the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until a condition gives a value.
#[track_caller]
pub fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(started.elapsed() < PATIENCE, "waited too long for {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Sets up a run of the binary.
pub struct Builder {
    folder: TempDir,
    variables: Vec<(String, String)>,
    arguments: Vec<String>,
}

impl Builder {
    /// Sets a variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Puts a file into the working folder.
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    /// Adds an argument.
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cre-backend-api"));
        command.current_dir(self.folder.path()).env_clear().args(&self.arguments);
        command.env("LISTEN_ADDRESS", "127.0.0.1:0");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the binary to its end, for what never gets to listening.
    pub fn output(self) -> Output {
        self.command().output().expect("the binary runs")
    }

    /// Starts the binary and waits until it listens.
    #[track_caller]
    pub fn start(self) -> TestApp {
        let mut child = self.command().spawn().expect("the binary starts");
        let log = Arc::new(Mutex::new(String::new()));
        collect(child.stdout.take().unwrap(), &log);
        collect(child.stderr.take().unwrap(), &log);
        let mut app = TestApp { child, log, address: ([127, 0, 0, 1], 0).into(), folder: self.folder };
        app.address = wait_for("the line `listening`", || {
            let log = app.log();
            if let Some(status) = app.child.try_wait().unwrap() {
                panic!("the service ended with {status}:\n{log}");
            }
            address_in(&log)
        });
        app
    }
}

/// Adds what a pipe brings to the log, line by line.
fn collect(pipe: impl Read + Send + 'static, log: &Arc<Mutex<String>>) {
    let log = Arc::clone(log);
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            let mut log = log.lock().unwrap();
            log.push_str(&line);
            log.push('\n');
        }
    });
}

/// The address in the line `listening`, be it text or JSON.
fn address_in(log: &str) -> Option<SocketAddr> {
    let line = log.lines().find(|line| line.contains("listening"))?;
    let text = match serde_json::from_str::<Value>(line) {
        Ok(json) => json["address"].as_str()?.to_owned(),
        Err(_) => line.split("address=").nth(1)?.split_whitespace().next()?.to_owned(),
    };
    text.parse().ok()
}

/// A running service; killed when it is dropped.
pub struct TestApp {
    child: Child,
    log: Arc<Mutex<String>>,
    pub address: SocketAddr,
    folder: TempDir,
}

impl TestApp {
    /// A run with its own folder and nothing set.
    pub fn builder() -> Builder {
        Builder { folder: tempfile::tempdir().unwrap(), variables: Vec::new(), arguments: Vec::new() }
    }

    /// Starts with nothing set.
    #[track_caller]
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// The working folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A path in the working folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Everything that was logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until the log holds a text, and returns its line.
    #[track_caller]
    pub fn wait_for_log(&self, text: &str) -> String {
        wait_for(text, || self.log().lines().find(|line| line.contains(text)).map(str::to_owned))
    }

    /// Waits until the service is ready.
    #[track_caller]
    pub fn wait_until_ready(&self) {
        wait_for("readiness", || (self.get("/api/readiness").status == 200).then_some(()));
    }

    /// Sends a request with headers and a body of any kind.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        request(self.address, method, path, headers, body)
    }

    /// GET.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    /// POST of a JSON body.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[("Content-Type", "application/json")], body.to_string().as_bytes())
    }

    /// PUT of a JSON body.
    #[track_caller]
    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, &[("Content-Type", "application/json")], body.to_string().as_bytes())
    }

    /// DELETE.
    #[track_caller]
    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], b"")
    }

    /// Sends the process a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let id = i32::try_from(self.child.id()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// Waits until the process ended.
    #[track_caller]
    pub fn wait_for_exit(&mut self) -> ExitStatus {
        wait_for("the end of the process", || self.child.try_wait().unwrap())
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // It may have ended already, as some tests make it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
