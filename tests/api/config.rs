//! The command line and the settings of the built binary.

use crate::support::TestApp;

#[test]
fn every_problem_of_the_settings_is_told_at_once_with_exit_code_2() {
    let output = TestApp::builder()
        .env("LISTEN_ADDRESS", "0.0.0.0:0")
        .env("LOG_FORMAT", "hunter2")
        .env("CORS_ORIGINS", "hunter2")
        .file(".env", "GITOPS_BRNCH=hunter2\nhunter2 hunter2\n")
        .output();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    for part in ["LISTEN_ADDRESS: ", "AUTH=none", "LOG_FORMAT: ", "CORS_ORIGINS: ", "GITOPS_BRNCH: ", ".env: line 2"] {
        assert!(told.contains(part), "{part} in {told}");
    }
    assert!(!told.contains("hunter2") && output.stdout.is_empty(), "{told}");
}

#[test]
fn a_signing_key_that_cannot_be_used_is_told_with_exit_code_2() {
    let output = TestApp::builder().env("COMMIT_SIGNING_KEY_FILE", "key").file("key", "hunter2").output();
    let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("COMMIT_SIGNING_KEY_FILE: key ") && !told.contains("hunter2"), "{told}");
}

#[test]
fn a_copied_example_file_starts_the_service() {
    let app = TestApp::builder().file(".env", include_str!("../../.env.example")).start();
    assert_eq!(app.get("/api/liveness").status, 200);
}

#[test]
fn settings_come_from_the_file_in_the_working_folder() {
    let app = TestApp::builder().file(".env", "LOG_FORMAT=json\nAPP_NAME=another\n").start();
    assert!(app.wait_for_log("\"starting\"").contains("\"name\":\"another\""));
}

#[test]
fn help_and_version_are_printed_whatever_the_settings() {
    let help = TestApp::builder().env("LOG_FORMAT", "bad").argument("--help").output();
    let text = String::from_utf8(help.stdout).unwrap();
    assert!(
        help.status.success() && text.contains("Usage:") && text.contains("/api/nodegroups") && text.contains(".env")
    );
    let version = TestApp::builder().argument("--version").output();
    assert_eq!(String::from_utf8(version.stdout).unwrap(), format!("cre-backend-api {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn an_unknown_argument_is_refused_with_exit_code_2() {
    let output = TestApp::builder().argument("--port=hunter2").output();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("--help"));
}

#[test]
fn an_address_in_use_is_told_with_exit_code_1() {
    let app = TestApp::start();
    let output = TestApp::builder().env("LISTEN_ADDRESS", &app.address.to_string()).output();
    let log = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{log}");
    assert!(log.contains("LISTEN_ADDRESS"), "{log}");
}
