//! Foundations that every other module uses: ids, tagged hashes, check bytes, limits,
//! rules and refusals, and the codec. Nothing here knows what an entry is.

pub(crate) mod check;
pub(crate) mod codec;
pub(crate) mod hash;
pub(crate) mod id;
pub mod limits;
pub(crate) mod name;
pub(crate) mod rule;
