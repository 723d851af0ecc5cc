//! The token goes to the server's Authorization and nowhere else.

use std::io;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use cre_backend_api::domain::error::VcsError;

use crate::support::smart_http::{Fault, TOKEN, TestRemote};

/// A log that a test can read.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Asks for the remote's refs on this thread, with everything logged that can be.
fn ask(remote: &TestRemote, token: &str) -> (Result<usize, VcsError>, String) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _inside = runtime.enter();
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let outcome = tracing::subscriber::with_default(subscriber, || {
        let operation = TestRemote::operation_as(token);
        tracing::info!(?operation, remote = ?remote.remote(), "asking");
        remote.remote().tips("refs/", &operation).map(|tips| tips.len())
    });
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("asking"), "the log is read");
    (outcome, text)
}

fn forms(token: &str) -> [String; 2] {
    [token.to_owned(), base64::engine::general_purpose::STANDARD.encode(format!("x-access-token:{token}"))]
}

#[test]
fn a_wrong_token_is_refused_and_no_token_is_in_an_error_or_a_log() {
    let remote = TestRemote::start();
    let (outcome, log) = ask(&remote, TOKEN);
    assert_eq!(outcome.unwrap(), 1);
    assert!(forms(TOKEN).iter().all(|form| !log.contains(form)), "{log}");

    let wrong = "ghp_wrong0wrong";
    let (outcome, log) = ask(&remote, wrong);
    let error = outcome.unwrap_err();
    assert!(matches!(error, VcsError::Refused { .. }), "{error}");
    let told = format!("{error} {error:?} {log} {:?}", remote.server.seen());
    assert!(forms(wrong).iter().all(|form| !told.contains(form)), "{told}");
}

#[test]
fn a_server_that_repeats_the_token_does_not_get_it_shown() {
    let remote = TestRemote::start();
    for (status, kind, body) in [
        (403, "text/plain", "you said ghs_hunter2hunter2"),
        (
            200,
            "application/x-git-upload-pack-advertisement",
            "001e# service=git-upload-pack\n00000025ERR no, ghs_hunter2hunter2 and so",
        ),
    ] {
        remote.server.fault("info/refs", 1, Fault::Status(status, vec![("content-type", kind.to_owned())], body));
        let (outcome, log) = ask(&remote, TOKEN);
        let error = outcome.unwrap_err();
        let told = format!("{error} {error:?} {log}");
        assert!(told.contains("***"), "{told}");
        assert!(forms(TOKEN).iter().all(|form| !told.contains(form)), "{told}");
    }
}

#[tokio::test]
async fn who_has_no_token_is_told_to_bring_one() {
    let remote = TestRemote::start();
    let mirror = remote.mirror("a").await;
    let mut operation = TestRemote::operation();
    operation.token = None;
    let Err(VcsError::Refused { missing }) = mirror.fetch_base(&operation).await else { panic!() };
    assert_eq!(missing, "a token for 127.0.0.1");
}

#[tokio::test]
async fn nothing_of_the_token_is_in_the_mirror() {
    let remote = TestRemote::start();
    let mirror = remote.mirror("a").await;
    mirror.fetch_base(&TestRemote::operation()).await.unwrap();
    let found = std::process::Command::new("grep").args(["-r", TOKEN]).arg(mirror.path()).output().unwrap();
    assert_eq!(found.status.code(), Some(1), "{found:?}");
    assert!(!format!("{mirror:?}").contains(TOKEN));
}
