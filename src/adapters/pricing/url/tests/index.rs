//! AWS's list of regions, which names a new file each time.

use std::sync::Mutex;

use super::*;

const INDEX: &str = "/offers/v1.0/aws/AmazonEC2/current/region_index.json";

/// What a server of AWS's kind has at the moment.
#[derive(Clone, Default)]
struct Shelf {
    version: u32,
    /// Whether the file that the index names is there.
    published: bool,
}

fn aws(shelf: &Arc<Mutex<Shelf>>) -> Server {
    let shelf = Arc::clone(shelf);
    Server::start(move |request| {
        let Shelf { version, published } = shelf.lock().unwrap().clone();
        let file = format!("/offers/v1.0/aws/AmazonEC2/{version}/us-east-1/index.json");
        let etag = format!("\"index-{version}\"");
        if request.path == INDEX {
            let index = format!(r#"{{"regions":{{"us-east-1":{{"currentVersionUrl":"{file}"}}}}}}"#);
            match request.header("if-none-match") {
                Some(known) if known == etag => Reply::status(304),
                _ => Reply::ok(gzip(&index)).with("content-encoding", "gzip").with("etag", &etag),
            }
        } else if request.path == file && published {
            Reply::ok(document(&version.to_string(), "m5.large")).with("etag", "\"offer\"")
        } else {
            Reply::status(404)
        }
    })
}

fn paths(server: &Server) -> Vec<String> {
    server.requests().into_iter().map(|request| request.path).collect()
}

#[tokio::test]
async fn the_index_is_followed_and_the_file_is_fetched_once() {
    let shelf = Arc::new(Mutex::new(Shelf { version: 1, published: true }));
    let server = aws(&shelf);
    let source = source(&server.url(INDEX));
    let first = loaded(&source, None).await;
    assert_eq!(first.version.as_deref(), Some("1"));
    assert!(is_unchanged(&source, &first.revision).await);
    assert_eq!(paths(&server), [INDEX, "/offers/v1.0/aws/AmazonEC2/1/us-east-1/index.json", INDEX]);

    *shelf.lock().unwrap() = Shelf { version: 2, published: true };
    let second = loaded(&source, Some(&first.revision)).await;
    assert_eq!(second.version.as_deref(), Some("2"));
    assert!(is_unchanged(&source, &second.revision).await);
    let last = server.requests().pop().unwrap();
    assert_eq!((last.path.as_str(), last.header("if-none-match")), (INDEX, Some("\"index-2\"")));
    let offer = server.requests().into_iter().find(|request| request.path.contains("/2/")).unwrap();
    assert_eq!(offer.header("if-none-match"), None, "another file's validators say nothing of it");
}

#[tokio::test]
async fn a_file_that_is_announced_before_it_is_there_is_asked_for_again() {
    let shelf = Arc::new(Mutex::new(Shelf { version: 1, published: true }));
    let server = aws(&shelf);
    let source = source(&server.url(INDEX));
    let first = loaded(&source, None).await;
    *shelf.lock().unwrap() = Shelf { version: 2, published: false };
    for _ in 0..2 {
        let error = source.load(Some(&first.revision)).await.unwrap_err().to_string();
        assert!(error.contains("404") && error.contains("may not be there yet"), "{error}");
    }
    shelf.lock().unwrap().published = true;
    assert_eq!(loaded(&source, Some(&first.revision)).await.version.as_deref(), Some("2"));
}

#[tokio::test]
async fn an_index_that_names_the_same_file_again_costs_no_download() {
    let server = Server::start(|request| match request.path.as_str() {
        INDEX => Reply::ok(r#"{"regions":{"us-east-1":{"currentVersionUrl":"same.json"}}}"#),
        _ => Reply::ok(document("1", "m5.large")),
    });
    let source = source(&server.url(INDEX));
    let first = loaded(&source, None).await;
    assert!(is_unchanged(&source, &first.revision).await);
    assert_eq!(paths(&server).iter().filter(|path| path.ends_with("same.json")).count(), 1);
}

#[tokio::test]
async fn an_index_that_leads_elsewhere_leads_to_public_hosts_only() {
    let inner = Server::start(|_| Reply::ok(document("1", "m5.large")));
    let public = Server::start_at("127.0.0.2", |_| Reply::ok(document("1", "m5.large")));
    let lead_to = |target: String| {
        Server::start(move |_| {
            Reply::ok(format!(r#"{{"regions":{{"us-east-1":{{"currentVersionUrl":"{target}"}}}}}}"#))
        })
    };
    for (target, expected) in [
        (inner.url("/"), "is private"),
        (inner.url("/").replace("http:", "https:"), "is private"),
        ("https://169.254.169.254/".to_owned(), "link-local"),
    ] {
        let error = failure(&source(&lead_to(target).url(INDEX))).await;
        assert!(error.contains(expected), "{error}");
    }
    assert!(inner.requests().is_empty());
    let followed = source_with_a_public_host(&lead_to(public.url("/")).url(INDEX));
    assert_eq!(loaded(&followed, None).await.types.len(), 1);
}

#[tokio::test]
async fn an_index_that_is_none_is_an_error() {
    for body in ["<html>".to_owned(), "{\"regions\":{}}".to_owned(), " ".repeat(5 << 20)] {
        let server = Server::start(move |_| Reply::ok(body.clone()));
        let error = failure(&source(&server.url(INDEX))).await;
        assert!(error.contains("region_index.json") || error.contains("more than 4 MiB"), "{error}");
    }
}
