//! The parameters that several routes share, as the OpenAPI document describes them; `Query` is what reads them.

use utoipa::IntoParams;

/// Which page of a list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParameters {
    /// The most items of the answer; all by default.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// `page_info.next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Which objects of a list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FilterParameters {
    /// Only this namespace.
    pub namespace: Option<String>,
    /// Only names that match this glob (`*`, `?`).
    pub name: Option<String>,
}

/// Which object a name in the path means.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NamespaceParameter {
    /// The object's namespace; needed when several have the name.
    pub namespace: Option<String>,
}

/// How to create.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CreateParameters {
    /// Only tell what would happen; answers a `DryRunView`.
    pub dry_run: Option<bool>,
}

/// How to change or delete.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ChangeParameters {
    /// The object's namespace; needed when several have the name.
    pub namespace: Option<String>,
    /// The revision that was read; another one by now is a 409.
    pub revision: Option<String>,
    /// Only tell what would happen; answers a `DryRunView`.
    pub dry_run: Option<bool>,
}
