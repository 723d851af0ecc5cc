//! The shape of a cost in the OpenAPI document; the domain's type is what is written.

use utoipa::ToSchema;

/// What a nodegroup costs: instances only, Linux, shared tenancy, on demand.
#[derive(Debug, ToSchema)]
pub struct CostView {
    /// The instance type that it is computed from.
    pub basis: String,
    /// Whether the real cost is at most this (spot).
    pub upper_bound: bool,
    /// Per hour, 3 to 6 decimals.
    pub usd_per_hour: AmountsView,
    /// Per month of 730 hours, 2 decimals.
    pub usd_per_month: AmountsView,
}

/// USD at the three sizes of a nodegroup.
#[derive(Debug, ToSchema)]
pub struct AmountsView {
    /// At the fewest nodes.
    pub min: String,
    /// At the nodes asked for.
    pub desired: String,
    /// At the most nodes.
    pub max: String,
}
