//! Who may: the ways to authenticate that the settings ask for.

use std::sync::Arc;

use super::StartError;
use super::cluster::Cluster;
use crate::adapters::backstage::{BackstageSettings, BackstageTokens};
use crate::adapters::http::Authenticator;
use crate::adapters::kubernetes::TokenReviews;
use crate::config::AuthConfig;
use crate::domain::ports::TokenVerifier;

/// Makes them.
///
/// # Errors
/// Which setting is to be mended.
pub async fn authenticator(config: &AuthConfig, cluster: Option<&Cluster>) -> Result<Authenticator, StartError> {
    let mut verifiers: Vec<Arc<dyn TokenVerifier>> = Vec::new();
    if let Some(backstage) = &config.backstage {
        let tokens = BackstageTokens::new(BackstageSettings {
            url: backstage.url.clone(),
            plugins: backstage.plugins.iter().cloned().collect(),
            audiences: config.audiences.clone(),
            groups: config.access_file.is_some(),
        });
        verifiers.push(Arc::new(tokens.map_err(StartError::Setting)?));
    }
    if !config.service_accounts.is_empty() {
        let Some(cluster) = cluster else {
            let what =
                "TOKEN_SERVICE_ACCOUNTS: their tokens are reviewed by a cluster, but there is none; set NAMESPACE";
            return Err(StartError::Setting(what.to_owned()));
        };
        let (audiences, accounts) = (config.audiences.clone(), config.service_accounts.clone());
        verifiers.push(Arc::new(TokenReviews::new(cluster.client().await?, audiences, accounts)));
    }
    let authenticator = Authenticator::new(config.tokens_file.clone(), verifiers);
    Ok(match &config.access_file {
        Some(file) => authenticator.with_access(file.clone()),
        None => authenticator,
    })
}
