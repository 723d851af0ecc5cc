//! The settings of GitHub: defaults, every problem, and no token in any text.

use std::path::PathBuf;

use super::{problems, read, read_with};
use crate::config::{GithubConfig, GithubCredentials};

const ON: (&str, &str) = ("GITOPS_ORGANIZATION", "acme");

fn github(more: &[(&str, &str)]) -> GithubConfig {
    read(&[&[ON], more].concat()).unwrap().gitops.github.expect("GitHub is on")
}

fn github_problems(more: &[(&str, &str)]) -> Vec<String> {
    problems(&[&[ON], more].concat(), "")
}

#[test]
fn an_organisation_alone_has_the_defaults_of_the_contract() {
    let config = github(&[]);
    assert_eq!((config.owner.as_str(), config.url.as_str()), ("acme", "https://github.com"));
    assert_eq!((config.api_url.as_str(), config.poll.as_secs()), ("https://api.github.com", 60));
    assert!(config.credentials.is_none() && !config.draft);
    for list in [config.labels, config.reviewers, config.team_reviewers, config.assignees] {
        assert_eq!(list, Vec::<String>::new());
    }
}

#[test]
fn without_an_organisation_the_others_say_nothing() {
    let stray = [("GITHUB_TOKEN", "hunter2"), ("GITHUB_APP_ID", "hunter2"), ("GITHUB_URL", "http://hunter2")];
    assert!(read(&stray).unwrap().gitops.github.is_none());
}

#[test]
fn the_second_spelling_turns_it_on_too() {
    assert_eq!(read(&[("GITPOS_ORGANIZATION", "acme")]).unwrap().gitops.github.unwrap().owner, "acme");
    assert_eq!(read_with(&[], "GITPOS_ORGANIZATION=acme\n").unwrap().gitops.github.unwrap().owner, "acme");
}

#[test]
fn everything_that_is_set_is_read() {
    let config = github(&[
        ("GITHUB_URL", "https://github.example.com/"),
        ("GITHUB_API_URL", "https://github.example.com/api/v3/"),
        ("GITHUB_POLL_SECONDS", "5"),
        ("GITHUB_LABELS", "gitops, node groups"),
        ("GITHUB_REVIEWERS", "ada"),
        ("GITHUB_TEAM_REVIEWERS", "platform"),
        ("GITHUB_ASSIGNEES", "rev"),
        ("GITHUB_DRAFT", "true"),
    ]);
    assert_eq!(config.url, "https://github.example.com");
    assert_eq!(config.api_url, "https://github.example.com/api/v3");
    assert_eq!((config.poll.as_secs(), config.draft), (5, true));
    assert_eq!(config.labels, ["gitops", "node groups"]);
    let lists = [config.reviewers, config.team_reviewers, config.assignees].concat();
    assert_eq!(lists, ["ada", "platform", "rev"]);
}

#[test]
fn each_way_to_sign_in_is_read() {
    let given = |more: &[(&str, &str)]| github(more).credentials.expect("there are credentials");
    assert!(matches!(given(&[("GITHUB_TOKEN", "hunter2")]), GithubCredentials::Token(token) if *token.0 == "hunter2"));
    let GithubCredentials::TokenFile(path) = given(&[("GITHUB_TOKEN_FILE", "token")]) else { panic!("a file") };
    assert_eq!(path, PathBuf::from("token"));
    let app =
        [("GITHUB_APP_ID", "7"), ("GITHUB_APP_INSTALLATION_ID", "77"), ("GITHUB_APP_PRIVATE_KEY_FILE", "app.pem")];
    let GithubCredentials::App { id, installation_id, private_key_file } = given(&app) else { panic!("an App") };
    assert_eq!((id, installation_id, private_key_file), (7, 77, PathBuf::from("app.pem")));
}

#[test]
fn several_ways_to_sign_in_and_half_of_one_are_problems() {
    let token = ("GITHUB_TOKEN", "hunter2");
    for other in [("GITHUB_TOKEN_FILE", "token"), ("GITHUB_APP_ID", "7")] {
        let told = github_problems(&[token, other]);
        assert!(told[0].starts_with("GITHUB_TOKEN: ") && told[0].contains(other.0), "{told:?}");
    }
    let told = github_problems(&[("GITHUB_APP_ID", "7")]);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with("GITHUB_APP_INSTALLATION_ID: ") && told[1].starts_with("GITHUB_APP_PRIVATE_KEY_FILE: ")
    );
    let app = [
        ("GITHUB_APP_ID", "hunter2"),
        ("GITHUB_APP_INSTALLATION_ID", "hunter2"),
        ("GITHUB_APP_PRIVATE_KEY_FILE", "hunter2"),
    ];
    assert_eq!(github_problems(&app).len(), 2, "the ids are numbers");
}

#[test]
fn an_address_takes_no_token_in_the_clear_and_holds_none() {
    for name in ["GITHUB_URL", "GITHUB_API_URL"] {
        for address in [
            "http://github.example.com",
            "https://hunter2@github.example.com",
            "https://x:hunter2@github.example.com",
            "https://github.example.com?token=hunter2",
            "https://github.example.com#hunter2",
            "ssh://github.example.com",
            "http://127.0.0.1.example.com",
            "github.example.com",
        ] {
            let told = github_problems(&[(name, address)]);
            assert!(told.len() == 1 && told[0].starts_with(&format!("{name}: ")), "{address}: {told:?}");
        }
        for address in ["http://127.0.0.1:3000", "http://localhost:3000", "http://[::1]:3000"] {
            assert!(read(&[ON, (name, address)]).is_ok(), "{address}");
        }
    }
}

#[test]
fn every_other_problem_is_named() {
    let long = "hunter2".repeat(20);
    for (name, value) in [
        ("GITOPS_ORGANIZATION", "hunter2/x"),
        ("GITHUB_POLL_SECONDS", "hunter2"),
        ("GITHUB_POLL_SECONDS", "0"),
        ("GITHUB_LABELS", long.as_str()),
        ("GITHUB_DRAFT", "hunter2"),
    ] {
        let told = if name == ON.0 { problems(&[(name, value)], "") } else { github_problems(&[(name, value)]) };
        assert!(told.len() == 1 && told[0].starts_with(&format!("{name}: ")), "{told:?}");
    }
}

#[test]
fn debug_shows_no_token() {
    let config = read(&[ON, ("GITHUB_TOKEN", "hunter2")]).unwrap();
    assert!(!format!("{config:?} {config:#?}").contains("hunter2"));
}
