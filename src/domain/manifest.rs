//! Manifests as YAML text: parsed back, compared with what was asked for, edited.
