//! Where a source goes, and where it doesn't let itself be led.

use super::*;

fn new(url: &str, allow_private: bool) -> Result<UrlSource, String> {
    UrlSource::new(UrlSettings { allow_private, ..settings(url, LIMITS) })
}

#[test]
fn an_address_that_is_never_allowed_is_told_at_the_start() {
    for (url, allow_private, expected) in [
        ("http://prices.example.com/", false, "plain http"),
        ("http://127.0.0.1/", false, "plain http"),
        ("https://127.0.0.1/", false, "is private; INSTANCE_TYPES_URL_ALLOW_PRIVATE"),
        ("https://[::1]/", false, "is private"),
        ("https://2130706433/", false, "is private"),
        ("https://0x7f.1/", false, "is private"),
        ("http://169.254.169.254/latest/", true, "link-local"),
        ("http://[fe80::1]/", true, "link-local"),
        ("http://[::ffff:169.254.169.254]/", true, "link-local"),
        ("ftp://prices.example.com/", true, "no http(s) address"),
        ("file:///etc/passwd", true, "no http(s) address"),
    ] {
        let error = new(url, allow_private).err().unwrap_or_default();
        assert!(error.contains(expected), "{url}: {error:?}");
    }
    for (url, allow_private) in
        [("https://prices.example.com/", false), ("http://127.0.0.1:1/", true), ("https://8.8.8.8/", false)]
    {
        assert!(new(url, allow_private).is_ok(), "{url}");
    }
}

#[tokio::test]
async fn a_name_that_resolves_to_a_private_address_is_refused() {
    let error = failure(&new("https://localhost:1/", false).unwrap()).await;
    assert!(error.contains("the host's address is private"), "{error}");
    let error = failure(&new("http://localhost:1/", true).unwrap()).await;
    assert!(error.contains("refused") && !error.contains("private"), "it is tried: {error}");
}

#[tokio::test]
async fn a_redirect_to_a_private_or_link_local_host_is_refused() {
    let inner = Server::start(|_| Reply::ok(document("1", "m5.large")));
    for (target, expected) in [
        (inner.url("/list.json"), "is private"),
        (inner.url("/list.json").replace("http:", "https:"), "is private"),
        (format!("https://localhost:{}/list.json", inner.address().port()), "is private"),
        ("/elsewhere".to_owned(), "is private"),
        ("https://169.254.169.254/latest/meta-data/".to_owned(), "link-local"),
        ("https://[fe80::1]/".to_owned(), "link-local"),
        ("file:///etc/passwd".to_owned(), "no http(s) address"),
        ("http://[".to_owned(), "redirects to no address"),
    ] {
        let location = target.clone();
        let outer = Server::start(move |_| Reply::redirect(location.clone()));
        let error = failure(&source(&outer.url("/list.json"))).await;
        assert!(error.contains(expected), "{target}: {error}");
        assert_eq!(outer.requests().len(), 1);
    }
    assert!(inner.requests().is_empty(), "nobody was led there");
}

#[tokio::test]
async fn a_redirect_to_a_public_host_is_followed_without_our_credentials() {
    let public = Server::start_at("127.0.0.2", |request| match request.header("if-none-match") {
        Some("\"a\"") => Reply::status(304),
        _ => Reply::ok(document("1", "m5.large")).with("etag", "\"a\""),
    });
    let location = public.url("/list.json").replace("//", "//other:hunter3@");
    let outer = Server::start(move |_| Reply::redirect(location.clone()));
    let url = outer.url("/list.json").replace("//", "//user:hunter2@");
    let source = source_with_a_public_host(&url);
    let seen = loaded(&source, None).await.revision;
    assert!(is_unchanged(&source, &seen).await, "the last server recognises its file");
    assert!(outer.requests().iter().all(|request| request.header("authorization").is_some()));
    assert_eq!(public.requests().len(), 2);
    assert!(public.requests().iter().all(|request| request.header("authorization").is_none()));
}

#[tokio::test]
async fn a_chain_of_redirects_ends_and_none_leads_back() {
    let public = Server::start_at("127.0.0.2", |request| Reply::redirect(format!("{}x", request.path)));
    let location = public.url("/");
    let outer = Server::start(move |_| Reply::redirect(location.clone()));
    let error = failure(&source_with_a_public_host(&outer.url("/"))).await;
    assert!(error.contains("redirects more than 5 times"), "{error}");
    assert_eq!(public.requests().len(), 5);

    let inner = Server::start(|_| Reply::ok(document("1", "m5.large")));
    let location = inner.url("/");
    let public = Server::start_at("127.0.0.2", move |_| Reply::redirect(location.clone()));
    let location = public.url("/");
    let outer = Server::start(move |_| Reply::redirect(location.clone()));
    let error = failure(&source_with_a_public_host(&outer.url("/"))).await;
    assert!(error.contains("is private") && inner.requests().is_empty(), "{error}");
}

#[test]
fn what_came_over_tls_leads_to_nothing_plain() {
    let source = new("https://prices.example.com/", true).unwrap();
    let plain = "http://prices.example.com/".parse().unwrap();
    assert!(source.client.check(&plain, Named::by(&source.url)).is_err());
    assert!(source.client.check(&plain, Named::by(&plain)).is_ok());
}

#[tokio::test]
async fn a_redirect_without_an_address_is_an_error() {
    let server = Server::start(|_| Reply::status(301));
    assert!(failure(&source(&server.url("/"))).await.contains("redirects to no address"));
}
