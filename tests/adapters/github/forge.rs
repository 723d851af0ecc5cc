//! Tests of the whole adapter: a Git server and the API's double over one repository, and forges as replicas have them.

mod crash;
mod ended;
mod hanging;
mod lacking;
mod lifecycle;
mod others;
mod polling;
mod refusals;
mod scene;
mod together;
mod unclear;
mod withdraw;
