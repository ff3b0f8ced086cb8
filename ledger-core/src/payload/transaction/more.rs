//! Wire form of the end of a transaction: `more`, fields by ascending key (SPEC §4.12).
//!
//! A plain dinner has none of them and ends in null: one byte.

use super::hints::{FIRST_HINT, Hints};
use crate::base::codec::{Reader, Writer};
use crate::base::id::Origin;
use crate::base::limits::{MAX_HINTS, MAX_MORE};
use crate::base::rule::{Refusal, Rule};
use crate::header::Kind;
use crate::money::Direction;

const ORIGIN: u64 = 0;
const DIRECTION: u64 = 1;
/// Bytes of the direction of income. Outgoing money has no such field.
const INCOMING: [u8; 1] = [1];

/// Fields that end an expense or transfer.
#[derive(Default)]
pub(super) struct More {
    pub(super) origin: Option<Origin>,
    pub(super) direction: Direction,
    pub(super) hints: Hints,
}

impl More {
    pub(super) fn read(kind: Kind, r: &mut Reader<'_>) -> Result<Self, Refusal> {
        Ok(r.optional(|r| Self::read_fields(kind, r))?.unwrap_or_default())
    }

    fn read_fields(kind: Kind, r: &mut Reader<'_>) -> Result<Self, Refusal> {
        let broken = |detail: &str| Refusal::with_detail(Rule::P9, detail);
        let len = r.array_up_to(MAX_MORE, Rule::P9)?;
        if len == 0 {
            return Err(broken("no field"));
        }
        let (mut more, mut last) = (Self::default(), None);
        for _ in 0..len {
            r.array(2)?;
            let (key, bytes) = (r.uint()?, r.bytes()?);
            if last.is_some_and(|last| last >= key) {
                return Err(broken("keys that do not ascend"));
            }
            last = Some(key);
            match key {
                ORIGIN => {
                    let id = bytes.try_into().map_err(|_| broken("an origin of another length"))?;
                    more.origin = Some(Origin::from_bytes(id));
                }
                DIRECTION if kind == Kind::EXPENSE && bytes == INCOMING => {
                    more.direction = Direction::Incoming;
                }
                DIRECTION => return Err(broken("an unknown direction")),
                _ => more.hints.set(key, bytes).map_err(|error| broken(&error.to_string()))?,
            }
        }
        Ok(more)
    }

    /// Writes the fields of a transaction.
    pub(super) fn write(
        w: &mut Writer,
        origin: Option<Origin>,
        direction: Direction,
        hints: &Hints,
    ) {
        let is_incoming = direction == Direction::Incoming;
        let own = usize::from(origin.is_some()).saturating_add(usize::from(is_incoming));
        let len = own.saturating_add(hints.iter().count());
        if len == 0 {
            w.null();
            return;
        }
        w.array(len);
        let mut field = |key, bytes: &[u8]| {
            w.array(2);
            w.uint(key);
            w.bytes(bytes);
        };
        if let Some(origin) = origin {
            field(ORIGIN, origin.as_bytes());
        }
        if is_incoming {
            field(DIRECTION, &INCOMING);
        }
        hints.iter().for_each(|(key, bytes)| field(key, bytes));
    }
}

// Origin and direction are no hints, and have room beside as many as there may be.
const _: () = assert!(MAX_MORE == MAX_HINTS + 2 && FIRST_HINT == DIRECTION + 1);
