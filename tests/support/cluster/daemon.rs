//! A program that runs beside the tests and never outlives them.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

/// How a program is started, again and again.
pub struct Recipe {
    /// What is put in front, such as `unshare` with its options.
    pub before: Vec<String>,
    pub program: PathBuf,
    pub arguments: Vec<String>,
    pub variables: Vec<(String, String)>,
    /// Where its output goes.
    pub log: PathBuf,
}

impl Recipe {
    fn command(&self) -> Command {
        let log = File::options().create(true).append(true).open(&self.log).unwrap();
        let end = ["setpriv", "--pdeathsig", "KILL"].map(str::to_owned);
        let words: Vec<_> = self.before.iter().chain(&end).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).arg(&self.program).args(&self.arguments);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        command
    }
}

/// A running program; killed when it is dropped, and when the process of the tests ends, in whatever way.
pub struct Daemon {
    recipe: Recipe,
    child: Mutex<Child>,
}

impl Daemon {
    /// Starts it.
    pub fn start(recipe: Recipe) -> Self {
        let child = Mutex::new(spawn(recipe.command()));
        Self { recipe, child }
    }

    /// Starts it again after its end.
    pub fn start_again(&self) {
        let mut child = self.child.lock().unwrap();
        assert!(child.try_wait().unwrap().is_some(), "{} runs", self.recipe.program.display());
        *child = spawn(self.recipe.command());
    }

    /// SIGKILL, and the end of the process.
    pub fn kill(&self) {
        let mut child = self.child.lock().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(i32::try_from(self.id()).unwrap()).unwrap(), signal).unwrap();
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.lock().unwrap().id()
    }

    /// How it ended, if it did.
    pub fn ended(&self) -> Option<ExitStatus> {
        self.child.lock().unwrap().try_wait().unwrap()
    }

    /// Everything that it printed.
    pub fn log(&self) -> String {
        log_of(&self.recipe.log)
    }

    /// Fails with what it printed when it ended.
    #[track_caller]
    pub fn assert_running(&self) {
        if let Some(status) = self.ended() {
            panic!("{} ended with {status}:\n{}", self.recipe.program.display(), self.log());
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        // It may have ended already, as some tests make it.
        let _ = child.kill();
        let _ = child.wait();
    }
}

fn log_of(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
}

/// Starts a program from a thread that never ends: the kernel sends the signal of a parent's death when the thread that started
/// the child ends, and the test runner gives each test a thread of its own.
fn spawn(command: Command) -> Child {
    type Job = (Command, Sender<io::Result<Child>>);
    static STARTER: OnceLock<Mutex<Sender<Job>>> = OnceLock::new();
    let starter = STARTER.get_or_init(|| {
        let (jobs, received) = channel::<Job>();
        thread::spawn(move || {
            for (mut command, answer) in received {
                // Nobody waits for it any more when a test was given up.
                let _ = answer.send(command.spawn());
            }
        });
        Mutex::new(jobs)
    });
    let program = command.get_program().to_owned();
    let (answer, child) = channel();
    starter.lock().unwrap().send((command, answer)).unwrap();
    child.recv().unwrap().unwrap_or_else(|error| panic!("{}: {error}", program.display()))
}
