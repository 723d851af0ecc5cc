//! The double's routes: those that the service uses, with GitHub's statuses and words.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use axum::body::Body;
use axum::http::Response;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::json;
use super::state::{INSTALLATION_ID, OWNER, Pull, REPO, REPO_ID, State};

/// A status, a body, and the address of the next page.
struct Told(u16, Value, Option<String>);

fn told(status: u16, body: Value) -> Told {
    Told(status, body, None)
}

fn message(status: u16, message: &str) -> Told {
    let body = json!({ "message": message, "documentation_url": "https://docs.github.com/rest", "status": status.to_string() });
    told(status, body)
}

fn invalid(error: &Value) -> Told {
    let body = json!({
        "message": "Validation Failed", "errors": [error], "documentation_url": "https://docs.github.com/rest", "status": "422"
    });
    told(422, body)
}

/// Answers a request as GitHub does.
pub(super) fn answer(state: &mut State, head: &Parts, body: &Value) -> Response<Body> {
    state.follow();
    let Told(status, body, next) = route(state, head, body);
    let text = body.to_string();
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let etag = format!("W/\"{:016x}\"", hasher.finish());
    let known = head.headers.get("if-none-match").is_some_and(|tag| tag.as_bytes() == etag.as_bytes());
    let unchanged = known && status == 200 && head.method == "GET";
    if !unchanged {
        state.remaining = state.remaining.saturating_sub(1);
    }
    let mut response = Response::builder()
        .status(if unchanged { 304 } else { status })
        .header("x-ratelimit-limit", 5000)
        .header("x-ratelimit-remaining", state.remaining)
        .header("x-ratelimit-reset", super::state::now().as_second() + 3600)
        .header("etag", etag);
    if !unchanged {
        response = response.header("content-type", "application/json; charset=utf-8");
    }
    if let Some(next) = next {
        response = response.header("link", format!("<{next}>; rel=\"next\", <{next}>; rel=\"last\""));
    }
    if status == 403 {
        response = response.header("x-accepted-github-permissions", "pull_requests=write");
    }
    response.body(if unchanged { Body::empty() } else { Body::from(text) }).unwrap()
}

fn route(state: &mut State, head: &Parts, body: &Value) -> Told {
    let authorization = head.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
    // An Enterprise server has its API below a path.
    let path = head.uri.path();
    let path = path.strip_prefix("/api/v3").unwrap_or(path);
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    if let ["app", "installations", id, "access_tokens"] = segments.as_slice() {
        return install(state, token, id, body);
    }
    if !state.lets_in(token) {
        return message(401, "Bad credentials");
    }
    let ["repos", OWNER, REPO, rest @ ..] = segments.as_slice() else { return message(404, "Not Found") };
    let method = head.method.as_str();
    if method != "GET" && !state.can_write {
        return message(403, "Resource not accessible by personal access token");
    }
    let number = rest.get(1).and_then(|number| number.parse::<u64>().ok());
    if number.is_some_and(|number| !state.pulls.contains_key(&number)) {
        return message(404, "Not Found");
    }
    match (method, rest, number) {
        ("GET", [], _) => told(200, json::repository(state, REPO_ID)),
        ("GET", ["pulls"], _) => list(state, head.uri.query().unwrap_or_default()),
        ("POST", ["pulls"], _) => create(state, body),
        ("GET", ["pulls", _], Some(number)) => told(200, json::pull_full(state, &state.pulls[&number])),
        ("PATCH", ["pulls", _], Some(number)) => update(state, number, body),
        ("POST", ["pulls", _, "requested_reviewers"], Some(number)) => request_reviewers(state, number, body),
        ("POST", ["issues", _, "labels"], Some(number)) => {
            pull(state, number).put("label", words(&body["labels"]));
            told(200, json::labels(&state.pulls[&number]))
        }
        ("GET", ["issues", _, "events"], Some(number)) => told(200, json::events(state, &state.pulls[&number])),
        ("POST", ["issues", _, "assignees"], Some(number)) => {
            // Whoever has no access is left out without a word.
            let known: BTreeSet<String> = words(&body["assignees"]).intersection(&state.people).cloned().collect();
            pull(state, number).put("assignee", known);
            told(201, json::issue(state, &state.pulls[&number]))
        }
        _ => message(404, "Not Found"),
    }
}

fn pull(state: &mut State, number: u64) -> &mut Pull {
    state.pulls.get_mut(&number).expect("looked at before")
}

fn words(list: &Value) -> BTreeSet<String> {
    list.as_array().into_iter().flatten().filter_map(|word| word.as_str()).map(str::to_owned).collect()
}

/// The App's pass is looked at but for its signature.
fn install(state: &mut State, pass: &str, id: &str, wanted: &Value) -> Told {
    let claims = pass.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let claims: Value = claims.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let now = super::state::now().as_second();
    let lasts = claims["exp"].as_i64().is_some_and(|end| end > now && end <= now + 600);
    if claims["iss"].as_u64().is_none() || !lasts {
        return message(401, "A JSON web token could not be decoded");
    }
    if id.parse() != Ok(INSTALLATION_ID) {
        return message(404, "Integration not found");
    }
    if wanted["repositories"] != json!([REPO]) {
        return message(422, "There is at least one repository that does not exist or is not accessible");
    }
    let (token, end) = state.issue();
    let mut permissions = wanted["permissions"].clone();
    permissions["metadata"] = json!("read");
    told(201, json!({ "token": token, "expires_at": json::time(Some(end)), "permissions": permissions }))
}

fn list(state: &State, query: &str) -> Told {
    let parameters: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let parameter = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let wanted = parameter("state").unwrap_or("open");
    let mut found: Vec<&Pull> =
        state.pulls.values().filter(|pull| wanted == "all" || pull.open == (wanted == "open")).collect();
    if let Some((owner, branch)) = parameter("head").and_then(|head| head.split_once(':')) {
        found.retain(|pull| pull.head == branch && (owner == OWNER) == pull.fork.is_none());
    }
    if let Some(base) = parameter("base") {
        found.retain(|pull| pull.base == base);
    }
    if parameter("sort") == Some("updated") {
        found.sort_by_key(|pull| (pull.updated_at, pull.number));
    }
    found.reverse();
    let number = |name: &str| parameter(name).and_then(|text| text.parse::<usize>().ok());
    let (page, size) = (number("page").unwrap_or(1), number("per_page").unwrap_or(30).min(state.page_size));
    let items: Vec<Value> =
        found.iter().skip((page - 1) * size).take(size).map(|pull| json::pull_simple(state, pull)).collect();
    let next = (page * size < found.len()).then(|| {
        let others = parameters.iter().filter(|(name, _)| name != "page");
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(others).finish();
        format!("{}/repos/{OWNER}/{REPO}/pulls?{query}&page={}", state.public_url, page + 1)
    });
    Told(200, items.into(), next)
}

fn create(state: &mut State, body: &Value) -> Told {
    let word = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let (head, base) = (word("head"), word("base"));
    let field = |name: &str| json!({ "resource": "PullRequest", "field": name, "code": "invalid" });
    let custom = |message: String| json!({ "resource": "PullRequest", "code": "custom", "message": message });
    let Some(base_tip) = state.tip(&base) else { return invalid(&field("base")) };
    let Some(tip) = state.tip(&head) else { return invalid(&field("head")) };
    if state.contains(&base_tip, &tip) {
        return invalid(&custom(format!("No commits between {base} and {head}")));
    }
    if state.pulls.values().any(|pull| pull.open && pull.fork.is_none() && pull.head == head && pull.base == base) {
        return invalid(&custom(format!("A pull request already exists for {OWNER}:{head}.")));
    }
    let number = state.add(&word("title"), &head, &base, None);
    let new = pull(state, number);
    new.body = body["body"].clone();
    new.draft = body["draft"] == json!(true);
    told(201, json::pull_full(state, &state.pulls[&number]))
}

fn update(state: &mut State, number: u64, body: &Value) -> Told {
    let changed = pull(state, number);
    if body["state"] == json!("closed") && changed.open {
        changed.end(None);
    }
    told(200, json::pull_full(state, &state.pulls[&number]))
}

fn request_reviewers(state: &mut State, number: u64, body: &Value) -> Told {
    let (people, teams) = (words(&body["reviewers"]), words(&body["team_reviewers"]));
    if !people.is_subset(&state.people) || !teams.is_subset(&state.teams) {
        let text = "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a \
            collaborator of the repository.";
        return message(422, text);
    }
    let changed = pull(state, number);
    changed.put("requested_reviewer", people);
    changed.put("requested_team", teams);
    told(201, json::pull_simple(state, &state.pulls[&number]))
}
