//! The Tera templates: what they render, what they refuse, and that no text can break out.

mod drafts;
mod folder;
mod injection;
mod manifests;
mod paths;
mod words;
