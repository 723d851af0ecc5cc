//! The way of every change: checks, replay, proposal, dry run.
