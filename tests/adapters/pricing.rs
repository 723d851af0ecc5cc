//! Tests of the pricing adapter.
