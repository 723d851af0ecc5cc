//! A file that comes, changes, breaks and goes.

use std::os::unix::fs::symlink;

use super::*;

const INTERVAL: Duration = Duration::from_millis(10);

fn document(names: &[&str]) -> String {
    let products: Vec<String> = names
        .iter()
        .map(|name| {
            format!(
                r#""{name}":{{"attributes":{{"instanceType":"{name}.large","operatingSystem":"Linux","preInstalledSw":"NA",
                "capacitystatus":"Used","tenancy":"Shared"}}}}"#
            )
        })
        .collect();
    format!(r#"{{"version":"1","products":{{{}}}}}"#, products.join(","))
}

/// A folder with a price list in it.
fn folder(names: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.json");
    std::fs::write(&path, document(names)).unwrap();
    (folder, path)
}

/// Makes the file look as if it had been written long ago.
fn settle(path: &Path) {
    let long_ago = SystemTime::now() - Duration::from_secs(3600);
    File::options().write(true).open(path).unwrap().set_modified(long_ago).unwrap();
}

async fn revision(source: &FileSource) -> Revision {
    match source.load(None).await.unwrap() {
        Load::Loaded(catalog, _) => catalog.revision,
        Load::Unchanged => panic!("nothing was seen before"),
    }
}

/// Whether a change is noticed soon; ten polls go by in the waiting time.
async fn notices(source: &FileSource) -> bool {
    tokio::time::timeout(INTERVAL * 10, source.changed()).await.is_ok()
}

#[tokio::test]
async fn an_unchanged_file_is_neither_noticed_nor_read_again() {
    let (_folder, path) = folder(&["m5"]);
    settle(&path);
    let source = FileSource::new(&path, INTERVAL);
    let seen = revision(&source).await;
    assert!(!notices(&source).await);
    let other = Revision("another".to_owned());
    source.remember(Seen { revision: Some(other.clone()), ..source.seen() });
    assert!(matches!(source.load(Some(&other)).await, Ok(Load::Unchanged)), "only its stamp is looked at");
    assert!(matches!(source.load(Some(&seen)).await, Ok(Load::Unchanged)), "and its content when that doesn't tell");
}

#[tokio::test]
async fn an_edit_that_keeps_the_version_is_loaded() {
    let (_folder, path) = folder(&["m5"]);
    settle(&path);
    let source = FileSource::new(&path, INTERVAL);
    let seen = revision(&source).await;
    std::fs::write(&path, document(&["m6"])).unwrap();
    assert!(notices(&source).await);
    let Ok(Load::Loaded(catalog, _)) = source.load(Some(&seen)).await else { panic!("not loaded") };
    assert!(catalog.types.contains_key("m6.large"));
}

#[tokio::test]
async fn a_file_that_was_only_touched_is_unchanged() {
    let (_folder, path) = folder(&["m5"]);
    let source = FileSource::new(&path, INTERVAL);
    let seen = revision(&source).await;
    settle(&path);
    assert!(notices(&source).await);
    assert!(matches!(source.load(Some(&seen)).await, Ok(Load::Unchanged)));
    assert!(!notices(&source).await);
}

#[tokio::test]
async fn an_exchange_by_rename_or_by_symlink_is_noticed() {
    let (folder, path) = folder(&["m5"]);
    settle(&path);
    let source = FileSource::new(&path, INTERVAL);
    revision(&source).await;
    let next = folder.path().join("next.json");
    std::fs::write(&next, document(&["m7"])).unwrap();
    settle(&next);
    std::fs::rename(&next, &path).unwrap();
    assert!(notices(&source).await);
    revision(&source).await;
    std::fs::write(&next, document(&["m8"])).unwrap();
    settle(&next);
    std::fs::remove_file(&path).unwrap();
    symlink(&next, &path).unwrap();
    assert!(notices(&source).await);
}

#[tokio::test]
async fn a_file_that_goes_is_noticed_once_and_its_return_again() {
    let (_folder, path) = folder(&["m5"]);
    settle(&path);
    let source = FileSource::new(&path, INTERVAL);
    let seen = revision(&source).await;
    std::fs::remove_file(&path).unwrap();
    assert!(notices(&source).await);
    assert!(matches!(source.load(Some(&seen)).await, Err(SourceError::Unreachable(_))));
    assert!(!notices(&source).await);
    std::fs::write(&path, document(&["m5"])).unwrap();
    settle(&path);
    assert!(notices(&source).await);
    assert!(matches!(source.load(Some(&seen)).await, Ok(Load::Unchanged)), "the same content came back");
}

#[tokio::test]
async fn a_broken_file_is_an_error_and_isnt_noticed_again_until_it_changes() {
    let (_folder, path) = folder(&["m5"]);
    std::fs::write(&path, &document(&["m5"])[..40]).unwrap();
    settle(&path);
    let source = FileSource::new(&path, INTERVAL);
    assert!(matches!(source.load(None).await, Err(SourceError::Malformed(_))));
    assert!(!notices(&source).await);
    assert!(matches!(source.load(None).await, Err(SourceError::Malformed(_))), "asked for, it is read again");
}

#[tokio::test]
async fn a_folder_is_no_price_list() {
    let folder = tempfile::tempdir().unwrap();
    let source = FileSource::new(folder.path(), INTERVAL);
    assert!(matches!(source.load(None).await, Err(SourceError::Unreachable(_))));
}

#[tokio::test]
async fn each_look_at_the_file_is_a_contact_and_silence_is_stale() {
    let (_folder, path) = folder(&["m5"]);
    settle(&path);
    let source = FileSource::new(&path, INTERVAL);
    revision(&source).await;
    std::fs::remove_file(&path).unwrap();
    tokio::time::sleep(INTERVAL * 5).await;
    assert!(source.info().is_stale());
    assert_eq!((source.info().kind, source.info().location), (SourceKind::File, path.display().to_string()));
    std::fs::write(&path, document(&["m5"])).unwrap();
    assert!(notices(&source).await);
    assert!(source.info().contact.age() < INTERVAL * 5);
}
