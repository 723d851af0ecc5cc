//! Who this service is on GitHub: a token, a file with one, or a GitHub App's installation.

mod app;
mod file;

use std::path::PathBuf;
use std::sync::Arc;

pub use super::token::Token;
pub use app::AppCredentials;

use self::app::Installation;
use super::api::{Client, RepositoryName};
use crate::domain::error::VcsError;

/// What each identity needs, in the words of GitHub's settings.
pub(super) const PERMISSIONS: &str = "contents: write and pull requests: write";

/// What the settings name.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// `GITHUB_TOKEN`.
    Token(Token),
    /// `GITHUB_TOKEN_FILE`: read anew each time, as whoever rotates the token replaces the file.
    TokenFile(PathBuf),
    /// `GITHUB_APP_ID`, `GITHUB_APP_INSTALLATION_ID`, `GITHUB_APP_PRIVATE_KEY_FILE`.
    App(AppCredentials),
}

/// Gives the token of the moment to the REST API and to git. Shared by both, so that an installation has one token.
#[derive(Debug)]
pub struct Identity {
    source: Source,
}

#[derive(Debug)]
enum Source {
    Fixed(Token),
    File(PathBuf),
    App(Installation),
}

impl Identity {
    /// An identity for one repository.
    ///
    /// # Errors
    /// A sentence that says what is missing, and which permissions it needs, when there are no credentials.
    pub fn new(
        credentials: Option<Credentials>,
        client: &Arc<Client>,
        repository: &RepositoryName,
    ) -> Result<Self, String> {
        let source = match credentials {
            None => return Err(missing(repository)),
            Some(Credentials::Token(token)) => Source::Fixed(token),
            Some(Credentials::TokenFile(path)) => Source::File(path),
            Some(Credentials::App(app)) => Source::App(Installation::new(app, client.clone(), repository.clone())),
        };
        Ok(Self { source })
    }

    /// The token to use now.
    ///
    /// # Errors
    /// [`VcsError::Refused`] that names the setting to mend; for an App also whatever the API answers.
    pub async fn token(&self) -> Result<Token, VcsError> {
        match &self.source {
            Source::Fixed(token) => Ok(token.clone()),
            Source::File(path) => file::read_token(path),
            Source::App(installation) => installation.token().await,
        }
    }

    /// Told that GitHub didn't accept a token: it isn't given out again if another can be had. Says whether it can.
    pub async fn rejected(&self, token: &Token) -> bool {
        match &self.source {
            Source::Fixed(_) => false,
            Source::File(path) => file::read_token(path).is_ok_and(|other| other != *token),
            Source::App(installation) => {
                installation.drop_token(token).await;
                true
            }
        }
    }

    /// What to do when GitHub rejects the credentials.
    #[must_use]
    pub fn rejection(&self) -> &'static str {
        match self.source {
            Source::Fixed(_) => {
                "GitHub rejected the credentials (expired or revoked?): set GITHUB_TOKEN to a valid token"
            }
            Source::File(_) => {
                "GitHub rejected the credentials (expired or revoked?): put a valid token into GITHUB_TOKEN_FILE"
            }
            Source::App(_) => {
                "GitHub rejected the App's credentials: check GITHUB_APP_ID, GITHUB_APP_INSTALLATION_ID, \
                 GITHUB_APP_PRIVATE_KEY_FILE and this machine's clock"
            }
        }
    }
}

fn missing(repository: &RepositoryName) -> String {
    format!(
        "GitHub needs credentials: set GITHUB_TOKEN or GITHUB_TOKEN_FILE to a token, or GITHUB_APP_ID, \
         GITHUB_APP_INSTALLATION_ID and GITHUB_APP_PRIVATE_KEY_FILE to those of a GitHub App; it needs {PERMISSIONS} on \
         {repository} (and issues: write, for labels and assignees where GitHub asks for it)"
    )
}

#[cfg(test)]
mod tests {
    use super::super::api::ClientSettings;
    use super::*;

    fn client() -> Arc<Client> {
        Arc::new(Client::new(&ClientSettings::new("http://127.0.0.1:1")).unwrap())
    }

    fn identity(credentials: Option<Credentials>) -> Result<Identity, String> {
        Identity::new(credentials, &client(), &RepositoryName::parse("acme", "unicron").unwrap())
    }

    #[tokio::test]
    async fn without_credentials_the_settings_and_permissions_are_named() {
        let sentence = identity(None).unwrap_err();
        for word in ["GITHUB_TOKEN", "GITHUB_TOKEN_FILE", "GITHUB_APP_ID", "contents: write", "acme/unicron"] {
            assert!(sentence.contains(word), "{word} in {sentence}");
        }
    }

    #[tokio::test]
    async fn a_token_file_is_read_again_when_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let identity = identity(Some(Credentials::TokenFile(path.clone()))).unwrap();
        let missing = identity.token().await.unwrap_err().to_string();
        assert!(missing.contains("GITHUB_TOKEN_FILE"), "{missing}");
        std::fs::write(&path, "first-token\n").unwrap();
        let first = identity.token().await.unwrap();
        assert_eq!(first.expose(), "first-token");
        assert!(!identity.rejected(&first).await, "there is no other token");
        std::fs::write(&path, "second-token\n").unwrap();
        assert!(identity.rejected(&first).await);
        assert_eq!(identity.token().await.unwrap().expose(), "second-token");
        std::fs::write(&path, " \n").unwrap();
        assert!(matches!(identity.token().await, Err(VcsError::Refused { missing }) if missing.contains("is empty")));
    }

    #[tokio::test]
    async fn debug_shows_no_token() {
        let token = Token::parse("ghp_hunter2").unwrap();
        let credentials = Credentials::Token(token);
        let shown = format!("{credentials:?} {:?}", identity(Some(credentials.clone())).unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
