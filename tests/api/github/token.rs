//! The token is nowhere but where it belongs: not in the log at trace, in answers, on disk, nor in the list of processes.

use super::{OPEN, Scene, ready};
use crate::api::canary::search::{Haystack, codings};
use crate::support::bodies::nodegroup;
use crate::support::github::{Fault, TOKEN};
use crate::support::smart_http;
use crate::support::wait_for;

#[test]
fn the_token_gets_out_nowhere() {
    for format in ["text", "json"] {
        let scene = Scene::start();
        let mut app = ready(scene.settings().env("RUST_LOG", "trace").env("LOG_FORMAT", format));
        let mut haystack = Haystack::default();
        // What servers say may hold what they were shown.
        scene.github.fail(OPEN, Fault::status(401, &format!("Bad credentials {TOKEN}")));
        scene.github.fail(OPEN, Fault::status(422, &format!("no {TOKEN}")));
        haystack.add("an answer", &app.post("/api/nodegroups", &nodegroup("a")).body);
        haystack.add("an answer", &app.post("/api/nodegroups", &nodegroup("a")).body);
        scene.remote.hook("pre-receive", &format!("echo 'no, {TOKEN}' >&2; exit 1"));
        haystack.add("an answer", &app.post("/api/nodegroups", &nodegroup("b")).body);
        scene.remote.hook("pre-receive", "exit 0");
        let echo = smart_http::Fault::Status(403, vec![("content-type", "text/plain".into())], TOKEN);
        scene.remote.server.fault("info/refs?service=git-receive-pack", 1, echo);
        haystack.add("an answer", &app.post("/api/nodegroups", &nodegroup("b")).body);
        let created = app.post("/api/nodegroups", &nodegroup("b"));
        assert_eq!(created.status, 201, "{}", created.text());
        haystack.add("an answer", &created.body);
        for path in ["/api/nodegroups", "/api/pull_requests", "/api/options", "/api/readiness", "/api/openapi.json"] {
            haystack.add(path, &app.get(path).body);
        }
        scene.github.merge(created.json()["pull_request"]["number"].as_u64().unwrap());
        wait_for("the merge", || (app.get("/api/nodegroups/b").status == 200).then_some(()));

        haystack.add("the list of processes", &std::fs::read(format!("/proc/{}/cmdline", app.id())).unwrap());
        haystack.add_folder(app.folder());
        for entry in std::fs::read_dir(app.path(".gitops")).unwrap().flatten() {
            for folder in std::iter::once(entry.path()).chain(below(&entry.path())) {
                if folder.join("HEAD").is_file() {
                    haystack.add_objects_of(&folder);
                }
            }
        }
        haystack.add_objects_of(&scene.remote.bare());
        haystack.add("addresses", scene.remote.server.seen().join("\n").as_bytes());
        haystack.add("addresses", scene.github.requests().join("\n").as_bytes());
        app.signal(rustix::process::Signal::TERM);
        app.wait_for_exit();
        haystack.add("the log", app.log().as_bytes());
        assert!(app.log().contains("GitHub answered"), "the log was at trace");
        let shown = format!("x-access-token:{TOKEN}");
        for (coding, coded) in codings(TOKEN).into_iter().chain(codings(&shown)) {
            assert_eq!(haystack.find(&coded), None, "{coding}, log {format}");
        }
    }
}

fn below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}
