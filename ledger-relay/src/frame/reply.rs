//! Frames of the relay.

use ledger_core::Refusal;
use ledger_core::bundle::{MAX_RECORD_BYTES, RecordId};
use ledger_core::relay::{Lane, Reader, Writer};

use super::request::{begin, bytes_up_to, fields};
use super::{Code, Cursor, FrameError, lane_number, read_lane, read_list};
use crate::limits::{MAX_FRAME_RECORDS, MAX_SAID_BYTES};
use crate::ticket::Ticket;

/// First frame of a relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayHello {
    /// Version that it speaks.
    pub version: u64,
    /// Names of what it can do beyond the version, at most 32 of 64 bytes.
    pub features: Vec<String>,
    /// Challenge for the proofs of this connection.
    pub challenge: [u8; 32],
    /// The relay's clock in milliseconds since 1970, only to warn of a wrong clock.
    pub time_ms: u64,
    /// Numbers and values of its limits.
    pub limits: Vec<(u64, u64)>,
    /// Days after which a topic that nobody proves goes.
    pub retention_days: u64,
    /// Who runs it.
    pub operator: String,
    /// Whom to tell of abuse.
    pub contact: String,
    /// Address of its policy.
    pub policy: String,
}

/// What became of one record of a put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutResult {
    /// It is durable. The cursor is its place.
    Stored(Lane, Cursor),
    /// It was there before.
    Known(Lane, Cursor),
    /// It was not taken; after so many milliseconds it may be.
    Refused(Code, u64),
}

/// Frame of a relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Says what the relay speaks.
    Hello(RelayHello),
    /// Answers a proof.
    Ticket {
        /// The client's number.
        number: u64,
        /// The ticket.
        ticket: Ticket,
        /// When it ends, in seconds since 1970.
        expires: u64,
    },
    /// Records of a followed topic, one after the other.
    Records {
        /// The number of the follow.
        number: u64,
        /// The lane.
        lane: Lane,
        /// Number of the first of them.
        first: u64,
        /// First bytes of the link of the last.
        link: [u8; 8],
        /// The records.
        records: Vec<Vec<u8>>,
    },
    /// All that was there has been sent.
    CaughtUp {
        /// The number of the follow.
        number: u64,
        /// Last record of the log.
        entries: Cursor,
        /// Last key envelope in its lane.
        keys: Cursor,
    },
    /// A cursor is not one of this log; nothing is followed.
    Diverged {
        /// The number of the follow.
        number: u64,
        /// Which cursor: 0 read, 1 stored, 2 keys.
        which: u64,
        /// Last record of the log.
        entries: Cursor,
        /// Last key envelope in its lane.
        keys: Cursor,
    },
    /// Answers a get. What is in neither list did not fit and is asked for again.
    Found {
        /// The client's number.
        number: u64,
        /// Records.
        records: Vec<Vec<u8>>,
        /// Ids of records that are not here.
        missing: Vec<RecordId>,
    },
    /// Answers a put, record by record in its order.
    Stored {
        /// The client's number.
        number: u64,
        /// One result for each record.
        results: Vec<PutResult>,
    },
    /// Something that another client said.
    Said {
        /// The number of the follow.
        number: u64,
        /// The sealed bytes.
        body: Vec<u8>,
    },
    /// A frame of a type that the relay does not know. The connection goes on.
    Unknown {
        /// The type.
        kind: u64,
    },
    /// A refusal.
    Error {
        /// The client's number, if the frame had one.
        number: Option<u64>,
        /// The reason.
        code: Code,
        /// Milliseconds after which to try again.
        retry_ms: Option<u64>,
        /// The same for people.
        text: String,
    },
}

impl Reply {
    /// A refusal with the text of its code.
    #[must_use]
    pub fn refusal(number: Option<u64>, code: Code, retry_ms: Option<u64>) -> Self {
        Self::Error { number, code, retry_ms, text: code.text().to_owned() }
    }

    /// Reads a frame.
    ///
    /// # Errors
    /// [`FrameError`] if it is none.
    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        let (mut r, kind) = begin(bytes)?;
        let r = &mut r;
        let reply = match kind {
            64 => Self::Hello(read_hello(r)?),
            65 => Self::Ticket {
                number: r.uint()?,
                ticket: Ticket::from_bytes(r.bytes_n()?),
                expires: r.uint()?,
            },
            66 => Self::Records {
                number: r.uint()?,
                lane: read_lane(r)?,
                first: r.uint()?,
                link: r.bytes_n()?,
                records: read_list(r, MAX_FRAME_RECORDS, record)?,
            },
            67 => Self::CaughtUp {
                number: r.uint()?,
                entries: Cursor::read(r)?,
                keys: Cursor::read(r)?,
            },
            68 => Self::Diverged {
                number: r.uint()?,
                which: r.uint()?,
                entries: Cursor::read(r)?,
                keys: Cursor::read(r)?,
            },
            69 => Self::Found {
                number: r.uint()?,
                records: read_list(r, MAX_FRAME_RECORDS, record)?,
                missing: read_list(r, MAX_FRAME_RECORDS, |r| {
                    r.bytes_n().map(RecordId::from_bytes)
                })?,
            },
            70 => Self::Stored {
                number: r.uint()?,
                results: read_list(r, MAX_FRAME_RECORDS, read_result)?,
            },
            71 => Self::Said { number: r.uint()?, body: bytes_up_to(r, MAX_SAID_BYTES)? },
            72 => Self::Unknown { kind: r.uint()? },
            73 => Self::Error {
                number: r.optional(Reader::uint)?,
                code: Code::from_number(r.uint()?),
                retry_ms: r.optional(Reader::uint)?,
                text: r.text(256)?.to_owned(),
            },
            other => return Err(FrameError::Unknown(other)),
        };
        r.clone().finish()?;
        Ok(reply)
    }

    /// Writes the frame.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.array(fields(self.kind()).unwrap_or_default());
        w.uint(self.kind());
        match self {
            Self::Hello(hello) => write_hello(&mut w, hello),
            Self::Ticket { number, ticket, expires } => {
                w.uint(*number);
                w.bytes(&ticket.to_bytes());
                w.uint(*expires);
            }
            Self::Records { number, lane, first, link, records } => {
                w.uint(*number);
                w.uint(lane_number(*lane));
                w.uint(*first);
                w.bytes(link);
                w.list(records.iter(), |w, record| w.bytes(record));
            }
            Self::CaughtUp { number, entries, keys } => {
                w.uint(*number);
                entries.write(&mut w);
                keys.write(&mut w);
            }
            Self::Diverged { number, which, entries, keys } => {
                w.uint(*number);
                w.uint(*which);
                entries.write(&mut w);
                keys.write(&mut w);
            }
            Self::Found { number, records, missing } => {
                w.uint(*number);
                w.list(records.iter(), |w, record| w.bytes(record));
                w.list(missing.iter(), |w, id| w.bytes(id.as_bytes()));
            }
            Self::Stored { number, results } => {
                w.uint(*number);
                w.list(results.iter(), write_result);
            }
            Self::Said { number, body } => {
                w.uint(*number);
                w.bytes(body);
            }
            Self::Unknown { kind } => w.uint(*kind),
            Self::Error { number, code, retry_ms, text } => {
                w.optional(*number, Writer::uint);
                w.uint(code.number());
                w.optional(*retry_ms, Writer::uint);
                w.text(text);
            }
        }
        w.into_bytes()
    }

    fn kind(&self) -> u64 {
        match self {
            Self::Hello(_) => 64,
            Self::Ticket { .. } => 65,
            Self::Records { .. } => 66,
            Self::CaughtUp { .. } => 67,
            Self::Diverged { .. } => 68,
            Self::Found { .. } => 69,
            Self::Stored { .. } => 70,
            Self::Said { .. } => 71,
            Self::Unknown { .. } => 72,
            Self::Error { .. } => 73,
        }
    }
}

fn record(r: &mut Reader<'_>) -> Result<Vec<u8>, Refusal> {
    bytes_up_to(r, MAX_RECORD_BYTES)
}

fn read_hello(r: &mut Reader<'_>) -> Result<RelayHello, Refusal> {
    Ok(RelayHello {
        version: r.uint()?,
        features: read_list(r, 32, |r| r.text(64).map(str::to_owned))?,
        challenge: r.bytes_n()?,
        time_ms: r.uint()?,
        limits: read_list(r, 64, |r| {
            r.array(2)?;
            Ok((r.uint()?, r.uint()?))
        })?,
        retention_days: r.uint()?,
        operator: r.text(256)?.to_owned(),
        contact: r.text(256)?.to_owned(),
        policy: r.text(256)?.to_owned(),
    })
}

fn write_hello(w: &mut Writer, hello: &RelayHello) {
    w.uint(hello.version);
    w.list(hello.features.iter(), |w, feature| w.text(feature));
    w.bytes(&hello.challenge);
    w.uint(hello.time_ms);
    w.list(hello.limits.iter(), |w, (number, value)| {
        w.array(2);
        w.uint(*number);
        w.uint(*value);
    });
    w.uint(hello.retention_days);
    for text in [&hello.operator, &hello.contact, &hello.policy] {
        w.text(text);
    }
}

fn read_result(r: &mut Reader<'_>) -> Result<PutResult, Refusal> {
    r.array(3)?;
    let mut tried = r.clone();
    // 0 and 1 are taken, and 2 is not.
    if tried.uint()? == 2 {
        *r = tried;
        return Ok(PutResult::Refused(Code::from_number(r.uint()?), r.uint()?));
    }
    let known = r.flag()?;
    let (lane, cursor) = (read_lane(r)?, Cursor::read(r)?);
    Ok(if known { PutResult::Known(lane, cursor) } else { PutResult::Stored(lane, cursor) })
}

fn write_result(w: &mut Writer, result: &PutResult) {
    w.array(3);
    match result {
        PutResult::Stored(lane, cursor) | PutResult::Known(lane, cursor) => {
            w.flag(matches!(result, PutResult::Known(..)));
            w.uint(lane_number(*lane));
            cursor.write(w);
        }
        PutResult::Refused(code, retry_ms) => {
            w.uint(2);
            w.uint(code.number());
            w.uint(*retry_ms);
        }
    }
}
