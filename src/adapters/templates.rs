//! `TemplateRenderer` on Tera: manifests, paths and words from templates that platform engineers edit.

mod check;
mod code_span;
mod context;
mod engine;
mod load;
mod samples;

use std::path::PathBuf;

use crate::domain::change::{ChangeText, ObjectKey, ObjectKind};
use crate::domain::error::TemplateError;
use crate::domain::names::{ClusterName, RepoPath};
use crate::domain::nodegroup::NodegroupDraft;
use crate::domain::ports::TemplateRenderer;
use crate::domain::secret::SealedSecretDraft;
use crate::domain::text::ChangeSummary;

pub use code_span::code_span;
use engine::Engine;

/// The path template of nodegroups when `GITOPS_NODEGROUP_PATH` isn't set.
pub const DEFAULT_NODEGROUP_PATH: &str = "nodegroups/{{ namespace }}/{{ name }}.yaml";
/// The path template of secrets when `GITOPS_SECRET_PATH` isn't set.
pub const DEFAULT_SECRET_PATH: &str = "secrets/{{ namespace }}/{{ name }}.yaml";

/// Where the templates come from.
#[derive(Debug, Clone)]
pub struct TemplateSettings {
    /// `TEMPLATES_FOLDER`: templates there stand in for the built-in ones of the same name.
    pub folder: Option<PathBuf>,
    /// `GITOPS_NODEGROUP_PATH`.
    pub nodegroup_path: String,
    /// `GITOPS_SECRET_PATH`.
    pub secret_path: String,
}

impl Default for TemplateSettings {
    fn default() -> Self {
        Self {
            folder: None,
            nodegroup_path: DEFAULT_NODEGROUP_PATH.to_owned(),
            secret_path: DEFAULT_SECRET_PATH.to_owned(),
        }
    }
}

/// Tera templates, compiled and checked once.
#[derive(Debug)]
pub struct TeraTemplates {
    engine: Engine,
    settings: TemplateSettings,
    sources: Vec<(String, String)>,
}

impl TeraTemplates {
    /// Reads, compiles and checks all templates with samples.
    ///
    /// # Errors
    /// Everything that is wrong, at once; each names the template and the line, or the setting.
    pub fn load(settings: &TemplateSettings) -> Result<Self, Vec<TemplateError>> {
        let files = load::read(settings.folder.as_deref())?;
        let engine = Engine::compile(&files, settings)?;
        let sources = files.into_iter().map(|file| (file.name.to_owned(), file.source)).collect();
        let templates = Self { engine, settings: settings.clone(), sources };
        let mistakes = check::all(&templates);
        if mistakes.is_empty() { Ok(templates) } else { Err(mistakes) }
    }

    fn path_template(&self, kind: ObjectKind) -> &str {
        match kind {
            ObjectKind::Nodegroup => &self.settings.nodegroup_path,
            ObjectKind::Secret => &self.settings.secret_path,
        }
    }
}

impl TemplateRenderer for TeraTemplates {
    fn nodegroup(&self, draft: &NodegroupDraft) -> Result<String, TemplateError> {
        self.engine.manifest(load::NODEGROUP, &context::nodegroup(draft))
    }

    fn sealed_secret(&self, draft: &SealedSecretDraft) -> Result<String, TemplateError> {
        self.engine.manifest(load::SEALED_SECRET, &context::sealed_secret(draft))
    }

    fn path<'a>(&self, key: &'a ObjectKey, cluster: Option<&'a ClusterName>) -> Result<RepoPath, TemplateError> {
        let setting = engine::path_setting(key.kind);
        let path = self.engine.plain(setting, &context::path(key, cluster)).map_err(|TemplateError(mistake)| {
            let hint = if cluster.is_none() && self.path_template(key.kind).contains("cluster") {
                format!("; this {} names no cluster", key.kind)
            } else {
                String::new()
            };
            TemplateError(mistake + &hint)
        })?;
        match RepoPath::parse(&path) {
            Ok(parsed) if path.ends_with(".yaml") => Ok(parsed),
            Ok(_) => Err(TemplateError(format!("{setting} gives {path:?}, which doesn't end in .yaml"))),
            Err(rule) => Err(TemplateError(format!("{setting} gives {path:?}, which is no path: expected {rule}"))),
        }
    }

    fn root(&self, kind: ObjectKind) -> Option<RepoPath> {
        let template = self.path_template(kind);
        let end = ["{{", "{%", "{#"].iter().filter_map(|open| template.find(open)).min().unwrap_or(template.len());
        let folder = template[..end].rsplit_once('/')?.0;
        RepoPath::parse(folder).ok()
    }

    fn text(&self, change: &ChangeSummary) -> Result<ChangeText, TemplateError> {
        let plain = context::plain(change);
        let title = self.engine.plain(load::TITLE, &plain)?.trim().to_owned();
        if title.is_empty() || title.chars().any(char::is_control) {
            return Err(TemplateError(format!("{} must give one line of text", load::TITLE)));
        }
        let commit_message = self.engine.plain(load::COMMIT, &plain)?.trim().to_owned();
        check::commit_message(&commit_message)?;
        let body = self.engine.markdown(load::BODY, &context::body(change))?.trim().to_owned() + "\n";
        Ok(ChangeText { title, body, commit_message })
    }

    fn templates(&self) -> Vec<(String, String)> {
        self.sources.clone()
    }
}
