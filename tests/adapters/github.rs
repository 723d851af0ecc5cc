//! The GitHub adapter against doubles that keep state.

mod api;
