//! Backstage's tokens: of people, of plugins, of plugins in a person's name; and what is none of them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::backstage::{Backstage, Key, now, plugin_claims};
use crate::support::bodies::nodegroup;
use crate::support::client::Answer;
use crate::support::file_server::Reply;
use crate::support::git::Checkout;
use crate::support::process::Builder;
use crate::support::{TestApp, tokens, wait_for};

const KEYS: &str = "auth/.well-known/jwks.json";
const ADA: &str = "user:default/ada";

fn settings(backstage: &Backstage) -> Builder {
    TestApp::builder().ready_to_write().env("BACKSTAGE_URL", &backstage.url()).env("RUST_LOG", "trace")
}

fn get(app: &TestApp, token: &str) -> Answer {
    app.send("GET", "/api/options", &[("Authorization", &format!("Bearer {token}"))], b"")
}

/// So many unknown tokens are checked in a second: asks again while there were too many.
fn calmly(ask: impl Fn() -> Answer) -> Answer {
    wait_for("a check", || Some(ask()).filter(|answer| !answer.text().contains("too many unknown tokens")))
}

fn post(app: &TestApp, token: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    app.send("POST", "/api/nodegroups", &headers, body.to_string().as_bytes())
}

#[test]
fn a_person_is_the_subject_of_what_they_change() {
    let backstage = Backstage::start();
    let app = settings(&backstage).start_ready();
    let token = backstage.user(ADA);
    let created = post(&app, &token, &nodegroup("workers"));
    assert_eq!(created.status, 201, "{}", created.text());
    assert_eq!(created.json()["pull_request"]["requested_by"], ADA);
    let checkout = Checkout::of(&app);
    let commit = created.json()["commit"].as_str().unwrap().to_owned();
    assert!(checkout.git(&["log", "-1", "--format=%B", &commit]).contains(&format!("Requested-By: {ADA}")));
    assert!(app.wait_for_log("answered").contains("subject="));
    assert!(app.log().contains(&format!("subject=\"{ADA}\"")));
    let told = "name=\"workers\" outcome=\"opened\" pull_request=1";
    let line = app.wait_for_log(told);
    assert!(line.contains("kind=\"nodegroup\" action=\"create\" namespace=\"team-a\"") && line.contains(ADA), "{line}");
    let signature = token.rsplit('.').next().unwrap();
    assert!(!app.log().contains(signature), "no token in the log, at trace");
    assert_eq!(backstage.asked(KEYS), 1, "the keys are kept");
    assert_eq!(backstage.asked("auth/v1/userinfo"), 0, "groups matter to rights per namespace only");
}

#[test]
fn what_is_no_good_token_is_refused_in_the_same_words() {
    let backstage = Backstage::start();
    let app = settings(&backstage).env("BACKSTAGE_PLUGINS", "scaffolder:write").start();
    let (stranger, scaffolder) = (Key::new("people-1"), Key::new("scaffolder-1"));
    backstage.publish_plugin("scaffolder", &[&scaffolder]);
    let claims = |change: &Value| {
        let mut claims = backstage.claims(ADA);
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    };
    let signed = |change: &Value| backstage.users.sign("vnd.backstage.user", &claims(change));
    let without = |name: &str| {
        let mut claims = backstage.claims(ADA);
        claims.as_object_mut().unwrap().remove(name);
        backstage.users.sign("vnd.backstage.user", &claims)
    };
    let headed = |header: &Value| backstage.users.sign_with(header, &backstage.claims(ADA));
    let good = backstage.user(ADA);
    let (body, signature) = good.rsplit_once('.').unwrap();
    let unsigned =
        |header: &Value| format!("{}.{}.", URL_SAFE_NO_PAD.encode(header.to_string()), body.split_once('.').unwrap().1);
    let bad = [
        ("another's key under the same id", stranger.sign("vnd.backstage.user", &backstage.claims(ADA))),
        ("expired", signed(&json!({"exp": now() - 100}))),
        ("not yet good", signed(&json!({"nbf": now() + 100}))),
        ("another audience", signed(&json!({"aud": "catalog"}))),
        ("another issuer", signed(&json!({"iss": "https://evil.example.com/api/auth"}))),
        ("no user", signed(&json!({"sub": "group:default/admins"}))),
        ("a line break", signed(&json!({"sub": "user:default/ada\nRequested-By: root"}))),
        ("without an end", without("exp")),
        ("without an audience", without("aud")),
        ("without an issuer", without("iss")),
        ("no algorithm", unsigned(&json!({"typ": "vnd.backstage.user", "alg": "none", "kid": "people-1"}))),
        ("another algorithm", headed(&json!({"typ": "vnd.backstage.user", "alg": "HS256", "kid": "people-1"}))),
        ("no key", headed(&json!({"typ": "vnd.backstage.user", "alg": "ES256"}))),
        ("an unknown key", headed(&json!({"typ": "vnd.backstage.user", "alg": "ES256", "kid": "../../evil"}))),
        ("no type", headed(&json!({"alg": "ES256", "kid": "people-1"}))),
        ("a limited token alone", backstage.limited(ADA)),
        ("a person's as a plugin's", backstage.users.sign("vnd.backstage.plugin", &backstage.claims("scaffolder"))),
        ("a plugin's as a person's", scaffolder.sign("vnd.backstage.user", &backstage.claims(ADA))),
        (
            "a plugin for another",
            scaffolder.sign("vnd.backstage.plugin", &plugin_claims("scaffolder", "catalog", None)),
        ),
        (
            "a plugin that isn't listed",
            scaffolder.sign("vnd.backstage.plugin", &plugin_claims("../auth", "cre-backend-api", None)),
        ),
        ("half a token", body.to_owned()),
        ("no base64", format!("{body}.{signature}!")),
        ("too long", format!("{good}{}", "A".repeat(16 * 1024))),
    ];
    for (what, token) in bad {
        let answer = get(&app, &token);
        assert_eq!((answer.status, answer.error_name().as_str()), (401, "AuthenticationError"), "{what}");
        assert!(answer.text().contains("this token isn't known"), "{what}: {}", answer.text());
        assert!(answer.header("www-authenticate").is_some());
    }
    assert_eq!(get(&app, &good).status, 200);
    assert!(backstage.asked(KEYS) <= 3, "made-up keys are looked for now and then only: {}", backstage.asked(KEYS));
}

#[test]
fn a_plugin_calls_for_itself_or_in_a_persons_name_with_its_own_right() {
    let backstage = Backstage::start();
    let (scaffolder, catalog) = (Key::new("s-1"), Key::new("c-1"));
    let settings = settings(&backstage).env("BACKSTAGE_PLUGINS", "scaffolder:write,catalog");
    let app = settings.env("TOKEN_AUDIENCES", "backend-api,other").start_ready();
    let of = |key: &Key, plugin: &str, obo: Option<&str>| {
        key.sign("vnd.backstage.plugin", &plugin_claims(plugin, "backend-api", obo))
    };
    // Its key set is empty until its first token.
    backstage.publish_plugin("scaffolder", &[]);
    assert_eq!(get(&app, &of(&scaffolder, "scaffolder", None)).status, 401);
    backstage.publish_plugin("scaffolder", &[&scaffolder]);
    let own = wait_for("the plugin's key", || {
        // Another one each time: a refused one is refused for a while.
        let mut claims = plugin_claims("scaffolder", "backend-api", None);
        claims["jti"] = json!(uuid());
        Some(get(&app, &scaffolder.sign("vnd.backstage.plugin", &claims))).filter(|answer| answer.status == 200)
    });
    assert_eq!(own.json()["subject"], json!({"name": "plugin:scaffolder", "can_write": true}));
    let person = backstage.limited(ADA);
    let token = of(&scaffolder, "scaffolder", Some(&person));
    let created = calmly(|| post(&app, &token, &nodegroup("workers")));
    assert_eq!((created.status, &created.json()["pull_request"]["requested_by"]), (201, &json!(ADA)));

    backstage.publish_plugin("catalog", &[&catalog]);
    let reads = of(&catalog, "catalog", Some(&person));
    assert_eq!(calmly(|| get(&app, &reads)).json()["subject"], json!({"name": ADA, "can_write": false}));
    assert_eq!(post(&app, &reads, &nodegroup("more")).status, 403);
    for obo in [
        "hunter2",
        backstage.user(ADA).as_str(),
        Key::new("people-1").sign("vnd.backstage.limited-user", &json!({"sub": ADA, "exp": now() + 60})).as_str(),
    ] {
        let token = of(&scaffolder, "scaffolder", Some(obo));
        assert_eq!(calmly(|| get(&app, &token)).status, 401, "{obo}");
    }
}

#[test]
fn a_new_key_is_found_and_a_backstage_that_is_away_is_no_reason_to_refuse() {
    let backstage = Backstage::start();
    backstage.answer(KEYS, Reply::status(503));
    let app = settings(&backstage).file("tokens", tokens::file()).env("AUTH_TOKENS_FILE", "tokens").start();
    let away = get(&app, &backstage.user(ADA));
    assert_eq!((away.status, away.error_name().as_str()), (503, "ServiceUnavailableError"));
    assert!(away.json()["retry_after_seconds"].is_u64());
    assert_eq!(get(&app, tokens::READER).status, 200, "other tokens don't need it");
    for reply in [
        Reply::ok("no JSON"),
        Reply::ok("{\"keys\":[]}").cut_after(4),
        Reply::ok("x".repeat(300 * 1024)),
        Reply::redirect("/api/elsewhere"),
    ] {
        backstage.answer(KEYS, reply);
        wait_for("the next look", || {
            let before = backstage.asked(KEYS);
            let answer = get(&app, &backstage.user(ADA));
            assert_eq!(answer.status, 503);
            (backstage.asked(KEYS) > before).then_some(())
        });
    }
    backstage.publish(KEYS, &[&backstage.users]);
    wait_for("the keys", || (get(&app, &backstage.user(ADA)).status == 200).then_some(()));
    let newer = Key::new("people-2");
    backstage.publish(KEYS, &[&backstage.users, &newer]);
    wait_for("the new key", || {
        let mut claims = backstage.claims(ADA);
        claims["jti"] = json!(uuid());
        (get(&app, &newer.sign("vnd.backstage.user", &claims)).status == 200).then_some(())
    });
    assert_eq!(backstage.asked("elsewhere"), 0, "a redirect isn't followed");
}

#[test]
fn settings_that_can_t_be_meant_are_told() {
    let told = |variables: &[(&str, &str)]| {
        let builder = variables.iter().fold(TestApp::builder(), |builder, (name, value)| builder.env(name, value));
        let output = builder.output();
        assert_eq!(output.status.code(), Some(2));
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat()
    };
    let text = told(&[
        ("BACKSTAGE_URL", "http://backstage.example.com"),
        ("BACKSTAGE_PLUGINS", "a:admin"),
        ("TOKEN_SERVICE_ACCOUNTS", "x"),
    ]);
    for name in ["BACKSTAGE_URL: ", "BACKSTAGE_PLUGINS: ", "TOKEN_SERVICE_ACCOUNTS: "] {
        assert!(text.contains(name), "{name}: {text}");
    }
    assert!(told(&[("AUTH", "backstage,token_review")]).contains("set TOKEN_SERVICE_ACCOUNTS as well"));
    assert!(told(&[("AUTH", "none"), ("BACKSTAGE_URL", "https://a.example.com")]).contains("unset one of the two"));
    assert!(told(&[("TOKEN_SERVICE_ACCOUNTS", "team-a/ci")]).contains("set NAMESPACE"));
}

fn uuid() -> String {
    uuid::Uuid::new_v4().to_string()
}
