//! A Backstage, as far as tokens go: key sets and people's groups behind real HTTP, and tokens that its keys sign.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::file_server::{Reply, Server};

/// A key pair that signs tokens.
pub struct Key {
    id: String,
    pair: EcdsaKeyPair,
}

impl Key {
    /// A new one.
    pub fn new(id: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { id: id.to_owned(), pair }
    }

    /// Its public half, as a key set lists it.
    pub fn public(&self) -> Value {
        // 0x04, then both coordinates.
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        let [x, y] = [x, y].map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": self.id, "x": x, "y": y})
    }

    /// A token of a type.
    pub fn sign(&self, typ: &str, claims: &Value) -> String {
        self.sign_with(&json!({"typ": typ, "alg": "ES256", "kid": self.id}), claims)
    }

    /// A token with a header of the caller's.
    pub fn sign_with(&self, header: &Value, claims: &Value) -> String {
        let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = format!("{header}.{claims}");
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

/// The double.
pub struct Backstage {
    server: Server,
    answers: Arc<Mutex<HashMap<String, Reply>>>,
    /// What signs people's tokens.
    pub users: Key,
}

impl Backstage {
    /// With a key for people, and no plugin.
    pub fn start() -> Self {
        let answers: Arc<Mutex<HashMap<String, Reply>>> = Arc::default();
        let told = answers.clone();
        let server = Server::start(move |request| {
            told.lock().unwrap().get(&request.path).cloned().unwrap_or_else(|| Reply::status(404))
        });
        let backstage = Self { server, answers, users: Key::new("people-1") };
        backstage.publish("auth/.well-known/jwks.json", &[&backstage.users]);
        backstage
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.server.url("")
    }

    /// Lists public keys below `/api/`.
    pub fn publish(&self, path: &str, keys: &[&Key]) {
        let keys: Vec<Value> = keys.iter().map(|key| key.public()).collect();
        self.answer(path, Reply::ok(json!({"keys": keys}).to_string()));
    }

    /// Lists the keys of a plugin.
    pub fn publish_plugin(&self, plugin: &str, keys: &[&Key]) {
        self.publish(&format!("{plugin}/.backstage/auth/v1/jwks.json"), keys);
    }

    /// Answers so below `/api/`.
    pub fn answer(&self, path: &str, reply: Reply) {
        self.answers.lock().unwrap().insert(format!("/api/{path}"), reply);
    }

    /// How often a path below `/api/` was asked for.
    pub fn asked(&self, path: &str) -> usize {
        self.server.requests().iter().filter(|request| request.path == format!("/api/{path}")).count()
    }

    /// What a person's token says.
    pub fn claims(&self, sub: &str) -> Value {
        json!({"iss": self.server.url("/api/auth"), "aud": "backstage", "sub": sub, "iat": now(), "exp": now() + 600})
    }

    /// A person's token.
    pub fn user(&self, sub: &str) -> String {
        self.users.sign("vnd.backstage.user", &self.claims(sub))
    }

    /// A token that only says who a person is.
    pub fn limited(&self, sub: &str) -> String {
        self.users.sign("vnd.backstage.limited-user", &json!({"sub": sub, "iat": now(), "exp": now() + 600}))
    }
}

/// What a plugin's token says.
pub fn plugin_claims(plugin: &str, audience: &str, obo: Option<&str>) -> Value {
    let mut claims = json!({"sub": plugin, "aud": audience, "iat": now(), "exp": now() + 600});
    if let Some(obo) = obo {
        claims["obo"] = json!(obo);
    }
    claims
}

/// Seconds since 1970.
pub fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
