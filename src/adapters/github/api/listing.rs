//! The pull requests as a poll sees them: with ETags, as an answer that nothing changed costs none of the rate limit.

use std::collections::BTreeMap;

use tokio::sync::Mutex;

use super::GithubApi;
use super::caller::Caller;
use super::pull::{Pull, WirePull};
use super::query;
use crate::domain::change::PullRequestState;
use crate::domain::error::VcsError;

/// The most that GitHub gives.
const PER_PAGE: &str = "100";
/// With more pages than this, the repository isn't one for changes that are reviewed by people.
const MAX_PAGES: usize = 100;
/// How often the pages are walked at most until none of them changes under the walk.
const MAX_WALKS: usize = 3;

/// The pull requests whose branch is the repository's own and begins with the prefix, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// All open ones.
    pub open: Vec<Pull>,
    /// The merged and closed ones among the hundred that changed last.
    pub ended: Vec<Pull>,
    /// Whether this differs from the poll before.
    pub changed: bool,
}

/// What is known of a page.
#[derive(Debug, Clone)]
struct Page {
    etag: Option<String>,
    pulls: Vec<Pull>,
    next: Option<String>,
}

/// The pages by their path, as they were last seen.
#[derive(Debug, Default)]
pub(super) struct Watch(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    prefix: String,
    pages: BTreeMap<String, Page>,
    last: Option<Listing>,
}

impl GithubApi {
    /// Polls: all open pull requests, and those that ended lately. One poll at a time.
    ///
    /// # Errors
    /// [`VcsError`]; what was seen before stays known.
    pub async fn poll(&self, prefix: &str) -> Result<Listing, VcsError> {
        let mut seen = self.watch.0.lock().await;
        if seen.prefix != prefix {
            *seen = Seen { prefix: prefix.to_owned(), ..Seen::default() };
        }
        let pulls = self.caller.repository.path("/pulls");
        let open = [("state", "open"), ("sort", "created"), ("direction", "desc"), ("per_page", PER_PAGE)];
        let ended = [("state", "closed"), ("sort", "updated"), ("direction", "desc"), ("per_page", PER_PAGE)];
        // The ended ones last: one that ends between the two is then in both, not in none.
        let open = seen.walk(&self.caller, &query(&pulls, &open)).await?;
        let page = seen.page(&self.caller, &query(&pulls, &ended)).await?.0;
        let mut by_number: BTreeMap<u64, Pull> = open.into_iter().map(|pull| (pull.number, pull)).collect();
        // One that was opened again meanwhile is seen as ended here and corrected by the next poll.
        by_number.extend(page.pulls.into_iter().map(|pull| (pull.number, pull)));
        let (open, ended) = by_number.into_values().rev().partition(|pull| pull.state == PullRequestState::Open);
        let mut listing = Listing { open, ended, changed: false };
        listing.changed =
            seen.last.as_ref().is_none_or(|last| last.open != listing.open || last.ended != listing.ended);
        seen.last = Some(listing.clone());
        Ok(listing)
    }
}

impl Seen {
    /// All pages from the first on. A pull request that is closed during a walk moves others across a border that was passed
    /// already, so several pages are believed only when a second look finds each of them unchanged, which is free.
    async fn walk(&mut self, caller: &Caller, first: &str) -> Result<Vec<Pull>, VcsError> {
        for walks_left in (0..MAX_WALKS).rev() {
            let mut changed = false;
            let mut found = Vec::new();
            let mut visited = Vec::new();
            let mut next = Some(first.to_owned());
            while let Some(path) = next.filter(|path| visited.len() < MAX_PAGES && !visited.contains(path)) {
                let (page, is_new) = self.page(caller, &path).await?;
                changed |= is_new;
                found.extend(page.pulls);
                visited.push(path);
                next = page.next;
            }
            if !changed || visited.len() == 1 || walks_left == 0 {
                // Pages that are no longer linked aren't kept.
                self.pages.retain(|path, _| visited.contains(path) || !path.contains("state=open"));
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// One page, and whether it changed since it was last seen.
    async fn page(&mut self, caller: &Caller, path: &str) -> Result<(Page, bool), VcsError> {
        let known = self.pages.get(path).cloned();
        let etag = known.as_ref().and_then(|page| page.etag.as_deref());
        let reply = caller.read(path, etag).await?;
        match (reply.status, known) {
            (304, Some(page)) => return Ok((page, false)),
            (304, None) => return Err(reply.unexpected()),
            (404, _) => return Err(caller.not_found()),
            _ => {}
        }
        let wires: Vec<WirePull> = reply.json()?;
        let pulls = wires.into_iter().map(Pull::from).filter(|pull| self.is_ours(pull)).collect();
        // A link to another server is no page of this one.
        let next = reply.next().and_then(|link| caller.client.own_path(link));
        let page = Page { etag: reply.header("etag").map(str::to_owned), pulls, next };
        self.pages.insert(path.to_owned(), page.clone());
        Ok((page, true))
    }

    fn is_ours(&self, pull: &Pull) -> bool {
        let below = pull.head_ref.strip_prefix(&self.prefix).is_some_and(|rest| rest.starts_with('/'));
        below && pull.head_repo_is_ours
    }
}
