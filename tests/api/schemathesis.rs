//! Requests made up by schemathesis from the API's own description, for each way to sign in: no 5xx, and no answer that isn't in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::backstage::Backstage;
use crate::support::process::Builder;
use crate::support::{TestApp, tokens};

/// Where `.ci/setup test` puts it: by the content of what it is made from.
fn installed() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemathesis");
    let hash = Command::new("git")
        .args(["hash-object", "--no-filters", "requirements.txt"])
        .current_dir(here)
        .output()
        .ok()?;
    let hash = String::from_utf8(hash.stdout).ok()?.get(..8)?.to_owned();
    let cache = std::env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let cache = cache.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))?;
    let program = cache.join("cre-backend-api").join(format!("schemathesis-{hash}")).join("bin/schemathesis");
    program.is_file().then_some(program)
}

/// What is held against the description.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,\
                      response_headers_conformance,unsupported_method,allow_header_conformance";

/// Every route, with this token or without one.
fn run(settings: Builder, token: Option<&str>) {
    let Some(program) = installed() else {
        println!("skipped: schemathesis isn't installed; .ci/setup test does it where python3 is");
        return;
    };
    let app = settings.env("WRITES_PER_MINUTE", "1000000").env("RUST_LOG", "warn,cre_backend_api::app=info").start();
    app.wait_until_ready();
    let mut command = Command::new(program);
    command.arg("run").arg(format!("http://{}/api/openapi.json", app.address)).args(["--checks", CHECKS, "--no-color"]);
    command.args([
        "--phases",
        "examples,coverage,fuzzing",
        "--max-examples",
        "15",
        "--continue-on-failure",
        "--warnings",
        "off",
    ]);
    command.args(["--generation-deterministic"]).current_dir(app.folder());
    if let Some(token) = token {
        command.args(["--header", &format!("Authorization: Bearer {token}")]);
    }
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}\n{}", String::from_utf8_lossy(&output.stderr), app.log());
    assert!(told.contains("Tested: 20"), "every route: {told}");
    assert!(!app.log().contains("a panic"), "{}", app.log());
}

fn with_tokens() -> Builder {
    TestApp::builder().ready_to_write().file("tokens", tokens::file()).env("AUTH_TOKENS_FILE", "tokens")
}

#[test]
fn without_authentication() {
    run(TestApp::builder().ready_to_write(), None);
}

#[test]
fn with_a_token_that_may_write() {
    run(with_tokens(), Some(tokens::WRITER));
}

#[test]
fn with_a_token_that_may_read_in_one_namespace() {
    let rights = "team-a read ada\n";
    run(with_tokens().file("access", rights).env("NAMESPACE_ACCESS_FILE", "access"), Some(tokens::READER));
}

#[test]
fn without_the_token_that_is_asked_for() {
    run(with_tokens(), None);
}

#[test]
fn with_backstages_token_of_a_person() {
    let backstage = Backstage::start();
    let token = backstage.user("user:default/ada");
    run(TestApp::builder().ready_to_write().env("BACKSTAGE_URL", &backstage.url()), Some(&token));
}
