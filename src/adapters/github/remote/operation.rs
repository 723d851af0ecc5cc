//! One operation on the remote: how long it may take, what stops it, the token that it shows.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::adapters::github::token::Token;
use crate::domain::error::VcsError;

/// The longest text of a server that goes into an error.
const WORDS_LIMIT: usize = 500;

/// The bounds of one operation. Its clones share the cancellation.
#[derive(Debug, Clone)]
pub struct Operation {
    /// When it must have ended.
    pub deadline: Instant,
    /// What the server knows us by; `None` asks as nobody.
    pub token: Option<Token>,
    /// What to mend when the server doesn't take the token, where that is known.
    pub rejection: Option<&'static str>,
    /// Ends it early.
    pub cancel: CancellationToken,
}

impl Operation {
    /// An operation that may take this long from now.
    #[must_use]
    pub fn within(limit: Duration, token: Option<Token>) -> Self {
        Self { deadline: Instant::now() + limit, token, rejection: None, cancel: CancellationToken::new() }
    }

    /// Fails when the time is up or somebody cancelled.
    ///
    /// # Errors
    /// [`VcsError::TimedOut`], or [`VcsError::Unreachable`] when cancelled.
    pub fn check(&self) -> Result<(), VcsError> {
        if self.cancel.is_cancelled() {
            return Err(cancelled());
        }
        if Instant::now() >= self.deadline { Err(VcsError::TimedOut) } else { Ok(()) }
    }

    /// Waits for something, but no longer than the operation may take.
    ///
    /// # Errors
    /// As [`Operation::check`].
    pub async fn bounded<T>(&self, work: impl Future<Output = T>) -> Result<T, VcsError> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(cancelled()),
            done = tokio::time::timeout_at(self.deadline.into(), work) => done.map_err(|_| VcsError::TimedOut),
        }
    }

    /// A server's text as it may be shown: one line of bounded length without control characters, and without the token
    /// should the server have repeated it.
    pub(in crate::adapters::github) fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if let Some(token) = &self.token {
            text = text.replace(token.expose(), "***").replace(token.basic().as_str(), "***");
        }
        let hidden = |c: char| {
            c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        let plain: String = text.chars().map(|c| if hidden(c) { ' ' } else { c }).collect();
        let line = plain.split_whitespace().collect::<Vec<_>>().join(" ");
        line.chars().take(WORDS_LIMIT).collect()
    }
}

fn cancelled() -> VcsError {
    VcsError::Unreachable("the operation was stopped".to_owned())
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn mk_operation(token: &str) -> Operation {
        Operation::within(Duration::from_secs(60), Token::parse(token).ok())
    }

    #[test]
    fn what_a_server_says_is_one_short_line_without_the_token() {
        let operation = mk_operation("ghp_hunter2");
        let basic = STANDARD.encode("x-access-token:ghp_hunter2");
        let text = format!("\u{1b}[31merror:\r\n  ghp_hunter2 and\u{202e} {basic}\n{}", "x".repeat(1000));
        let clean = operation.clean(&text);
        assert!(clean.starts_with("[31merror: *** and *** xxx"), "{clean}");
        assert_eq!(clean.chars().count(), WORDS_LIMIT);
    }

    #[test]
    fn a_token_shows_in_no_debug_text_and_breaks_no_header() {
        let operation = mk_operation("ghp_hunter2");
        let header = operation.token.as_ref().unwrap().header().unwrap();
        assert_eq!(header.as_bytes(), format!("Basic {}", STANDARD.encode("x-access-token:ghp_hunter2")).as_bytes());
        let shown = format!("{operation:?} {header:?}");
        assert!(
            !shown.contains("hunter2") && !shown.contains(&STANDARD.encode("x-access-token:ghp_hunter2")),
            "{shown}"
        );
    }

    #[tokio::test]
    async fn an_operation_ends_when_its_time_is_up_or_when_it_is_cancelled() {
        let operation = Operation::within(Duration::ZERO, None);
        assert!(matches!(operation.check(), Err(VcsError::TimedOut)));
        assert!(matches!(operation.bounded(std::future::pending::<()>()).await, Err(VcsError::TimedOut)));
        let operation = Operation::within(Duration::from_secs(3600), None);
        assert!(operation.check().is_ok());
        operation.clone().cancel.cancel();
        assert!(matches!(operation.check(), Err(VcsError::Unreachable(_))));
        assert!(matches!(operation.bounded(std::future::pending::<()>()).await, Err(VcsError::Unreachable(_))));
    }
}
