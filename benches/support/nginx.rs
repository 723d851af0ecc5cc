//! nginx with a folder of static files: what serves bytes at the least cost that is usual.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use super::service::{Server, free_address};

/// nginx, which Debian keeps where only root looks for programs.
pub fn program() -> &'static str {
    let debians = "/usr/sbin/nginx";
    if Path::new(debians).exists() { debians } else { "nginx" }
}

/// Starts nginx on the files below `folder/www`, with all that it writes below `folder`; `path` is one of the files.
///
/// # Errors
/// When it doesn't answer with that file.
pub fn start(mut command: Command, folder: &Path, path: &str) -> io::Result<Server> {
    let address = free_address()?;
    let conf = folder.join("nginx.conf");
    fs::write(&conf, configuration(&folder.display().to_string(), &address.to_string()))?;
    command.arg("-p").arg(folder).arg("-c").arg(&conf).args(["-e", "stderr"]);
    Server::start(command, address, path)
}

/// One process that does the work of one worker; connections are kept as long as ours are.
fn configuration(folder: &str, address: &str) -> String {
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("    {what}_temp_path {folder}/{what};\n"))
        .concat();
    format!(
        "daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    gzip_static on;
    gzip_vary on;
    keepalive_requests 1000000000;
    types {{ application/json json; }}
{temporary}    server {{
        listen {address};
        root {folder}/www;
    }}
}}
"
    )
}
