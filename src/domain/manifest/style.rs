//! How a manifest is written: what it quotes, how it sets its lists. An edit keeps it, so that its diff shows the change and
//! little else. The order of keys is kept by the document itself.

use std::collections::BTreeSet;

/// The style of one document.
#[derive(Debug, Default)]
pub(super) struct Style {
    /// Texts in double quotes that could stand without.
    quoted: BTreeSet<String>,
    /// Whether the items of a list stand below its key rather than further in.
    pub(super) flush_lists: bool,
}

impl Style {
    /// The style of a text.
    pub(super) fn of(text: &str) -> Self {
        // A part between two quotes may also be what stands between two quoted texts; no harm: it is then quoted as well.
        let quoted = text.split('"').filter(|part| part.len() <= 1024).map(str::to_owned).collect();
        Self { quoted, flush_lists: has_flush_list(text) }
    }

    /// Whether a text that could stand without quotes has them.
    pub(super) fn quotes(&self, text: &str) -> bool {
        self.quoted.contains(text)
    }
}

/// Whether some key is followed by an item on the same level.
fn has_flush_list(text: &str) -> bool {
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let lines: Vec<&str> = text.lines().collect();
    lines.windows(2).any(|pair| {
        pair[0].trim_end().ends_with(':')
            && !pair[0].trim_start().starts_with("- ")
            && pair[1].trim_start().starts_with("- ")
            && indent(pair[0]) == indent(pair[1])
    })
}
