//! The README's loop: each command runs as it stands, and its output is what the README shows (`…` stands for anything).

use std::process::Command;

use crate::support::TestApp;

/// A command of the loop and the output that the README shows under it.
struct Step {
    command: String,
    shown: String,
}

/// The blocks that follow the mark, each with the block after it.
fn steps(readme: &str) -> Vec<Step> {
    let mark = "<!-- loop -->\n```sh\n";
    let blocks = readme.split(mark).skip(1).map(|rest| {
        let (command, rest) = rest.split_once("\n```\n").expect("the command's block ends");
        let (_, rest) = rest.trim_start().split_once('\n').expect("an output's block begins right after it");
        let (shown, _) = rest.split_once("\n```\n").expect("the output's block ends");
        Step { command: command.to_owned(), shown: shown.to_owned() }
    });
    blocks.collect()
}

/// Whether a text has the shown parts in their order, from its beginning to its end. White space doesn't count: the README
/// breaks long lines.
fn matches(shown: &str, text: &str) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<String>();
    let (shown, text) = (plain(shown), plain(text));
    let mut parts = shown.split('…').peekable();
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.is_empty()
}

#[test]
fn the_loop_of_the_readme_runs_as_it_stands_and_answers_as_it_shows() {
    if Command::new("curl").arg("--version").output().is_err() {
        println!("skipped: the README's commands need curl");
        return;
    }
    let price_list = concat!(env!("CARGO_MANIFEST_DIR"), "/pricing-list.json");
    let app = TestApp::builder().env("INSTANCE_TYPES_FILE_SOURCE", price_list).start();
    app.wait_until_ready();
    // Making the sealing key takes a moment, and the loop seals.
    crate::support::wait_for("the sealing key", || (app.get("/api/certificate").status == 200).then_some(()));
    let steps = steps(include_str!("../README.md"));
    assert!(steps.len() >= 6, "{} steps", steps.len());
    let clone = app.path("clone").display().to_string();
    for step in steps {
        let command = step.command.replace("localhost:8000", &app.address.to_string()).replace("/tmp/unicron", &clone);
        crate::support::wait_for(&format!("the output that the README shows under\n{}", step.command), || {
            let output = Command::new("sh")
                .args(["-ec", &command])
                .current_dir(app.folder())
                .env_clear()
                .env("PATH", std::env::var_os("PATH").unwrap_or_default())
                .env("HOME", app.folder())
                .env("GIT_CONFIG_GLOBAL", "/dev/null")
                .env("GIT_CONFIG_NOSYSTEM", "1")
                .env("GIT_AUTHOR_NAME", "reviewer")
                .env("GIT_AUTHOR_EMAIL", "reviewer@example.com")
                .env("GIT_COMMITTER_NAME", "reviewer")
                .env("GIT_COMMITTER_EMAIL", "reviewer@example.com")
                .output()
                .unwrap();
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            println!("{}{}", text, String::from_utf8_lossy(&output.stderr));
            // Only a question may be asked again until its answer is there; a merge is done once.
            let question = !command.contains("git clone");
            assert!(question || output.status.success(), "{command}");
            let shown = step.shown.replace("localhost:8000", &app.address.to_string());
            matches(&shown, &text).then_some(())
        });
    }
}

#[test]
fn what_the_readme_leaves_out_matches_anything_and_nothing_else_does() {
    for (shown, text) in
        [("a", "a"), ("a…c", "abc"), ("…", "x"), ("a …", "ab"), ("…b…", "abc"), ("{\"a\":\n 1}", "{\"a\": 1}")]
    {
        assert!(matches(shown, text), "{shown} {text}");
    }
    for (shown, text) in [("a", "b"), ("a", "ab"), ("a…c", "abd"), ("a…b…c", "acb"), ("…b", "abc")] {
        assert!(!matches(shown, text), "{shown} {text}");
    }
}
