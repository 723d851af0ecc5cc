//! Reads a body while it arrives: a few pieces wait between the connection and the reader, never the whole.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use reqwest::Response;
use reqwest::header::CONTENT_LENGTH;
use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::adapters::pricing::offer;
use crate::domain::error::SourceError;
use crate::domain::ports::Load;
use crate::outbound::reason;

/// Pieces that wait for the reader; each has what the connection gave at once, some 400 KiB at most.
const WAITING: usize = 8;
/// How often a long download says how far it is.
const PROGRESS: Duration = Duration::from_secs(10);

/// What a body may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Bytes as they are sent.
    pub(super) bytes: u64,
    /// Silence.
    pub(super) idle: Duration,
}

/// What comes through the channel. Its end without an `End` is a body that was given up.
enum Piece {
    Data(bytes::Bytes),
    Failed(String),
    End,
}

/// Reads an offer file, unless it is the version `seen`: then the connection is left.
///
/// # Errors
/// As [`offer::read`]; [`SourceError::Unreachable`] when the body is cut, too large, or stops arriving.
pub(super) async fn read(response: Response, seen: Option<String>, bounds: Bounds) -> Result<Load, SourceError> {
    let (sender, receiver) = mpsc::channel(WAITING);
    let pipe = Pipe { receiver, piece: bytes::Bytes::new(), ended: false };
    let reader = tokio::task::spawn_blocking(move || offer::read(pipe, seen.as_deref()));
    let (load, ()) = tokio::join!(reader, pump(response, sender, bounds));
    load.map_err(|_| SourceError::Unreachable("the reader stopped".to_owned()))?
}

/// Reads a small body whole.
///
/// # Errors
/// [`SourceError::Unreachable`], as for [`read`].
pub(super) async fn whole(response: Response, bounds: Bounds) -> Result<Vec<u8>, SourceError> {
    let (sender, mut receiver) = mpsc::channel(WAITING);
    let collect = async move {
        let mut body = Vec::new();
        loop {
            match receiver.recv().await {
                Some(Piece::Data(data)) => body.extend_from_slice(&data),
                Some(Piece::End) => return Ok(body),
                Some(Piece::Failed(reason)) => return Err(SourceError::Unreachable(reason)),
                None => return Err(SourceError::Unreachable("it was given up".to_owned())),
            }
        }
    };
    let (body, ()) = tokio::join!(collect, pump(response, sender, bounds));
    body
}

/// Hands the body on as it arrives, until its end or until nobody reads any more.
async fn pump(mut response: Response, sender: Sender<Piece>, bounds: Bounds) {
    let mut arrived = 0;
    let mut told = Instant::now();
    let too_large = || Piece::Failed(format!("it has more than {} MiB", bounds.bytes >> 20));
    let announced = length(&response);
    if announced.is_some_and(|length| length > bounds.bytes) {
        let _ = sender.send(too_large()).await;
        return;
    }
    loop {
        let piece = tokio::select! {
            () = sender.closed() => return,
            arriving = tokio::time::timeout(bounds.idle, response.chunk()) => match arriving {
                Ok(Ok(Some(data))) => Piece::Data(data),
                Ok(Ok(None)) => Piece::End,
                Ok(Err(error)) => Piece::Failed(format!("it was cut off: {}", reason(&error))),
                Err(_) => Piece::Failed(format!("it stopped arriving for {} seconds", bounds.idle.as_secs())),
            }
        };
        let piece = match piece {
            Piece::Data(data) => {
                arrived += data.len() as u64;
                if arrived > bounds.bytes { too_large() } else { Piece::Data(data) }
            }
            other => other,
        };
        if told.elapsed() >= PROGRESS {
            told = Instant::now();
            tracing::info!(bytes = arrived, of = announced, "fetching the price list");
        }
        let ends = !matches!(piece, Piece::Data(_));
        if sender.send(piece).await.is_err() || ends {
            return;
        }
    }
}

fn length(response: &Response) -> Option<u64> {
    response.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The reader's end of the channel.
struct Pipe {
    receiver: Receiver<Piece>,
    piece: bytes::Bytes,
    ended: bool,
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && !self.ended {
            match self.receiver.blocking_recv() {
                Some(Piece::Data(data)) => self.piece = data,
                Some(Piece::End) => self.ended = true,
                Some(Piece::Failed(reason)) => return Err(io::Error::other(reason)),
                None => return Err(io::Error::other("it was given up")),
            }
        }
        let length = buffer.len().min(self.piece.len());
        buffer[..length].copy_from_slice(&self.piece.split_to(length));
        Ok(length)
    }
}
