//! What an error of kube's means for a watch. No word of kube's errors goes further: they can quote what was read.

use std::error::Error as StdError;
use std::io::ErrorKind;

use kube::Error;
use kube::core::Status;
use kube::runtime::watcher;

use super::heard::HeadersTimedOut;
use crate::domain::watch::Trouble;

/// What a failed step of a watch means; `None` when the server only asks to start anew, as it doesn't know that far back.
pub fn of_watch(error: &watcher::Error) -> Option<Trouble> {
    let (watcher::Error::InitialListFailed(error)
    | watcher::Error::WatchStartFailed(error)
    | watcher::Error::WatchFailed(error)) = error
    else {
        return match error {
            watcher::Error::WatchError(status) if status.code == 410 => None,
            watcher::Error::WatchError(status) => Some(of_status(status)),
            _ => Some(Trouble::Unreadable),
        };
    };
    match error {
        Error::Api(status) if status.code == 410 => None,
        error => Some(of(error)),
    }
}

/// The sentence of the API server that comes with an error, if one does: it names permissions and kinds, never values.
pub fn said(error: &watcher::Error) -> Option<&str> {
    match error {
        watcher::Error::WatchError(status)
        | watcher::Error::InitialListFailed(Error::Api(status))
        | watcher::Error::WatchStartFailed(Error::Api(status))
        | watcher::Error::WatchFailed(Error::Api(status)) => Some(&status.message),
        _ => None,
    }
}

/// What a failed call means.
pub fn of(error: &Error) -> Trouble {
    match error {
        Error::Api(status) => of_status(status),
        Error::Auth(_) => Trouble::Unauthorized,
        Error::SerdeError(_) | Error::FromUtf8(_) | Error::LinesCodecMaxLineLengthExceeded => Trouble::Unreadable,
        error if timed_out(error) => Trouble::TimedOut,
        _ => Trouble::Unreachable,
    }
}

fn of_status(status: &Status) -> Trouble {
    match status.code {
        401 => Trouble::Unauthorized,
        403 => Trouble::Forbidden,
        404 => Trouble::KindAbsent,
        408 | 504 => Trouble::TimedOut,
        _ => Trouble::ServerError,
    }
}

fn timed_out(error: &(dyn StdError + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let by_system = error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::TimedOut);
        if by_system || error.is::<HeadersTimedOut>() {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(code: u16) -> Error {
        Error::Api(Box::new(Status { code, ..Status::default() }))
    }

    #[test]
    fn each_answer_of_the_server_has_its_meaning() {
        for (code, trouble) in [
            (401, Trouble::Unauthorized),
            (403, Trouble::Forbidden),
            (404, Trouble::KindAbsent),
            (504, Trouble::TimedOut),
            (429, Trouble::ServerError),
            (500, Trouble::ServerError),
        ] {
            assert_eq!(of(&api(code)), trouble, "{code}");
        }
    }

    #[test]
    fn a_history_that_ends_is_no_trouble() {
        assert_eq!(of_watch(&watcher::Error::WatchStartFailed(api(410))), None);
        let status = Box::new(Status { code: 410, ..Status::default() });
        assert_eq!(of_watch(&watcher::Error::WatchError(status)), None);
    }

    #[test]
    fn silence_is_told_from_refusal() {
        assert_eq!(of(&Error::Service(Box::new(HeadersTimedOut))), Trouble::TimedOut);
        let io = |kind: ErrorKind| Error::Service(Box::new(std::io::Error::from(kind)));
        assert_eq!(of(&io(ErrorKind::TimedOut)), Trouble::TimedOut);
        assert_eq!(of(&io(ErrorKind::ConnectionRefused)), Trouble::Unreachable);
    }
}
