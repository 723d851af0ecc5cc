//! Tests of the local adapter: real repositories, looked at with the plain git command.

mod crash;
mod forge;
mod lifecycle;
mod merging;
mod reading;
mod starting;
mod together;
