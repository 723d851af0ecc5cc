//! What watches tell in metrics, by kind. A kind that is watched in several namespaces is told by its worst one; no metric names one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

use crate::domain::snapshot::SourceInfo;
use crate::domain::watch::{Trouble, WatchStatus};

const CONTACT_AGE: &str = "backend_api_watch_contact_age_seconds";
const EVENT_AGE: &str = "backend_api_watch_event_age_seconds";
const RELISTS: &str = "backend_api_watch_relists_total";
const ERRORS: &str = "backend_api_watch_errors_total";
const UNDECODABLE: &str = "backend_api_watch_undecodable";
const TROUBLE: &str = "backend_api_watch_trouble";

/// Says what each metric is. Only a recorder that is there already hears it.
pub fn describe() {
    describe_gauge!(CONTACT_AGE, Unit::Seconds, "Time since the API server last sent anything, by kind");
    describe_gauge!(EVENT_AGE, Unit::Seconds, "Time since an object last came, changed or went, by kind");
    describe_counter!(RELISTS, "How often everything was listed anew, by kind");
    describe_counter!(ERRORS, "How often a watch failed, by kind");
    describe_gauge!(UNDECODABLE, "Objects that can't be decoded, by kind");
    describe_gauge!(TROUBLE, "Watches that fail now, by kind and reason");
}

/// Tells how the watches of a store do; for whoever is about to write the metrics.
#[allow(clippy::cast_precision_loss)] // far below 2^52
pub fn observe(source: &SourceInfo) {
    let mut kinds: BTreeMap<&'static str, Vec<&Arc<WatchStatus>>> = BTreeMap::new();
    for watch in &source.watches {
        kinds.entry(watch.kind).or_default().push(watch);
    }
    for (kind, watches) in kinds {
        let sum = |of: fn(&WatchStatus) -> u64| watches.iter().map(|watch| of(watch)).sum::<u64>();
        let heard = watches.iter().filter(|watch| watch.contact.at() != Timestamp::UNIX_EPOCH);
        if let Some(age) = heard.map(|watch| watch.contact.age()).max() {
            gauge!(CONTACT_AGE, "kind" => kind).set(age.as_secs_f64());
        }
        if let Some(at) = watches.iter().filter_map(|watch| watch.last_event()).max() {
            let age = Duration::try_from(Timestamp::now().duration_since(at)).unwrap_or_default();
            gauge!(EVENT_AGE, "kind" => kind).set(age.as_secs_f64());
        }
        counter!(RELISTS, "kind" => kind).absolute(sum(WatchStatus::relists));
        counter!(ERRORS, "kind" => kind).absolute(sum(WatchStatus::errors));
        gauge!(UNDECODABLE, "kind" => kind).set(sum(WatchStatus::undecodable) as f64);
        for trouble in Trouble::ALL {
            let count = watches.iter().filter(|watch| watch.trouble() == Some(trouble)).count();
            gauge!(TROUBLE, "kind" => kind, "reason" => trouble.as_str()).set(count as f64);
        }
    }
}
