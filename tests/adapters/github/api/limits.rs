//! Rate limits: told with when to come back, and kept.

use std::time::Duration;

use cre_backend_api::adapters::github::api::CreateError;
use cre_backend_api::domain::error::VcsError;

use super::scene::{PULLS, Scene};
use crate::support::github::Fault;

#[tokio::test]
async fn the_silence_after_a_limit_ends_when_it_is_over() {
    let scene = Scene::new();
    let api = scene.api();
    let wanted = scene.change("backend-api/a");
    let limit = Fault::status(403, "You have exceeded a secondary rate limit").with("retry-after", "1");
    scene.double.fail(&format!("POST {PULLS}"), limit);
    let outcome = api.create(&wanted).await;
    let Err(CreateError::Failed(VcsError::RateLimited { retry_after })) = outcome else { panic!("{outcome:?}") };
    assert_eq!(retry_after.as_secs(), 1);
    let mut tries = 0;
    loop {
        tries += 1;
        assert!(tries < 3000, "the silence doesn't end");
        let before = scene.double.requests().len();
        match api.create(&wanted).await {
            Ok(_) => break,
            Err(CreateError::Failed(VcsError::RateLimited { .. })) => {
                assert_eq!(scene.double.requests().len(), before, "a request was sent during the silence");
            }
            other => panic!("{other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(scene.double.count(&format!("POST {PULLS}")), 2);
}

#[tokio::test]
async fn the_primary_limit_holds_reads_and_writes_back() {
    let scene = Scene::new();
    let api = scene.api();
    let reset = (jiff::Timestamp::now().as_second() + 900).to_string();
    let limit = Fault::status(403, "API rate limit exceeded").with("x-ratelimit-remaining", "0");
    scene.double.fail("GET", limit.with("x-ratelimit-reset", reset));
    for _ in 0..3 {
        let Err(VcsError::RateLimited { retry_after }) = api.repository().await else { panic!() };
        assert!((600..=900).contains(&retry_after.as_secs()), "{retry_after:?}");
    }
    assert!(api.create(&scene.change("backend-api/a")).await.is_err());
    assert_eq!(scene.double.requests().len(), 1);
    assert_eq!(api.client().remaining(), Some(0));
}
