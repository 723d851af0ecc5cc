//! Secret values, tokens and the sealing key: nowhere but where they belong, in no coding, at trace level.

pub mod search;

use serde_json::{Value, json};

use self::search::{Haystack, codings};
use crate::support::client::{Answer, request};
use crate::support::git::{Checkout, wait_for_state};
use crate::support::tls::pair;
use crate::support::tokens::{READER, WRITER, bearer, file};
use crate::support::{TestApp, wait_for};

/// A value with what JSON, YAML and shells escape in it. Only `Values::get` makes one, each with a number of its own.
fn value(number: usize) -> String {
    format!("can\"ary\\{number:02}\u{e4}{{{{x}}}}-9f86d081884c7d65")
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// Everything that was sent and answered.
struct Session {
    app: TestApp,
    haystack: Haystack,
    sent: usize,
    /// Lines of the private keys that were sent.
    keys: Vec<String>,
}

impl Session {
    fn start(log_format: &str) -> Self {
        let builder = TestApp::builder().ready_to_write().file("tokens", file()).env("AUTH_TOKENS_FILE", "tokens");
        let app = builder.env("RUST_LOG", "trace").env("LOG_FORMAT", log_format).start();
        let mut session = Self { app, haystack: Haystack::default(), sent: 0, keys: Vec::new() };
        session.app.wait_until_ready();
        wait_for("the certificate", || (session.send("GET", "/api/certificate", "").status == 200).then_some(()));
        session
    }

    /// The next value.
    fn value(&mut self) -> String {
        self.sent += 1;
        value(self.sent)
    }

    fn send(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let bearer = bearer(WRITER);
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        let answer = request(self.app.address, method, path, &headers, body.as_bytes());
        self.haystack.add(&format!("the answer to {method} {path}"), &answer.body);
        for header in ["location", "x-request-id", "allow", "www-authenticate"] {
            self.haystack.add("a header", answer.header(header).unwrap_or_default().as_bytes());
        }
        answer
    }

    #[track_caller]
    fn expect(&mut self, status: u16, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.send(method, path, &body);
        assert_eq!(answer.status, status, "{}", answer.text());
        answer.json()
    }

    /// Every way in which values get into requests that succeed.
    fn write(&mut self) {
        let checkout = Checkout::of(&self.app);
        let [text, coded, file] = [self.value(), self.value(), self.value()];
        let body = json!({
            "name": "db", "namespace": "team-a", "string_data": {"user": text, "file": format!("line\n{file}\n")},
            "data": {"password": base64(&coded)},
        });
        self.expect(200, "POST", "/api/secrets?dry_run=true", &body);
        let created = self.expect(201, "POST", "/api/secrets", &body);
        self.expect(200, "POST", "/api/secrets", &body);
        self.merge(&checkout, &created);
        wait_for("the secret", || (self.send("GET", "/api/secrets/db", "").status == 200).then_some(()));
        let [text, coded] = [self.value(), self.value()];
        let edit =
            json!({"set": {"string_data": {"user": text}, "data": {"more": base64(&coded)}}, "remove": ["file"]});
        self.expect(200, "PUT", "/api/secrets/db?dry_run=true", &edit);
        let edited = self.expect(201, "PUT", "/api/secrets/db", &edit);
        self.expect(409, "PUT", "/api/secrets/db", &json!({"set": {"string_data": {"user": self::value(99)}}}));
        self.merge(&checkout, &edited);
        let [a, b] = [self.value(), self.value()];
        let wide = json!({
            "name": "wide", "namespace": "team-a", "scope": "cluster-wide", "type": "kubernetes.io/basic-auth",
            "string_data": {"username": a, "password": b},
        });
        self.expect(201, "POST", "/api/secrets", &wide);
        self.expect(409, "POST", "/api/secrets", &body);
        let (certificate, key) = pair();
        let (_, other_key) = pair();
        let pair = |key: &str| {
            json!({"name": "tls", "namespace": "team-a", "type": "kubernetes.io/tls",
                   "string_data": {"tls.crt": certificate, "tls.key": key}})
        };
        self.expect(422, "POST", "/api/secrets", &pair(&other_key));
        self.expect(201, "POST", "/api/secrets", &pair(&key));
        // Each line by itself, as they are apart wherever the key is quoted.
        let lines = [key, other_key].into_iter().flat_map(|key| key.lines().map(str::to_owned).collect::<Vec<_>>());
        self.keys.extend(lines.filter(|line| !line.starts_with("-----")));
        for path in ["/api/secrets", "/api/pull_requests", "/api/options", "/api/certificate"] {
            self.expect(200, "GET", path, &Value::Null);
        }
    }

    fn merge(&mut self, checkout: &Checkout, answer: &Value) {
        checkout.merge(answer["pull_request"]["branch"].as_str().unwrap());
        let address = format!("/api/pull_requests/{}", answer["pull_request"]["number"]);
        wait_for("the merge", || {
            let state = self.send("GET", &address, "").json()["state"].clone();
            (state == "merged").then_some(())
        });
    }

    /// Values in requests that are refused: in wrong places, in unknown fields, before syntax errors.
    fn mistake(&mut self) {
        let mut v = || self.value();
        let bodies = [
            json!({"name": v(), "namespace": v(), "string_data": {"a": v()}, "data": {"b": v()}}),
            json!({"name": "x", "namespace": "team-a", "stringData": {"a": v()}, "data": {"a": {"b": v()}}}),
            json!({"name": "x", "namespace": "team-a", "string_data": v(), "data": [v()], "labels": v()}),
            json!({"name": "x", "namespace": "team-a", "type": v(), "scope": v(), "immutable": v(), "component": v()}),
            json!({"name": "x", "namespace": "team-a", "string_data": {"a": "b"}, "labels": {"a": v()}, "annotations": {"note": v()}}),
            json!({"name": "x", "namespace": "team-a", "type": "kubernetes.io/tls", "string_data": {"tls.crt": v(), "tls.key": v()}}),
            json!({"name": "x", "namespace": "argocd", "string_data": {"a": v()}}),
            json!({"set": {"string_data": {"a": v()}, "data": {"b": v(), "..": v()}}, "remove": [v()], "values": v()}),
            json!([v()]),
            json!(v()),
        ];
        let json = |text: &str| Value::from(text).to_string();
        let texts = [
            format!("{{\"string_data\": {{\"a\": {}}}", json(&v())),
            format!("{{\"string_data\": {{\"a\": {}}}}} trailing", json(&v())),
            format!("{{\"a\": {0}, \"a\": {0}}}", json(&v())),
            format!("{{\"a\": {}, \"b\": \"\\x\"}}", json(&v())),
            v(),
        ];
        let all: Vec<String> = bodies.iter().map(Value::to_string).chain(texts).collect();
        for body in all {
            for (method, path) in [
                ("POST", "/api/secrets"),
                ("PUT", "/api/secrets/db?namespace=team-a"),
                ("POST", "/api/nodegroups"),
                ("PUT", "/api/nodegroups/workers?namespace=team-a"),
                ("DELETE", "/api/secrets/none?namespace=team-a"),
                ("POST", "/api/none"),
            ] {
                let status = self.send(method, path, &body).status;
                assert!((400..500).contains(&status), "{method} {path}: {status}");
            }
        }
        for token in [READER, "another-0123456789abcdef0123456789"] {
            let bearer = bearer(token);
            for value in [bearer.as_str(), token, &format!("Basic {}", base64(token))] {
                let answer = request(self.app.address, "GET", "/api/secrets", &[("Authorization", value)], b"");
                self.haystack.add("an answer to a token", &answer.body);
            }
        }
    }
}

#[test]
fn no_value_token_or_key_gets_out_in_any_coding() {
    for format in ["text", "json"] {
        let mut session = Session::start(format);
        session.write();
        session.mistake();
        let Session { mut app, mut haystack, sent, keys } = session;
        haystack.add_folder(app.folder());
        haystack.add_objects(&app);
        app.signal(rustix::process::Signal::TERM);
        app.wait_for_exit();
        haystack.add("the log", app.log().as_bytes());
        assert!(sent > 30 && app.log().matches("answered").count() > sent, "every request stands in the log");

        let key = std::fs::read_to_string(app.path(".gitops/keys/sealing.key")).unwrap();
        let hash_key = std::fs::read_to_string(app.path(".gitops/keys/request-hash.key")).unwrap();
        let middle_of_key = key.lines().nth(10).unwrap().to_owned();
        let values = (1..=sent).chain([99]).map(value);
        let tokens = [READER, WRITER, "another-0123456789abcdef0123456789"].map(str::to_owned);
        assert!(keys.len() > 4);
        let keys = keys.into_iter().chain([middle_of_key, hash_key.trim().to_owned()]);
        for needle in values.chain(tokens).chain(keys) {
            for (coding, coded) in codings(&needle) {
                assert_eq!(haystack.find(&coded), None, "{needle} as {coding}, log {format}");
            }
        }
    }
}

#[test]
fn the_search_finds_a_leak_in_each_place_and_each_coding() {
    let app = TestApp::start_ready();
    let leak = value(1);
    // In a file, in a packed and deflated object of Git, in the log and in an answer.
    let checkout = Checkout::of(&app);
    for (number, (coding, coded)) in codings(&leak).into_iter().enumerate() {
        std::fs::create_dir_all(app.path(".gitops/deep/er")).unwrap();
        std::fs::write(app.path(".gitops/deep/er/file"), [b"x", &coded[..], b"y"].concat()).unwrap();
        let mut files = Haystack::default();
        files.add_folder(app.folder());
        assert!(files.find(&coded).unwrap().ends_with("deep/er/file"), "{coding}");

        checkout.update();
        std::fs::write(checkout.path().join("leak"), [format!("{number} ").as_bytes(), &coded].concat()).unwrap();
        checkout.commit_all();
        let mut objects = Haystack::default();
        objects.add_objects(&app);
        assert_eq!(objects.find(&coded).as_deref(), Some("Git's objects"), "{coding}");
    }
    let answer = app.get(&format!("/api/none?a={READER}"));
    let mut answers = Haystack::default();
    answers.add("an answer", &answer.body);
    assert_eq!(answers.find(READER.as_bytes()).as_deref(), Some("an answer"));
    // Where they belong isn't searched.
    let key = std::fs::read_to_string(app.path(".gitops/keys/sealing.key")).unwrap();
    let mut files = Haystack::default();
    files.add_folder(app.folder());
    assert_eq!(files.find(key.lines().nth(10).unwrap().as_bytes()), None);
    let created = app.post("/api/secrets", &crate::support::bodies::secret("db")).json();
    checkout.delete(created["pull_request"]["branch"].as_str().unwrap());
    wait_for_state(&app, created["pull_request"]["number"].as_u64().unwrap(), "closed");
}
