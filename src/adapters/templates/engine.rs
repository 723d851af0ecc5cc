//! The three kinds of output and their escaping: YAML, Markdown, plain text.

use std::borrow::Cow;
use std::io::{self, Write};

use tera::{Context, Error, ErrorKind, Kwargs, State, Tera, Value};

use super::TemplateSettings;
use super::code_span::code_span;
use super::load::{BODY, COMMIT, NODEGROUP, SEALED_SECRET, TITLE, TemplateFile};
use crate::domain::change::ObjectKind;
use crate::domain::error::TemplateError;
use crate::domain::quote::yaml_string;

/// The compiled templates. Tera has one escape function for each instance, so each kind of output has its own.
#[derive(Debug)]
pub(super) struct Engine {
    manifests: Tera,
    markdown: Tera,
    plain: Tera,
}

impl Engine {
    /// Compiles the files and the path templates; each stands alone.
    pub(super) fn compile(files: &[TemplateFile], settings: &TemplateSettings) -> Result<Self, Vec<TemplateError>> {
        let mut engine = Self {
            manifests: escaping(".yaml", |text, out| out.write_all(yaml_string(text).as_bytes())),
            markdown: escaping(".md", |text, out| out.write_all(code_span(text).as_bytes())),
            plain: escaping_nothing(),
        };
        let mut mistakes = Vec::new();
        let mut add = |tera: &mut Tera, name: &str, content: &str| {
            if let Err(error) = tera.add_raw_template(name, content) {
                mistakes.push(mistake(name, &error));
            }
        };
        for file in files {
            let tera = match file.name {
                NODEGROUP | SEALED_SECRET => &mut engine.manifests,
                BODY => &mut engine.markdown,
                TITLE | COMMIT => &mut engine.plain,
                other => unreachable!("no template is called {other}"),
            };
            add(tera, file.name, &file.content);
        }
        add(&mut engine.plain, path_setting(ObjectKind::Nodegroup), &settings.nodegroup_path);
        add(&mut engine.plain, path_setting(ObjectKind::Secret), &settings.secret_path);
        if mistakes.is_empty() { Ok(engine) } else { Err(mistakes) }
    }

    /// Renders a manifest: strings become quoted YAML strings.
    pub(super) fn manifest(&self, name: &str, context: &Context) -> Result<String, TemplateError> {
        let mut rendered = render(&self.manifests, name, context)?.trim().to_owned();
        rendered.push('\n');
        Ok(rendered)
    }

    /// Renders Markdown: strings become code spans.
    pub(super) fn markdown(&self, name: &str, context: &Context) -> Result<String, TemplateError> {
        render(&self.markdown, name, context)
    }

    /// Renders plain text: the context must hold nothing but checked names.
    pub(super) fn plain(&self, name: &str, context: &Context) -> Result<String, TemplateError> {
        render(&self.plain, name, context)
    }
}

/// The setting that holds the path template of a kind; it is the template's name in messages.
pub(super) fn path_setting(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Nodegroup => "GITOPS_NODEGROUP_PATH",
        ObjectKind::Secret => "GITOPS_SECRET_PATH",
    }
}

fn escaping(suffix: &'static str, escape: fn(&str, &mut dyn Write) -> io::Result<()>) -> Tera {
    let mut tera = escaping_nothing();
    tera.autoescape_on([suffix]);
    tera.set_escape_fn(escape);
    tera
}

fn escaping_nothing() -> Tera {
    let mut tera = Tera::new();
    tera.autoescape_on(Vec::<&str>::new());
    // For whoever wants to say it: in Markdown every string is a code span anyway.
    tera.register_filter("code", |text: Cow<'_, str>, _: Kwargs, _: &State| Value::safe_string(&code_span(&text)));
    tera
}

fn render(tera: &Tera, name: &str, context: &Context) -> Result<String, TemplateError> {
    tera.render(name, context).map_err(|error| mistake(name, &error))
}

/// Tera's report takes several lines; a message in a list takes one.
fn mistake(name: &str, error: &Error) -> TemplateError {
    TemplateError(match error.kind() {
        ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
            let message = report.message().split_whitespace().collect::<Vec<_>>().join(" ");
            format!("{name}, line {}: {message}", report.span().start_line)
        }
        _ => format!("{name}: {error}"),
    })
}
