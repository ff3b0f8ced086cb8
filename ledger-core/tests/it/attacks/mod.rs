//! Attacks, as stories of people: each test says who tries what, and that it
//! does not work.

mod epochs;
mod keys;
mod limits;
mod money;
mod names;
mod removed;
mod shapes;
mod statements;
