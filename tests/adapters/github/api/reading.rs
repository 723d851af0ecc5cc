//! Reads: repeated when the way fails, in pages, and free when nothing changed.

use std::time::Duration;

use cre_backend_api::adapters::github::api::{ClientSettings, Pull};
use cre_backend_api::adapters::github::identity::Credentials;
use cre_backend_api::domain::error::VcsError;

use super::scene::{PULLS, Scene, api_at, api_by, token};
use crate::support::github::{Fault, When};
use crate::support::wait_for;

#[tokio::test]
async fn a_read_is_tried_again_while_the_way_fails() {
    let fail: [fn() -> Fault; 4] = [
        || Fault::html(When::Before, 502),
        || Fault::status(503, "away"),
        || Fault::Cut(When::Before),
        || Fault::Hang(When::Before),
    ];
    for fault in fail {
        let scene = Scene::new();
        let api = scene.hasty_api();
        for _ in 0..2 {
            scene.double.fail("GET /repos", fault());
        }
        assert_eq!(api.repository().await.unwrap().default_branch, "dev", "{:?}", fault());
        assert_eq!(scene.double.count("GET /repos"), 3);
        for _ in 0..3 {
            scene.double.fail("GET /repos", fault());
        }
        let error = api.repository().await.unwrap_err();
        let late = matches!(fault(), Fault::Hang(_));
        assert!(matches!(error, VcsError::TimedOut) == late, "{error:?}");
        assert!(late || matches!(error, VcsError::Unreachable(_)), "{error:?}");
        assert_eq!(scene.double.count("GET /repos"), 6);
        assert!(api.repository().await.is_ok(), "the next request works");
    }
}

#[tokio::test]
async fn a_call_ends_at_its_deadline() {
    let scene = Scene::new();
    let mut settings = ClientSettings::new(scene.double.url());
    settings.deadline = Duration::from_millis(300);
    settings.read_timeout = Duration::from_hours(1);
    let api = api_by(&settings, Credentials::Token(token()));
    scene.double.fail("GET", Fault::Hang(When::Before));
    assert!(matches!(api.repository().await, Err(VcsError::TimedOut)));
    assert_eq!(scene.double.count("GET"), 1);
}

#[tokio::test]
async fn an_enterprise_server_with_its_api_below_a_path_is_read_in_pages_too() {
    let scene = Scene::new();
    for name in ["a", "b", "c"] {
        scene.api().create(&scene.change(&format!("backend-api/{name}"))).await.unwrap();
    }
    let url = format!("{}/api/v3", scene.double.url());
    {
        let mut double = scene.double.state();
        double.page_size = 1;
        double.public_url.clone_from(&url);
    }
    for url in [url.clone(), format!("{url}/")] {
        let api = api_at(&url, Credentials::Token(token()));
        assert_eq!(api.poll("backend-api").await.unwrap().open.len(), 3);
    }
    assert_eq!(scene.double.count("GET /api/v3/repos/acme/unicron/pulls?"), 2 * (3 + 3 + 1));
}

#[tokio::test]
async fn all_pages_of_our_own_open_pull_requests_are_seen() {
    let scene = Scene::new();
    let api = scene.api();
    scene.double.state().page_size = 2;
    for name in ["a", "b", "c", "d", "e"] {
        api.create(&scene.change(&format!("backend-api/{name}"))).await.unwrap();
    }
    api.create(&scene.change("backend-apix/other")).await.unwrap();
    scene.double.state().add("a stranger's", "backend-api/a", "dev", Some(2));
    scene.double.state().add("a deleted fork's", "backend-api/b", "dev", Some(3));
    let listing = api.poll("backend-api").await.unwrap();
    let heads: Vec<&str> = listing.open.iter().map(|pull| pull.head_ref.as_str()).collect();
    let expected = ["e", "d", "c", "b", "a"].map(|name| format!("backend-api/{name}"));
    assert_eq!(heads, expected);
    assert!(listing.changed && listing.ended.is_empty());
    let found = api.find_by_head("backend-api/a").await.unwrap();
    assert!(found.len() == 1 && found[0].number == 1, "the fork's isn't ours: {found:?}");
}

#[tokio::test]
async fn a_poll_without_news_costs_nothing_of_the_rate_limit() {
    let scene = Scene::new();
    let api = scene.api();
    scene.double.state().page_size = 1;
    for name in ["a", "b", "c"] {
        api.create(&scene.change(&format!("backend-api/{name}"))).await.unwrap();
    }
    let first = api.poll("backend-api").await.unwrap();
    let left = scene.double.state().remaining;
    let asked = scene.double.requests().len();
    let second = api.poll("backend-api").await.unwrap();
    assert!(first.changed && !second.changed);
    assert_eq!(first.open, second.open);
    assert_eq!(scene.double.state().remaining, left);
    assert_eq!(scene.double.requests().len(), asked + 4, "three pages of open ones, one of ended ones");
    assert_eq!(api.client().remaining(), Some(left));

    scene.double.merge(2);
    let third = api.poll("backend-api").await.unwrap();
    assert!(third.changed);
    let numbers = |pulls: &[Pull]| pulls.iter().map(|pull| pull.number).collect::<Vec<_>>();
    assert_eq!((numbers(&third.open), numbers(&third.ended)), (vec![3, 1], vec![2]));
    assert!(third.ended[0].merged_at.is_some());
}

#[tokio::test]
async fn a_link_to_another_server_isnt_followed() {
    let scene = Scene::new();
    let api = scene.api();
    let other = Scene::new();
    for name in ["a", "b"] {
        api.create(&scene.change(&format!("backend-api/{name}"))).await.unwrap();
    }
    {
        let mut double = scene.double.state();
        double.page_size = 1;
        double.public_url = other.double.url();
    }
    let listing = api.poll("backend-api").await.unwrap();
    assert_eq!(listing.open.len(), 1);
    assert_eq!(other.double.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn an_answer_is_a_contact_and_a_gateways_page_is_none() {
    let scene = Scene::new();
    let api = scene.api();
    let contact = api.client().contact();
    let before = contact.at();
    wait_for("the next millisecond", || {
        (jiff::Timestamp::now().as_millisecond() > before.as_millisecond()).then_some(())
    });
    scene.double.fail(&format!("POST {PULLS}"), Fault::html(When::Before, 502));
    api.create(&scene.change("backend-api/a")).await.unwrap_err();
    assert_eq!(contact.at(), before);
    api.repository().await.unwrap();
    assert!(contact.at() > before);
}
