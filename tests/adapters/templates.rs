//! Tests of the templates adapter.
