//! What is kept of a nodegroup beside its bytes: what filters look at.

use std::sync::Arc;

use super::view::NodegroupView;
use crate::adapters::http::list::kept::Listing;
use crate::application::nodegroups::list::NodegroupList;
use crate::domain::change::ObjectKey;
use crate::domain::nodegroup::Nodegroup;
use crate::domain::nodegroup::phase::Phase;
use crate::domain::snapshot::SourceInfo;

/// What filters look at.
pub struct Facts {
    /// The cluster and the component; the store has it anyway.
    pub nodegroup: Arc<Nodegroup>,
    /// Where it stands.
    pub phase: Phase,
}

impl Listing for NodegroupList {
    type Facts = Facts;
    type View = NodegroupView;

    fn items(&self, host: &str) -> impl Iterator<Item = (ObjectKey, Facts, NodegroupView)> {
        self.items().map(move |item| {
            let view = NodegroupView::of(&item, host);
            (item.key, Facts { nodegroup: item.nodegroup, phase: item.phase }, view)
        })
    }

    fn source(&self) -> &SourceInfo {
        self.source()
    }
}
