//! Tests of the sealing adapter.
