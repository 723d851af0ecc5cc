//! What is kept of a secret beside its bytes: what filters look at.

use super::view::SecretView;
use crate::adapters::http::list::kept::Listing;
use crate::application::secrets::list::SecretList;
use crate::domain::change::ObjectKey;
use crate::domain::snapshot::SourceInfo;

/// What filters look at.
pub struct Facts {
    /// The Backstage component.
    pub component: Option<String>,
}

impl Listing for SecretList {
    type Facts = Facts;
    type View = SecretView;

    fn items(&self, host: &str) -> impl Iterator<Item = (ObjectKey, Facts, SecretView)> {
        self.items().map(move |item| {
            let view = SecretView::of(&item, host);
            (item.key, Facts { component: item.summary.component.clone() }, view)
        })
    }

    fn source(&self) -> &SourceInfo {
        self.source()
    }
}
