//! Loads that succeed, fail, and are refused.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::domain::instance_type::samples::{catalog, named, sized};
use crate::domain::ports::MockInstanceTypeSource;
use crate::domain::snapshot::{Contact, Revision, SourceKind};

/// What one load of the double brings.
type Step = fn() -> Result<Load, SourceError>;

/// A catalogue of so many types, of which so many have a price.
fn listing(count: usize, priced: usize) -> Load {
    let mut catalog = catalog((0..count).map(|i| match format!("m{i}.large") {
        name if i < priced => sized(&name, 2, 8, "0.1"),
        name => named(&name),
    }));
    catalog.revision = Revision(format!("{count}/{priced}"));
    Load::Loaded(catalog, IngestReport::default())
}

fn info(stale_after: Duration) -> SourceInfo {
    let contact = Arc::new(Contact::now());
    SourceInfo { kind: SourceKind::File, location: "list.json".to_owned(), contact, stale_after, watches: Vec::new() }
}

/// A source that goes through these loads, the last one again and again.
fn source(steps: Vec<Step>) -> MockInstanceTypeSource {
    let mut source = MockInstanceTypeSource::new();
    source.expect_info().returning(|| info(Duration::from_secs(15)));
    let next = AtomicUsize::new(0);
    source.expect_load().returning(move |_| steps[next.fetch_add(1, Ordering::Relaxed).min(steps.len() - 1)]());
    source
}

fn instance_types(steps: Vec<Step>) -> InstanceTypes {
    InstanceTypes::new(Arc::new(source(steps)), 0.5)
}

/// A function of its own, as `Option::is_none` isn't general enough for the double.
fn unseen(seen: Option<&Revision>) -> bool {
    seen.is_none()
}

fn count(types: &InstanceTypes) -> usize {
    types.current().expect("types").catalog.types.len()
}

#[tokio::test]
async fn before_the_first_load_nothing_is_served_and_the_reason_is_told() {
    let types = instance_types(vec![|| Err(SourceError::Unreachable("no such file".to_owned()))]);
    assert!(matches!(types.loaded(), Err(Failure::Unavailable { .. })));
    types.load(false).await.unwrap_err();
    let status = types.status();
    assert!(status.current.is_none() && status.checked_at.is_none());
    assert!(status.last_error.unwrap().contains("no such file"));
}

#[tokio::test]
async fn a_load_is_served_with_its_time() {
    let types = instance_types(vec![|| Ok(listing(4, 4))]);
    types.load(false).await.unwrap();
    let status = types.status();
    assert_eq!(count(&types), 4);
    assert!(status.checked_at.is_some() && status.last_error.is_none() && !status.stale);
    assert!(since(status.current.unwrap().loaded_at) < Duration::from_secs(5));
}

#[tokio::test]
async fn a_failed_load_leaves_the_last_good_one_in_service() {
    let types = instance_types(vec![
        || Ok(listing(4, 4)),
        || Err(SourceError::Malformed("it ends too early".to_owned())),
        || Ok(Load::Unchanged),
    ]);
    types.load(false).await.unwrap();
    types.load(false).await.unwrap_err();
    assert_eq!(count(&types), 4);
    assert!(types.status().last_error.unwrap().contains("ends too early"));
    types.load(false).await.unwrap();
    assert_eq!(types.status().last_error, None, "an unchanged source is a good one");
}

#[tokio::test]
async fn too_few_typesare_refused_and_half_of_them_are_enough() {
    let types =
        instance_types(vec![|| Ok(listing(4, 4)), || Ok(listing(1, 1)), || Ok(listing(0, 0)), || Ok(listing(2, 2))]);
    types.load(false).await.unwrap();
    for _ in 0..2 {
        assert!(matches!(types.load(false).await, Err(SourceError::Refused(_))));
        assert_eq!(count(&types), 4);
    }
    types.load(false).await.unwrap();
    assert_eq!(count(&types), 2);
}

#[tokio::test]
async fn too_few_prices_are_refused() {
    let types =
        instance_types(vec![|| Ok(listing(4, 4)), || Ok(listing(4, 0)), || Ok(listing(4, 1)), || Ok(listing(4, 2))]);
    types.load(false).await.unwrap();
    for _ in 0..2 {
        let Err(SourceError::Refused(reason)) = types.load(false).await else { panic!("not refused") };
        assert!(reason.contains("prices"), "{reason}");
    }
    types.load(false).await.unwrap();
}

#[tokio::test]
async fn no_prices_where_there_were_some_are_refused_whatever_the_share() {
    let types = InstanceTypes::new(Arc::new(source(vec![|| Ok(listing(4, 4)), || Ok(listing(4, 0))])), 0.0);
    types.load(false).await.unwrap();
    assert!(matches!(types.load(false).await, Err(SourceError::Refused(_))));
}

#[tokio::test]
async fn a_list_without_typesor_prices_is_believed_at_first() {
    for first in [(|| Ok(listing(0, 0))) as Step, || Ok(listing(3, 0))] {
        instance_types(vec![first, first]).load(false).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_served_ages_while_loads_fail_although_the_source_answers() {
    let mut source = MockInstanceTypeSource::new();
    source.expect_info().returning(|| info(Duration::from_millis(20)));
    source.expect_load().times(1).returning(|_| Ok(listing(4, 4)));
    source.expect_load().returning(|_| Ok(listing(0, 0)));
    let types = InstanceTypes::new(Arc::new(source), 0.5);
    types.load(false).await.unwrap();
    assert!(!types.status().stale);
    types.load(false).await.unwrap_err();
    tokio::time::sleep(Duration::from_millis(30)).await;
    types.load(false).await.unwrap_err();
    assert!(types.status().stale, "the age counts from the first failure");
}

#[tokio::test]
async fn the_revision_in_service_is_told_to_the_source_unless_a_reload_is_forced() {
    let mut source = MockInstanceTypeSource::new();
    source.expect_info().returning(|| info(Duration::from_secs(15)));
    source.expect_load().times(1).withf(|seen| unseen(*seen)).returning(|_| Ok(listing(4, 4)));
    source
        .expect_load()
        .times(1)
        .withf(|seen| seen.is_some_and(|seen| seen.0 == "4/4"))
        .returning(|_| Ok(Load::Unchanged));
    source.expect_load().times(1).withf(|seen| unseen(*seen)).returning(|_| Ok(listing(3, 3)));
    let types = InstanceTypes::new(Arc::new(source), 0.5);
    types.load(false).await.unwrap();
    types.load(false).await.unwrap();
    assert_eq!(count(&types), 4);
    types.load(true).await.unwrap();
    assert_eq!(count(&types), 3);
}

/// A source whose changes the test announces.
struct Announced {
    changes: Arc<Notify>,
    loads: AtomicUsize,
}

#[async_trait::async_trait]
impl InstanceTypeSource for Announced {
    fn info(&self) -> SourceInfo {
        info(Duration::from_secs(15))
    }

    async fn changed(&self) {
        self.changes.notified().await;
    }

    async fn load<'a>(&'a self, _: Option<&'a Revision>) -> Result<Load, SourceError> {
        match self.loads.fetch_add(1, Ordering::Relaxed) {
            0 => Err(SourceError::Unreachable("not yet".to_owned())),
            load => Ok(listing(load, load)),
        }
    }
}

/// Waits until so many types are served.
async fn served(types: &InstanceTypes, wanted: usize) {
    let reached = async {
        while types.current().is_none_or(|current| current.catalog.types.len() != wanted) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), reached).await.expect("the types in time");
}

#[tokio::test]
async fn it_retries_after_a_failure_follows_changes_and_requests_and_ends_when_cancelled() {
    let changes = Arc::new(Notify::new());
    let source = Announced { changes: Arc::clone(&changes), loads: AtomicUsize::new(0) };
    let types = Arc::new(InstanceTypes::new(Arc::new(source), 0.5));
    let cancel = CancellationToken::new();
    let task = tokio::spawn({
        let (types, cancel) = (Arc::clone(&types), cancel.clone());
        async move { types.run(cancel).await }
    });
    served(&types, 1).await;
    changes.notify_one();
    served(&types, 2).await;
    types.request_reload();
    served(&types, 3).await;
    cancel.cancel();
    tokio::time::timeout(Duration::from_secs(5), task).await.expect("an end in time").expect("no panic");
}
