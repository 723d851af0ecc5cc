//! The command line: there is next to nothing to say on it, as settings come from the environment.

use std::ffi::OsString;

/// What `--help` prints.
pub const HELP: &str = "\
The REST API behind Backstage through which developers serve themselves on Kubernetes, the GitOps way.

Usage: cre-backend-api [crd | --help | --version]

  crd    prints a definition of the Nodegroup custom resource, for test clusters: cre-backend-api crd | kubectl apply -f -

Settings come from the environment and from .env in the working folder; .env.example lists each with its default.

Routes:
  GET                   /api/instance_types, /{name}, /source
  GET POST PUT DELETE   /api/nodegroups, /{name}
  GET POST PUT DELETE   /api/secrets, /{name}
  GET DELETE            /api/pull_requests, /{number}
  GET                   /api/certificate, /api/options
  GET                   /api/liveness, /api/readiness
  GET                   /api/openapi.json, /api/docs (the documentation of all of these)
";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// To serve.
    Serve,
    /// To print this and end.
    Print(String),
    /// Something that there isn't; the text says what there is.
    Unknown(String),
}

impl Command {
    /// Reads the arguments after the program's name.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Self {
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        match arguments.iter().map(|argument| argument.to_str()).collect::<Vec<_>>().as_slice() {
            [] => Self::Serve,
            [Some("--help" | "-h")] => Self::Print(HELP.to_owned()),
            [Some("--version" | "-V")] => {
                Self::Print(format!("{} {}\n", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")))
            }
            [Some("crd")] => match crate::adapters::kubernetes::crd() {
                Ok(crd) => Self::Print(crd),
                Err(error) => Self::Unknown(error),
            },
            _ => Self::Unknown(
                "unknown arguments; there are only crd, --help and --version, as settings come from the environment"
                    .to_owned(),
            ),
        }
    }
}
