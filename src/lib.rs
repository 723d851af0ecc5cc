//! The REST API behind Backstage through which developers serve themselves on Kubernetes, the GitOps way: it reads what Git
//! declares, and every change that it makes is a pull request. This page is the map of the house.
//!
//! # The rooms
//!
//! | Room | What is in it | Whom it knows |
//! |---|---|---|
//! | [`domain`] | nodegroups, secrets, instance types, changes, manifests; the seven ports | nobody |
//! | [`application`] | the use cases: what the service does with the ports | `domain` |
//! | [`adapters`] | what fills the ports, and HTTP, which calls the use cases | `domain`; `http` also `application` |
//! | [`app`] | the composition root: adapters chosen, tasks owned, signals, shutdown | everybody |
//! | [`config`] | the settings, read once, every mistake told at once | `domain` |
//! | [`telemetry`], [`traced`], [`private_files`], [`outbound`] | the log, metrics, traces; spans that are traces; key files that are never half written or open to others; how foreign addresses are told | nobody |
//!
//! Adapters don't know each other, but for `local` and `github`, which both stand on `git`. A test reads the imports and holds
//! these rules.
//!
//! # The ports
//!
//! | Port | Filled by |
//! |---|---|
//! | [`InstanceTypeSource`](domain::ports::InstanceTypeSource) | [`adapters::pricing`]: an AWS offer file, read in one pass |
//! | [`NodegroupStore`](domain::ports::NodegroupStore), [`SecretStore`](domain::ports::SecretStore) | [`adapters::manifests`]: what the base branch declares; [`adapters::kubernetes`]: what a cluster has, by reflectors |
//! | [`VersionControl`](domain::ports::VersionControl) | [`adapters::github`]: pull requests on GitHub; [`adapters::local`]: a bare repository of this machine, pull requests included |
//! | [`SecretSealer`](domain::ports::SecretSealer) | [`adapters::sealing`]: as `kubeseal` does, with the certificate of the controller, an address or a file, or with an own key; on GitHub without a certificate not at all |
//! | [`TokenVerifier`](domain::ports::TokenVerifier) | [`adapters::backstage`]: tokens of people and plugins; [`adapters::kubernetes`]: those of service accounts, which the API server reviews |
//! | [`TemplateRenderer`](domain::ports::TemplateRenderer) | [`adapters::templates`]: Tera |
//!
//! # The way of a read
//!
//! Pollers and watches write immutable [`Snapshot`](domain::snapshot::Snapshot)s; a request takes an `Arc`, filters, and answers
//! with how old it is. No read leaves the process. What Git declares and what a cluster has is joined in a
//! [`Sight`](application::sight::Sight); a list is written as bytes [once](adapters::http::list::kept) for as long as that stays
//! the same.
//!
//! # The way of a write
//!
//! A request is parsed into types that can't hold an invalid value, and every mistake is told at once. A
//! [`Planner`](application::changes::plan::Planner) works the change out on the base commit: a template is rendered and compared
//! with the request, or Git's own manifest is edited in place. [`Changes`](application::changes::Changes) checks who may, whether
//! another change is open, whether it is the same request again, and gives a
//! [`ChangeSet`](domain::change::ChangeSet) to version control. Its branch is named after the object and only ever created, so
//! that it is the lock between replicas; its commit's trailers tell whose it is, so that a crash at any step is taken up by the
//! next attempt or by the sweep.

pub mod adapters;
pub mod app;
pub mod application;
pub mod config;
pub mod domain;
pub mod outbound;
pub mod private_files;
pub mod telemetry;
pub mod traced;
