//! What a server can do wrong; the next load works each time.

use super::*;

/// What a load says when the first answer is this one, and that the second load works.
async fn first_answer(reply: Reply, limits: UrlLimits) -> String {
    let turn = std::sync::atomic::AtomicUsize::new(0);
    let server = Server::start(move |_| match turn.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => reply.clone(),
        _ => Reply::ok(document("1", "m5.large")),
    });
    let source = UrlSource::new(settings(&server.url("/list.json?hunter2"), limits)).unwrap();
    let before = source.contact.at();
    let error = failure(&source).await;
    assert_eq!(source.contact.at(), before, "a failure is no contact");
    assert!(!error.contains("hunter2") && !error.contains("list.json"), "{error}");
    assert_eq!(loaded(&source, None).await.types.len(), 1);
    error
}

#[tokio::test]
async fn a_cut_body_is_an_error_wherever_it_is_cut() {
    let whole = document("1", "m5.large");
    for bytes in [0, 1, 40, whole.len() - 1] {
        let error = first_answer(Reply::ok(whole.clone()).cut_after(bytes), LIMITS).await;
        assert!(error.contains("cut off"), "{bytes}: {error}");
        let error = first_answer(Reply::ok(whole.clone()).with_length(None).cut_after(bytes), LIMITS).await;
        assert!(error.contains("ends too early"), "{bytes}: {error}");
    }
    let chunked = format!("5\r\n{}\r\n", &whole[..5]);
    let chunked = Reply::ok(chunked).with_length(None).with("transfer-encoding", "chunked");
    assert!(first_answer(chunked, LIMITS).await.contains("cut off"));
    let zipped = gzip(&whole);
    let cut = zipped[..zipped.len() - 4].to_vec();
    assert!(first_answer(Reply::ok(cut), LIMITS).await.contains("ends too early"));
}

#[tokio::test]
async fn a_wrong_length_is_an_error() {
    let whole = document("1", "m5.large");
    let shorter = Reply::ok(whole.clone()).with_length(Some(whole.len() - 1));
    assert!(first_answer(shorter, LIMITS).await.contains("ends too early"));
    let longer = Reply::ok(whole.clone()).with_length(Some(whole.len() + 1));
    assert!(first_answer(longer, LIMITS).await.contains("cut off"));
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up() {
    let short = Duration::from_millis(300);
    let silent = Reply::ok(document("1", "m5.large")).hang_after(40);
    let error = first_answer(silent, UrlLimits { idle: short, ..LIMITS }).await;
    assert!(error.contains("stopped arriving"), "{error}");
    let endless = Reply::ok(" ".repeat(1 << 20)).dripping(Duration::from_millis(5));
    let error = first_answer(endless, UrlLimits { whole: short, ..LIMITS }).await;
    assert!(error.contains("didn't arrive within"), "{error}");
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    // Connections wait in its backlog; nobody takes them.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let limits = UrlLimits { head: Duration::from_millis(300), ..LIMITS };
    let error = failure(&UrlSource::new(settings(&url, limits)).unwrap()).await;
    assert!(error.contains("no answer within"), "{error}");
    drop(listener);
    let error = failure(&source(&url)).await;
    assert!(error.contains("refused"), "{error}");
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_with_and_without_its_length() {
    let limits = UrlLimits { bytes: 1 << 20, ..LIMITS };
    let large = format!("{}{}", " ".repeat(1 << 20), document("1", "m5.large"));
    for length in [Some(large.len()), None] {
        let error = first_answer(Reply::ok(large.clone()).with_length(length), limits).await;
        assert!(error.contains("more than 1 MiB"), "{error}");
    }
}

#[tokio::test]
async fn other_statuses_and_contents_are_errors_that_say_what_came() {
    for (reply, expected) in [
        (Reply::status(404), "404 Not Found"),
        (Reply::status(403), "403 Forbidden"),
        (Reply::status(500), "500 Internal Server Error"),
        (Reply::status(304), "304 Not Modified"),
        (Reply::status(204), "204 No Content"),
        (Reply::ok("<!doctype html><title>Sign in</title>"), "no complete AmazonEC2 offer file"),
        (Reply::ok(document("1", "m5.large")).with("content-encoding", "br"), "otherwise than with gzip"),
        (Reply::ok(document("1", "m5.large").replace("AmazonEC2", "AmazonS3")), "offerCode isn't AmazonEC2"),
    ] {
        let error = first_answer(reply, LIMITS).await;
        assert!(error.contains(expected), "{error}");
    }
}
