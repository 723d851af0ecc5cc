//! Finds the templates: in the folder if they are there, else the built-in ones.

use std::fs;
use std::io;
use std::path::Path;

use crate::domain::error::TemplateError;

pub(super) const NODEGROUP: &str = "nodegroup.yaml";
pub(super) const SEALED_SECRET: &str = "sealed-secret.yaml";
pub(super) const TITLE: &str = "pull-request-title.txt";
pub(super) const BODY: &str = "pull-request-body.md";
pub(super) const COMMIT: &str = "commit-message.txt";

/// The templates that the binary carries.
const BUILT_IN: [(&str, &str); 5] = [
    (NODEGROUP, include_str!("../../../templates/nodegroup.yaml")),
    (SEALED_SECRET, include_str!("../../../templates/sealed-secret.yaml")),
    (TITLE, include_str!("../../../templates/pull-request-title.txt")),
    (BODY, include_str!("../../../templates/pull-request-body.md")),
    (COMMIT, include_str!("../../../templates/commit-message.txt")),
];

/// The most bytes of a template; a larger file is a mistake.
const MAX_BYTES: u64 = 256 * 1024;

/// A template and where it was found.
#[derive(Debug)]
pub(super) struct TemplateFile {
    pub(super) name: &'static str,
    pub(super) content: String,
    /// `built in`, or the file's path.
    pub(super) source: String,
}

/// Reads the five templates.
pub(super) fn read(folder: Option<&Path>) -> Result<Vec<TemplateFile>, Vec<TemplateError>> {
    if let Some(folder) = folder {
        check_folder(folder).map_err(|error| vec![error])?;
    }
    let mut files = Vec::new();
    let mut mistakes = Vec::new();
    for (name, built_in) in BUILT_IN {
        match folder.map(|folder| read_one(folder, name)).transpose() {
            Ok(Some(Some((content, source)))) => files.push(TemplateFile { name, content, source }),
            Ok(_) => {
                files.push(TemplateFile { name, content: built_in.to_owned(), source: "built in".to_owned() });
            }
            Err(error) => mistakes.push(error),
        }
    }
    if mistakes.is_empty() { Ok(files) } else { Err(mistakes) }
}

fn read_one(folder: &Path, name: &str) -> Result<Option<(String, String)>, TemplateError> {
    let path = folder.join(name);
    let wrong = |reason: &str| TemplateError(format!("{}: {reason}", path.display()));
    let length = match fs::metadata(&path) {
        Ok(metadata) if metadata.is_file() => metadata.len(),
        Ok(_) => return Err(wrong("is no file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(&error.to_string())),
    };
    if length > MAX_BYTES {
        return Err(wrong("is larger than 256 KiB"));
    }
    let content = fs::read_to_string(&path).map_err(|error| wrong(&error.to_string()))?;
    Ok(Some((content, path.display().to_string())))
}

/// A folder that isn't there is a mistake: falling back silently would open pull requests nobody expects. A file in it that no
/// template is called after is most likely a misspelling, which would go unnoticed for the same reason.
fn check_folder(folder: &Path) -> Result<(), TemplateError> {
    let unreadable = |error: &io::Error| TemplateError(format!("TEMPLATES_FOLDER {}: {error}", folder.display()));
    for entry in fs::read_dir(folder).map_err(|error| unreadable(&error))? {
        let name = entry.map_err(|error| unreadable(&error))?.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with('.') && !BUILT_IN.iter().any(|(known, _)| *known == name) {
            tracing::warn!(folder = %folder.display(), file = %name, "no template has this name; the file is not used");
        }
    }
    Ok(())
}
