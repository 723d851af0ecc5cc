//! The pack of one commit: what its tree has and its parent's hasn't.
//!
//! libgit2's own push walks the whole tree of everything that the server has, to leave it out. What is pushed here is always made
//! on a commit of the server, so that comparing the two trees tells the same, and takes the time of the change and not of the
//! repository.

use git2::{Buf, Commit, ObjectType, PackBuilder, Repository, Tree};

/// A pack of a commit and of what is new in its tree, for a server that has its first parent.
pub(super) fn pack_of(repo: &Repository, commit: &Commit<'_>) -> Result<Buf, git2::Error> {
    let mut pack = repo.packbuilder()?;
    pack.set_threads(1);
    pack.insert_object(commit.id(), None)?;
    let before = commit.parents().next().map(|parent| parent.tree()).transpose()?;
    add_new(repo, &mut pack, before.as_ref(), &commit.tree()?)?;
    let mut bytes = Buf::new();
    pack.write_buf(&mut bytes)?;
    Ok(bytes)
}

/// A pack's own list of objects holds each once, however often it is added.
fn add_new(
    repo: &Repository,
    pack: &mut PackBuilder<'_>,
    before: Option<&Tree<'_>>,
    after: &Tree<'_>,
) -> Result<(), git2::Error> {
    if before.is_some_and(|before| before.id() == after.id()) {
        return Ok(());
    }
    pack.insert_object(after.id(), None)?;
    for entry in after {
        let was = before.and_then(|before| before.get_name_bytes(entry.name_bytes()));
        if was.as_ref().is_some_and(|was| was.id() == entry.id()) {
            continue;
        }
        match entry.kind() {
            Some(ObjectType::Tree) => {
                let was = was.filter(|was| was.kind() == Some(ObjectType::Tree)).map(|was| repo.find_tree(was.id()));
                add_new(repo, pack, was.transpose()?.as_ref(), &repo.find_tree(entry.id())?)?;
            }
            Some(ObjectType::Blob) => pack.insert_object(entry.id(), None)?,
            // A submodule's commit is another repository's.
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use git2::{Odb, Oid, Signature, TreeBuilder};

    use super::*;

    fn folder<'repo>(repo: &'repo Repository, fill: impl FnOnce(&mut TreeBuilder<'repo>)) -> Oid {
        let mut builder = repo.treebuilder(None).unwrap();
        fill(&mut builder);
        builder.write().unwrap()
    }

    fn commit(repo: &Repository, tree: Oid, parents: &[&Commit<'_>]) -> Oid {
        let by = Signature::now("Ada", "ada@example.com").unwrap();
        repo.commit(None, &by, &by, "x", &repo.find_tree(tree).unwrap(), parents).unwrap()
    }

    /// What is in a pack, read by libgit2's own reader.
    fn objects(pack: &[u8]) -> Vec<Oid> {
        let home = tempfile::tempdir().unwrap();
        let repo = Repository::init_bare(home.path()).unwrap();
        let odb: Odb<'_> = repo.odb().unwrap();
        let mut writer = odb.packwriter().unwrap();
        std::io::Write::write_all(&mut writer, pack).unwrap();
        writer.commit().unwrap();
        let mut found = Vec::new();
        odb.refresh().unwrap();
        odb.foreach(|id| {
            found.push(*id);
            true
        })
        .unwrap();
        found.sort_unstable();
        found
    }

    #[test]
    fn only_what_the_parent_lacks_is_in_it() {
        let home = tempfile::tempdir().unwrap();
        let repo = Repository::init_bare(home.path()).unwrap();
        let (old, new) = (repo.blob(b"old").unwrap(), repo.blob(b"new").unwrap());
        let kept = folder(&repo, |tree| drop(tree.insert("a", old, 0o100_644).unwrap()));
        let grown = folder(&repo, |tree| {
            tree.insert("a", old, 0o100_644).unwrap();
            tree.insert("b", new, 0o100_644).unwrap();
        });
        let before = folder(&repo, |tree| {
            tree.insert("grows", kept, 0o040_000).unwrap();
            tree.insert("stays", kept, 0o040_000).unwrap();
            tree.insert("was a file", old, 0o100_644).unwrap();
        });
        let after = folder(&repo, |tree| {
            tree.insert("grows", grown, 0o040_000).unwrap();
            tree.insert("stays", kept, 0o040_000).unwrap();
            tree.insert("was a file", grown, 0o040_000).unwrap();
        });
        let parent = repo.find_commit(commit(&repo, before, &[])).unwrap();
        let child = repo.find_commit(commit(&repo, after, &[&parent])).unwrap();
        let mut wanted = vec![child.id(), after, grown, new, old];
        wanted.sort_unstable();
        // The file that became a folder brings its whole content: that the old blob is elsewhere already isn't seen.
        assert_eq!(objects(&pack_of(&repo, &child).unwrap()), wanted);
        let mut all = vec![parent.id(), before, kept, old];
        all.sort_unstable();
        assert_eq!(objects(&pack_of(&repo, &parent).unwrap()), all);
    }
}
