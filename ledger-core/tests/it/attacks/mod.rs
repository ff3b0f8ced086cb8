//! Attacks as stories of people: each test shows an attempt and that it fails.

mod epochs;
mod idle;
mod keys;
mod limits;
mod money;
mod names;
mod removed;
mod shapes;
mod statements;
mod walks;
