//! The instance types in memory, kept fresh.

use crate::domain::instance_type::Catalog;
use std::sync::Arc;
/// stub
pub struct InstanceTypes;
/// stub
pub struct LoadedCatalog {
    /// stub
    pub catalog: Catalog,
}
impl InstanceTypes {
    /// stub
    pub fn current(&self) -> Option<Arc<LoadedCatalog>> {
        None
    }
}
