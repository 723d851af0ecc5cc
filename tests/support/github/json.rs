//! The double's JSON, whole enough for GitHub's own description of it.

use serde_json::{Map, Value, json};

use super::state::{OWNER, Pull, REPO, REPO_ID, State};

/// A person.
pub(super) fn user(login: &str) -> Value {
    let mut user = json!({
        "login": login, "id": 5, "node_id": "U_5", "gravatar_id": "", "type": "User", "site_admin": false,
        "url": format!("https://api.github.com/users/{login}"), "html_url": format!("https://github.com/{login}"),
        "avatar_url": "https://avatars.githubusercontent.com/u/5",
    });
    let links = "events followers following gists organizations received_events repos starred subscriptions";
    add_links(&mut user, links, &format!("https://api.github.com/users/{login}"));
    user
}

fn add_links(object: &mut Value, names: &str, below: &str) {
    let map = object.as_object_mut().expect("an object");
    map.extend(names.split(' ').map(|name| (format!("{name}_url"), json!(format!("{below}/{name}")))));
}

/// The repository, or a fork of it.
pub(super) fn repository(state: &State, id: u64) -> Value {
    let owner = if id == REPO_ID { OWNER } else { "stranger" };
    let full_name = format!("{owner}/{REPO}");
    let api = format!("{}/repos/{full_name}", state.public_url);
    let page = format!("https://github.com/{full_name}");
    let mut repository = json!({
        "id": id, "node_id": format!("R_{id}"), "name": REPO, "full_name": full_name, "owner": user(owner), "private": true,
        "html_url": page, "description": null, "fork": id != REPO_ID, "url": api, "homepage": null, "language": null,
        "clone_url": format!("{page}.git"), "git_url": format!("git://github.com/{full_name}.git"),
        "ssh_url": format!("git@github.com:{full_name}.git"), "svn_url": page, "mirror_url": null,
        "default_branch": "dev", "archived": state.archived, "disabled": false, "license": null,
        "permissions": { "admin": false, "push": state.can_write, "pull": true },
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "pushed_at": "2026-01-01T00:00:00Z",
    });
    let links = "archive assignees blobs branches collaborators comments commits compare contents contributors deployments \
        downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels languages merges \
        milestones notifications pulls releases stargazers statuses subscribers subscription tags teams trees";
    add_links(&mut repository, links, &api);
    let map = repository.as_object_mut().expect("an object");
    let numbers = "forks forks_count open_issues open_issues_count size stargazers_count watchers watchers_count network_count \
        subscribers_count";
    map.extend(numbers.split(' ').map(|name| (name.to_owned(), json!(0))));
    let flags = "has_downloads has_issues has_projects has_wiki has_pages has_discussions";
    map.extend(flags.split(' ').map(|name| (name.to_owned(), json!(false))));
    repository
}

/// A pull request as a list has it.
pub(super) fn pull_simple(state: &State, pull: &Pull) -> Value {
    let api = format!("{}/repos/{OWNER}/{REPO}", state.public_url);
    let page = format!("https://github.com/{OWNER}/{REPO}/pull/{}", pull.number);
    let (own, issue) = (format!("{api}/pulls/{}", pull.number), format!("{api}/issues/{}", pull.number));
    let side = |owner: &str, name: &str, sha: &str, id: u64| json!({ "label": format!("{owner}:{name}"), "ref": name, "sha": sha, "user": user(owner), "repo": repository(state, id) });
    let head_owner = if pull.fork.is_some() { "stranger" } else { OWNER };
    let base_sha = state.head(&pull.base).unwrap_or_default();
    let names = "comments commits statuses html issue review_comments review_comment self";
    let links: Map<String, Value> = names.split(' ').map(|name| (name.to_owned(), json!({ "href": own }))).collect();
    json!({
        "id": 1000 + pull.number, "node_id": format!("PR_{}", pull.number), "number": pull.number, "url": own, "html_url": page,
        "diff_url": format!("{page}.diff"), "patch_url": format!("{page}.patch"), "issue_url": issue,
        "commits_url": format!("{own}/commits"), "comments_url": format!("{issue}/comments"),
        "review_comments_url": format!("{own}/comments"), "review_comment_url": format!("{api}/pulls/comments"),
        "statuses_url": format!("{api}/statuses/{}", pull.head_sha),
        "state": if pull.open { "open" } else { "closed" }, "locked": false, "draft": pull.draft, "title": pull.title,
        "body": pull.body, "user": user("bot"), "author_association": "MEMBER", "auto_merge": null,
        "assignee": pull.assignees.first().map(|login| user(login)), "milestone": null,
        "assignees": pull.assignees.iter().map(|login| user(login)).collect::<Vec<_>>(),
        "requested_reviewers": pull.reviewers.iter().map(|login| user(login)).collect::<Vec<_>>(),
        "requested_teams": pull.teams.iter().map(|slug| team(slug)).collect::<Vec<_>>(),
        "labels": labels(pull), "created_at": time(Some(pull.created_at)), "updated_at": time(Some(pull.updated_at)),
        "closed_at": time(pull.closed_at), "merged_at": time(pull.merged_at), "merge_commit_sha": pull.merge_commit,
        "head": side(head_owner, &pull.head, &pull.head_sha, pull.fork.unwrap_or(REPO_ID)),
        "base": side(OWNER, &pull.base, &base_sha, REPO_ID), "_links": links,
    })
}

/// A pull request as it is alone.
pub(super) fn pull_full(state: &State, pull: &Pull) -> Value {
    let mut full = pull_simple(state, pull);
    let more = json!({
        "merged": pull.merged_at.is_some(), "mergeable": null, "mergeable_state": "unknown", "merged_by": null,
        "maintainer_can_modify": false, "comments": 0, "review_comments": 0, "commits": 1, "additions": 1, "deletions": 0,
        "changed_files": 1,
    });
    full.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    full
}

fn team(slug: &str) -> Value {
    let url = format!("https://api.github.com/teams/{slug}");
    json!({
        "id": 7, "node_id": "T_7", "name": slug, "slug": slug, "description": null, "permission": "push", "parent": null,
        "url": url, "html_url": format!("https://github.com/orgs/{OWNER}/teams/{slug}"), "repositories_url": format!("{url}/repos"),
        "members_url": format!("{url}/members{{/member}}"), "notification_setting": "notifications_enabled", "privacy": "closed", "type": "organization",
    })
}

/// What happened to a pull request, oldest first.
pub(super) fn events(state: &State, pull: &Pull) -> Value {
    let event = |(field, name): &(&'static str, String)| {
        let (kind, what) = match *field {
            "label" => ("labeled", json!({ "name": name, "color": "ededed" })),
            "assignee" => ("assigned", user(name)),
            "requested_team" => ("review_requested", team(name)),
            _ => ("review_requested", user(name)),
        };
        json!({
            "id": 1, "node_id": "E_1", "url": format!("{}/repos/{OWNER}/{REPO}/issues/events/1", state.public_url),
            "actor": user("bot"), "event": kind, "commit_id": null, "commit_url": null, "performed_via_github_app": null,
            "created_at": time(Some(pull.created_at)), "assigner": user("bot"), "review_requester": user("bot"), *field: what,
        })
    };
    pull.events.iter().map(event).collect()
}

/// The labels of a pull request.
pub(super) fn labels(pull: &Pull) -> Value {
    let label = |name: &String| {
        json!({
            "id": 9, "node_id": "L_9", "url": "https://api.github.com/labels/9", "name": name, "description": "",
            "color": "ededed", "default": false,
        })
    };
    pull.labels.iter().map(label).collect()
}

/// A pull request as the issue that it also is.
pub(super) fn issue(state: &State, pull: &Pull) -> Value {
    let simple = pull_simple(state, pull);
    let url = simple["issue_url"].as_str().unwrap_or_default();
    let mut issue = json!({
        "id": 2000 + pull.number, "node_id": "I_1", "url": url, "repository_url": format!("{}/repos/{OWNER}/{REPO}", state.public_url),
        "labels_url": format!("{url}/labels"), "events_url": format!("{url}/events"), "comments": 0,
    });
    let same = "comments_url html_url number state title locked user labels assignee assignees milestone closed_at created_at \
        updated_at";
    let shared = same.split(' ').map(|name| (name.to_owned(), simple[name].clone()));
    issue.as_object_mut().expect("an object").extend(shared);
    issue
}

/// A time as GitHub writes it.
pub(super) fn time(moment: Option<jiff::Timestamp>) -> Value {
    moment.map_or(Value::Null, |moment| json!(moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()))
}
