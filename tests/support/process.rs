//! `TestApp`: the built binary on a free port, in a fresh folder, with nothing in its environment but what the test sets.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::client::{Answer, request, try_request};
use super::documented;

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

/// The price list that the repository ships.
const PRICE_LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/pricing-list.json");

/// The types that tests name, from the shipped price list.
pub fn few_prices() -> &'static str {
    static FEW: OnceLock<String> = OnceLock::new();
    FEW.get_or_init(|| {
        let mut list: Value = serde_json::from_slice(&std::fs::read(PRICE_LIST).unwrap()).unwrap();
        let named = |product: &Value| {
            let name = product["attributes"]["instanceType"].as_str().unwrap_or_default();
            ["m5.", "m6g."].iter().any(|series| name.starts_with(series))
        };
        list["products"].as_object_mut().unwrap().retain(|_, product| named(product));
        let kept = list["products"].clone();
        list["terms"]["OnDemand"].as_object_mut().unwrap().retain(|sku, _| kept.get(sku).is_some());
        list.to_string()
    })
}

/// Sets up a run of the binary.
#[derive(Clone)]
pub struct Builder {
    folder: Arc<TempDir>,
    variables: Vec<(String, String)>,
    arguments: Vec<String>,
    under: Vec<String>,
}

impl Builder {
    /// Sets a variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Reads the shipped price list.
    pub fn with_prices(self) -> Self {
        self.env("INSTANCE_TYPES_FILE_SOURCE", PRICE_LIST)
    }

    /// Puts a sealing key pair into the GitOps folder, as making one takes seconds.
    pub fn with_sealing_key(self) -> Self {
        super::sealing::plant(&self.folder.path().join(".gitops"));
        self
    }

    /// Reads a price list with a few types of the shipped one, which is there at once.
    pub fn with_few_prices(self) -> Self {
        self.file("few-prices.json", few_prices()).env("INSTANCE_TYPES_FILE_SOURCE", "few-prices.json")
    }

    /// What a test of writes needs: prices and a sealing key.
    pub fn ready_to_write(self) -> Self {
        self.with_few_prices().with_sealing_key()
    }

    /// Puts a file into the working folder.
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    /// The working folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Adds an argument.
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Runs the binary under a program that becomes it in the end, so that both are one process.
    pub fn under(mut self, command: &[impl AsRef<str>]) -> Self {
        self.under = command.iter().map(|word| word.as_ref().to_owned()).collect();
        self
    }

    fn command(&self) -> Command {
        let binary = env!("CARGO_BIN_EXE_cre-backend-api");
        let mut words = self.under.iter().map(String::as_str).chain([binary]);
        let mut command = Command::new(words.next().unwrap());
        command.current_dir(self.folder.path()).env_clear().args(words).args(&self.arguments);
        command.env("LISTEN_ADDRESS", "127.0.0.1:0");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the binary to its end, for what never gets to listening.
    pub fn output(self) -> Output {
        self.command().output().expect("the binary runs")
    }

    /// Starts the binary and waits until it is ready, its sealing key included.
    #[track_caller]
    pub fn start_ready(self) -> TestApp {
        let app = self.start();
        app.wait_until_ready();
        wait_for("the certificate", || (app.get("/api/certificate").status != 503).then_some(()));
        app
    }

    /// Starts the binary and waits until it listens.
    #[track_caller]
    pub fn start(self) -> TestApp {
        let mut child = self.command().spawn().expect("the binary starts");
        let log = Arc::new(Mutex::new(String::new()));
        collect(child.stdout.take().unwrap(), &log);
        collect(child.stderr.take().unwrap(), &log);
        let mut app = TestApp { child, log, address: ([127, 0, 0, 1], 0).into(), run: self };
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
    run: Builder,
}

impl TestApp {
    /// A run with its own folder and nothing set.
    pub fn builder() -> Builder {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        Builder { folder, variables: Vec::new(), arguments: Vec::new(), under: Vec::new() }
    }

    /// Starts with nothing set.
    #[track_caller]
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// Starts with some prices and a sealing key, and waits until it is ready.
    #[track_caller]
    pub fn start_ready() -> Self {
        Self::builder().ready_to_write().start_ready()
    }

    /// Another run like this one on the same folder, be this one alive or dead.
    pub fn again(&self) -> Builder {
        self.run.clone()
    }

    /// SIGKILL, and the end of the process.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The working folder.
    pub fn folder(&self) -> &Path {
        self.run.folder.path()
    }

    /// A path in the working folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
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

    /// Sends a request with headers and a body of any kind. The answer's status must stand in the OpenAPI document.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let answer = request(self.address, method, path, headers, body);
        documented::check(method, path, answer.status);
        answer
    }

    /// Sends a request to a service that may end before it answers.
    pub fn try_send(&self, method: &str, path: &str, body: &[u8]) -> Option<Answer> {
        try_request(self.address, method, path, &[("Content-Type", "application/json")], body)
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

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends the process a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let id = i32::try_from(self.child.id()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// Whether the process is there.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Whether the process has a file of this name open.
    pub fn has_open(&self, name: &str) -> bool {
        let open = std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap();
        open.flatten().filter_map(|entry| std::fs::read_link(entry.path()).ok()).any(|path| path.ends_with(name))
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
