//! One request to the Git server and its answer, as the stream that libgit2 writes to and reads from.

use std::io::{self, Read, Write};
use std::sync::Arc;

use bytes::{Buf as _, Bytes};
use reqwest::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use reqwest::{RequestBuilder, Response, Url};

use super::Session;
use super::answer::{Asked, Verdict, judge};
use crate::domain::error::VcsError;

/// How often the list of refs is looked for elsewhere on the same server.
const MOVES: usize = 3;

/// A request whose body is gathered until libgit2 reads the answer: it writes a push in many pieces.
pub(super) struct Exchange {
    session: Arc<Session>,
    service: &'static str,
    request: Vec<u8>,
    answer: Option<Answer>,
    /// Whether the answer is a list of refs.
    lists: bool,
}

/// An answer's body, as far as it was read.
struct Answer {
    response: Response,
    chunk: Bytes,
    left: u64,
}

impl Exchange {
    /// Asks for the list of refs.
    pub(super) fn refs(session: Arc<Session>, service: &'static str) -> Result<Self, VcsError> {
        let response = session.runtime.block_on(advertisement(&session, service))?;
        let answer = Answer { response, chunk: Bytes::new(), left: session.limits.advertisement };
        Ok(Self { session, service, request: Vec::new(), answer: Some(answer), lists: true })
    }

    /// A call of the service, sent at the first read.
    pub(super) fn call(session: Arc<Session>, service: &'static str) -> Self {
        Self { session, service, request: Vec::new(), answer: None, lists: false }
    }

    /// Some of the answer into `buffer`; 0 at its end.
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, VcsError> {
        let session = Arc::clone(&self.session);
        if self.answer.is_none() {
            let request = std::mem::take(&mut self.request);
            let response = session.runtime.block_on(call(&session, self.service, request))?;
            self.answer = Some(Answer { response, chunk: Bytes::new(), left: session.limits.pack });
        }
        let Some(answer) = &mut self.answer else { return Ok(0) };
        while answer.chunk.is_empty() {
            let next = session.runtime.block_on(session.operation.bounded(answer.response.chunk()))?;
            let Some(chunk) = next.map_err(|error| unreachable(&session.address(), &error))? else { return Ok(0) };
            answer.left = answer.left.checked_sub(chunk.len() as u64).ok_or_else(|| VcsError::Refused {
                missing: "an answer that isn't larger than the limit for packs".to_owned(),
            })?;
            answer.chunk = chunk;
        }
        let length = answer.chunk.len().min(buffer.len());
        answer.chunk.copy_to_slice(&mut buffer[..length]);
        if self.lists {
            // git2 panics at a name that isn't UTF-8. Ours are ASCII, and no ref has a question mark in its name.
            buffer[..length].iter_mut().filter(|byte| !byte.is_ascii()).for_each(|byte| *byte = b'?');
        }
        Ok(length)
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), VcsError> {
        self.session.operation.check()?;
        if (self.request.len() + bytes.len()) as u64 > self.session.limits.upload {
            return Err(VcsError::WrongState("the change is too large to be pushed".to_owned()));
        }
        self.request.extend_from_slice(bytes);
        Ok(())
    }

    /// Keeps the error where the caller of libgit2 finds it; libgit2 gets a text without content.
    fn told<T>(&self, outcome: Result<T, VcsError>) -> io::Result<T> {
        outcome.map_err(|error| {
            self.session.fail(error);
            io::Error::other("the exchange with the Git server failed")
        })
    }
}

impl Read for Exchange {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let pulled = self.pull(buffer);
        self.told(pulled)
    }
}

impl Write for Exchange {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let pushed = self.push(bytes);
        self.told(pushed).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The list of refs. A repository that moved on the same server, as one that was renamed, is followed.
async fn advertisement(session: &Session, service: &'static str) -> Result<Response, VcsError> {
    let asked = Asked { service, kind: "advertisement" };
    for _ in 0..MOVES {
        let address = session.address();
        let mut url = below(&address, "info/refs")?;
        url.set_query(Some(&format!("service={service}")));
        let request = session.client.get(url.clone()).header(ACCEPT, "*/*").header(CACHE_CONTROL, "no-cache");
        match judge(session, send(session, request).await?, asked).await? {
            Verdict::Good(response) => return Ok(response),
            Verdict::Moved(to) => {
                let to = url.join(&to).ok().filter(|to| to.query() == url.query());
                let base = to.as_ref().and_then(|to| Some((to, to.path().strip_suffix("/info/refs")?)));
                match base.filter(|(to, _)| to.origin() == url.origin()) {
                    Some((to, path)) => {
                        let mut address = to.clone();
                        address.set_query(None);
                        address.set_path(path);
                        session.moved(address);
                    }
                    None => return Err(moved(to.as_ref())),
                }
            }
        }
    }
    Err(VcsError::Refused { missing: "a repository that doesn't keep moving".to_owned() })
}

async fn call(session: &Session, service: &'static str, body: Vec<u8>) -> Result<Response, VcsError> {
    let url = below(&session.address(), service)?;
    let kind = |kind: &str| format!("application/x-{service}-{kind}");
    let request = session.client.post(url.clone()).header(CONTENT_TYPE, kind("request")).header(ACCEPT, kind("result"));
    match judge(session, send(session, request.body(body)).await?, Asked { service, kind: "result" }).await? {
        Verdict::Good(response) => Ok(response),
        Verdict::Moved(to) => Err(moved(url.join(&to).ok().as_ref())),
    }
}

async fn send(session: &Session, mut request: RequestBuilder) -> Result<Response, VcsError> {
    if let Some(token) = &session.operation.token {
        request = request.header(AUTHORIZATION, token.header()?);
    }
    let sent = session.operation.bounded(request.send()).await?;
    sent.map_err(|error| unreachable(&session.address(), &error))
}

fn below(address: &Url, rest: &str) -> Result<Url, VcsError> {
    let mut url = address.clone();
    let segments = url.path_segments_mut().map(|mut segments| {
        segments.pop_if_empty().extend(rest.split('/'));
    });
    segments.map(|()| url).map_err(|()| VcsError::WrongState("the repository's address isn't one of HTTP".to_owned()))
}

/// A move that isn't followed: the token must not go to another server.
fn moved(to: Option<&Url>) -> VcsError {
    let shown = to.map_or_else(
        || "an address that can't be read".to_owned(),
        |to| format!("{}{}", to.origin().ascii_serialization(), to.path().trim_end_matches("/info/refs")),
    );
    VcsError::Refused { missing: format!("the repository's own address: the server points to {shown}") }
}

/// What kept a request from being answered, without the request's address and headers.
fn unreachable(address: &Url, error: &reqwest::Error) -> VcsError {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let what = if error.is_connect() { "can't be connected to" } else { "broke off" };
    let host = address.host_str().unwrap_or("the Git server");
    tracing::debug!(host, cause = %cause, "an exchange with the Git server failed");
    VcsError::Unreachable(format!("{host} {what}"))
}
