//! What is kept of lists, and for how long.

use std::io::Read;
use std::sync::atomic::AtomicUsize;
use std::thread;

use axum::body::to_bytes;
use flate2::read::GzDecoder;
use futures_util::future::join_all;
use serde_json::Value;

use super::*;
use crate::adapters::http::list::ObjectFilter;
use crate::adapters::http::query::Query;
use crate::application::doubles::{here, secret_key};
use crate::domain::snapshot::SourceKind;

/// A list of names that counts how often it is written.
struct Names {
    all: Vec<&'static str>,
    source: SourceInfo,
    written: Arc<AtomicUsize>,
}

impl Listing for Names {
    type Facts = usize;
    type View = (&'static str, String);

    fn items(&self, host: &str) -> impl Iterator<Item = (ObjectKey, usize, Self::View)> {
        self.written.fetch_add(1, Ordering::SeqCst);
        self.all.iter().enumerate().map(move |(index, name)| (secret_key(name), index, (*name, host.to_owned())))
    }

    fn source(&self) -> &SourceInfo {
        &self.source
    }
}

fn names(names: &[&'static str], written: &Arc<AtomicUsize>) -> Arc<Names> {
    Arc::new(Names { all: names.to_vec(), source: here(SourceKind::Git), written: Arc::clone(written) })
}

async fn newest(kept: &Arc<KeptList<Names>>, host: &str, list: &Arc<Names>) -> Arc<Written<Names>> {
    kept.newest(host, async || Ok(Arc::clone(list))).await.unwrap()
}

fn paging(query: &str) -> Paging {
    let mut query = Query::of(&format!("/api/x?{query}").parse().unwrap());
    let paging = Paging::of(&mut query, || "names".to_owned());
    query.finish().unwrap();
    paging
}

async fn body(response: Response) -> Vec<u8> {
    to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()
}

async fn asked(written: &Written<Names>, query: &str) -> Value {
    let response = written.answer(&paging(query), None::<fn(&_) -> bool>, false).await.unwrap();
    serde_json::from_slice(&body(response).await).unwrap()
}

/// The names in an answer, and its cursor as a parameter.
fn told(answer: &Value) -> (String, Option<String>) {
    let names = answer["items"].as_array().unwrap().iter().map(|item| item[0].as_str().unwrap());
    let cursor = answer["page_info"]["next_cursor"].as_str().map(|cursor| format!("&cursor={cursor}"));
    (names.collect(), cursor)
}

#[tokio::test]
async fn an_answer_is_what_serde_writes_of_the_documented_shape() {
    for items in [&[][..], &["a"], &["a", "b", "c"]] {
        let (kept, written) = (Arc::default(), Arc::default());
        let list = newest(&kept, "here", &names(items, &written)).await;
        let answer = body(list.answer(&paging(""), None::<fn(&_) -> bool>, false).await.unwrap()).await;
        let text = String::from_utf8(answer).unwrap();
        let mut said: Value = serde_json::from_str(&text).unwrap();
        let (kind, items_there) = (said["source"].take(), said["items"].as_array().unwrap().len());
        assert_eq!((kind["kind"].as_str(), items_there), (Some("git"), items.len()));

        let page = Page { items: items.to_vec(), total: items.len(), next_cursor: None };
        let view = ListView::of(page, |name| (name, "here"), SourceView::of(list.list.source()));
        let expected = serde_json::to_string(&view).unwrap();
        let until_age = |text: &str| text.split("\"age_seconds\"").next().unwrap().to_owned();
        assert_eq!(until_age(&text), until_age(&expected));
        assert!(text.ends_with(",\"stale\":false}}"), "{text}");
    }
}

#[tokio::test]
async fn a_list_is_written_once_until_it_is_another_or_asked_for_under_another_name() {
    let (kept, written): (_, Arc<AtomicUsize>) = (Arc::default(), Arc::default());
    let count = || written.load(Ordering::SeqCst);
    let list = names(&["a"], &written);
    let first = newest(&kept, "here", &list).await;
    assert!(Arc::ptr_eq(&first, &newest(&kept, "here", &list).await) && count() == 1);
    assert!(newest(&kept, "there", &list).await.json.ends_with(br#"["a","there"]"#) && count() == 2);
    assert!(newest(&kept, "there", &names(&["b"], &written)).await.json.ends_with(br#"["b","there"]"#) && count() == 3);
}

#[tokio::test]
async fn pages_and_filters_are_cut_out_of_what_is_kept() {
    let (kept, written) = (Arc::default(), Arc::default());
    let list = newest(&kept, "here", &names(&["a", "b", "c", "d", "e"], &written)).await;
    assert_eq!(told(&asked(&list, "").await), ("abcde".to_owned(), None));
    let first = asked(&list, "limit=2").await;
    let (page, cursor) = told(&first);
    assert_eq!((page.as_str(), &first["total_items"]), ("ab", &5.into()));
    let (page, cursor) = told(&asked(&list, &format!("limit=2{}", cursor.unwrap())).await);
    assert_eq!(page, "cd");
    let (page, end) = told(&asked(&list, &format!("limit=2{}", cursor.unwrap())).await);
    assert_eq!((page.as_str(), end), ("e", None));

    let even = |item: &Item<usize>| item.facts.is_multiple_of(2);
    let some = list.answer(&paging("limit=2"), Some(even), true).await.unwrap();
    assert!(!some.headers().contains_key(CONTENT_ENCODING));
    let some: Value = serde_json::from_slice(&body(some).await).unwrap();
    assert_eq!((told(&some).0.as_str(), &some["total_items"]), ("ac", &3.into()));
    let none = list.answer(&paging(""), Some(|_: &Item<usize>| false), false).await.unwrap();
    assert_eq!(told(&serde_json::from_slice(&body(none).await).unwrap()), (String::new(), None));

    let mut query = Query::of(&"/api/x?name=b*".parse().unwrap());
    let filter = ObjectFilter::of(&mut query);
    let by_name = Some(|item: &Item<usize>| filter.accepts(&item.key, None));
    let by_name = list.answer(&paging(""), by_name, false).await.unwrap();
    assert_eq!(told(&serde_json::from_slice(&body(by_name).await).unwrap()).0, "b");
    assert_eq!(written.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_is_asked_for_again_is_gzipped_unless_it_is_small() {
    let (kept, written) = (Arc::default(), Arc::default());
    let asked = async |list: &Written<Names>, gzip: bool| {
        let response = list.answer(&paging(""), None::<fn(&_) -> bool>, gzip).await.unwrap();
        assert_eq!(response.headers()[VARY], "accept-encoding");
        let coding = response.headers().get(CONTENT_ENCODING).map(|coding| coding.to_str().unwrap().to_owned());
        (coding, body(response).await)
    };
    let small = newest(&kept, "here", &names(&["a"], &written)).await;
    let large = newest(&kept, &"here".repeat(1000), &names(&["a"], &written)).await;
    let gzip = Some("gzip".to_owned());
    for (gzips, expected) in [(true, None), (true, gzip.clone()), (false, None), (true, gzip)] {
        assert_eq!(asked(&small, gzips).await.0, None);
        let (coding, bytes) = asked(&large, gzips).await;
        let mut text = String::new();
        match &coding {
            Some(_) => drop(GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap()),
            None => text = String::from_utf8(bytes).unwrap(),
        }
        assert_eq!(coding, expected);
        assert_eq!(told(&serde_json::from_str(&text).unwrap()).0, "a");
    }
}

/// A list of which writing goes on until it is let go.
struct Held(SourceInfo, Arc<Gate>);

#[derive(Default)]
struct Gate {
    begun: AtomicUsize,
    ended: AtomicUsize,
    open: AtomicBool,
}

impl Held {
    fn new(gate: &Arc<Gate>) -> Arc<Self> {
        Arc::new(Self(here(SourceKind::Git), Arc::clone(gate)))
    }
}

impl Listing for Held {
    type Facts = ();
    type View = ();

    fn items(&self, _: &str) -> impl Iterator<Item = (ObjectKey, (), ())> {
        let Gate { begun, ended, open } = &*self.1;
        assert_eq!(begun.fetch_add(1, Ordering::SeqCst), ended.load(Ordering::SeqCst), "one at a time");
        while !open.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        ended.fetch_add(1, Ordering::SeqCst);
        std::iter::empty()
    }

    fn source(&self) -> &SourceInfo {
        &self.0
    }
}

#[tokio::test]
async fn many_that_wait_while_the_list_changes_all_the_time_share_what_is_written() {
    let (kept, gate): (Arc<KeptList<Held>>, Arc<Gate>) = (Arc::default(), Arc::default());
    let ask = async || kept.newest("here", async || Ok(Held::new(&gate))).await.map(drop);
    // Polled in this order: when the gate opens, one is written and all others wait.
    let let_go = async {
        gate.open.store(true, Ordering::SeqCst);
        Ok(())
    };
    let all = join_all((0..50).map(|_| ask()));
    let (all, _): (Vec<Result<(), ApiError>>, Result<(), ApiError>) = tokio::join!(all, let_go);
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(
        gate.begun.load(Ordering::SeqCst),
        2,
        "one for the first, and one for all who came while it was written"
    );
}

#[tokio::test]
async fn what_was_begun_is_kept_although_its_client_goes_away() {
    let (kept, gate): (Arc<KeptList<Held>>, Arc<Gate>) = (Arc::default(), Arc::default());
    let list = Held::new(&gate);
    let newest = async || kept.newest("here", async || Ok(Arc::clone(&list))).await.map(drop);
    let begun = async {
        while gate.begun.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = newest() => panic!("it can't end yet"),
        () = begun => {}
    }
    gate.open.store(true, Ordering::SeqCst);
    newest().await.unwrap();
    assert_eq!(gate.begun.load(Ordering::SeqCst), 1);
}
