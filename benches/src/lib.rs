//! wip
pub mod model;
pub mod real;
