//! One call of `git http-backend`, as the Common Gateway Interface has it.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::response::Builder;

/// Runs the program for a request; gives the answer's head and body.
pub fn run(root: &Path, request: &Parts, body: &Bytes) -> (Builder, Bytes) {
    let header = |name: &str| request.headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    let mut command = Command::new("git");
    command.arg("http-backend").env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    command.env("GIT_PROJECT_ROOT", root).env("GIT_HTTP_EXPORT_ALL", "1").env("REMOTE_USER", "x-access-token");
    command.env("REQUEST_METHOD", request.method.as_str()).env("PATH_INFO", request.uri.path());
    command.env("QUERY_STRING", request.uri.query().unwrap_or("")).env("REMOTE_ADDR", "127.0.0.1");
    command.env("CONTENT_TYPE", header("content-type")).env("CONTENT_LENGTH", body.len().to_string());
    command.env("HTTP_CONTENT_ENCODING", header("content-encoding")).env("GIT_PROTOCOL", header("git-protocol"));
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = piped.spawn().unwrap();
    let (mut input, body) = (child.stdin.take().unwrap(), body.clone());
    let writer = std::thread::spawn(move || input.write_all(&body));
    let output = child.wait_with_output().unwrap().stdout;
    let _ = writer.join().unwrap();
    let end = output.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a head") + 4;
    let mut answer = Builder::new().status(200);
    for line in String::from_utf8(output[..end].to_vec()).unwrap().lines().filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").unwrap();
        answer = match name {
            "Status" => answer.status(value[..3].parse::<u16>().unwrap()),
            name => answer.header(name, value),
        };
    }
    (answer, Bytes::from(output).slice(end..))
}
