//! Manifests and texts from Tera templates.
