//! Services of a member to others: inviting and admitting them (SPEC §14), and keeping shares of
//! their recovery phrases (SPEC §16).
//!
//! The inviter's device makes a link, and keeps its secret and policy. The joiner's device answers
//! the link with a request; the inviter's device admits the person and answers. With that answer
//! the joiner's device enters the group; the entries come in a bundle.

mod admit;
mod invite_rows;
mod invites;
mod receive;
mod request_rows;
mod shares;

pub use admit::Admitted;
pub use invite_rows::{Invite, NewInvite};
pub use invites::Invites;
pub use receive::Received;
pub(crate) use receive::receive_request;
pub use request_rows::{Request, RequestId};
pub(crate) use shares::keep_share;
pub use shares::{KeptShare, ShareId, Shares};
