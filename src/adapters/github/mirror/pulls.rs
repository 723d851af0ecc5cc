//! Fetches pull requests by number: their commits stay on the server when their branches are gone.

use std::collections::BTreeMap;
use std::sync::Arc;

use git2::Oid;

use super::Mirror;
use super::fetching::BRANCH_DEPTH;
use crate::adapters::git::refs;
use crate::adapters::github::remote::Operation;
use crate::domain::error::VcsError;

/// Where they are while they are read.
const PULLS: &str = "refs/mirror/pulls";

impl Mirror {
    /// Fetches the newest commits of pull requests, with some history; those that the server doesn't have are left out.
    ///
    /// # Errors
    /// [`VcsError`] as the server or the connection has it.
    pub async fn fetch_pulls(&self, numbers: &[u64], operation: &Operation) -> Result<BTreeMap<u64, Oid>, VcsError> {
        let turn = Arc::new(operation.bounded(Arc::clone(&self.0.fetching.turn).lock_owned()).await?);
        let (numbers, within) = (numbers.to_vec(), operation.clone());
        let fetched = self.0.mended(&self.0.calls, operation, move |inner, repo| {
            let _turn = Arc::clone(&turn);
            // Those of the last time were read.
            for (name, tip) in refs::below(repo, PULLS)? {
                refs::delete(repo, &name, tip)?;
            }
            let wanted: Vec<(String, String)> = numbers
                .iter()
                .map(|number| (format!("refs/pull/{number}/head"), format!("{PULLS}/{number}")))
                .collect();
            let tips = inner.remote.fetch_refs(repo, &wanted, Some(BRANCH_DEPTH), &within)?;
            Ok(numbers.iter().copied().zip(tips).filter_map(|(number, tip)| Some((number, tip?))).collect())
        });
        fetched.await
    }
}
