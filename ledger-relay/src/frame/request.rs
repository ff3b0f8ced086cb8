//! Frames of the client.

use ledger_core::Refusal;
use ledger_core::bundle::{MAX_RECORD_BYTES, RecordId};
use ledger_core::relay::{AccessProof, Reader, Writer};
use ledger_core::seal::Topic;

use super::{Cursor, read_list};
use crate::limits::{MAX_FRAME_BYTES, MAX_FRAME_RECORDS, MAX_SAID_BYTES};
use crate::ticket::Ticket;

/// First frame of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientHello {
    /// Versions that it speaks, at most 8.
    pub versions: Vec<u64>,
    /// Names of what it can do beyond the version, at most 32 of 64 bytes.
    pub features: Vec<String>,
    /// Token of a relay that is not open to everybody, at most 256 bytes.
    pub token: Option<Vec<u8>>,
}

/// Frame of a client. `number` is the client's choice; answers repeat it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Says what the client speaks.
    Hello(ClientHello),
    /// Proves a topic and asks for a ticket.
    Prove {
        /// The client's number.
        number: u64,
        /// The topic.
        topic: Topic,
        /// The challenge, if it is not the one of this connection.
        challenge: Option<[u8; 32]>,
        /// The proof.
        proof: AccessProof,
    },
    /// Asks for the records of a topic, and for those to come.
    Follow {
        /// The client's number, which names the topic in what follows.
        number: u64,
        /// The topic.
        topic: Topic,
        /// Its ticket; not needed after a proof in this connection.
        ticket: Option<Ticket>,
        /// Last record that the client read.
        read: Option<Cursor>,
        /// Last record that the relay acknowledged, if that is not before `read`.
        stored: Option<Cursor>,
        /// Last key envelope that the client read.
        keys: Option<Cursor>,
    },
    /// Ends following.
    Unfollow {
        /// The number of the follow.
        number: u64,
    },
    /// Grants bytes of records to be sent.
    Credit {
        /// That many more.
        bytes: u64,
    },
    /// Asks for records by id.
    Get {
        /// The client's number.
        number: u64,
        /// The topic.
        topic: Topic,
        /// Its ticket.
        ticket: Option<Ticket>,
        /// At most 1,000 ids.
        ids: Vec<RecordId>,
    },
    /// Brings records.
    Put {
        /// The client's number.
        number: u64,
        /// The topic.
        topic: Topic,
        /// Its ticket.
        ticket: Option<Ticket>,
        /// At most 1,000 records.
        records: Vec<Vec<u8>>,
    },
    /// Says something to those who follow now.
    Say {
        /// The client's number.
        number: u64,
        /// The topic.
        topic: Topic,
        /// Its ticket.
        ticket: Option<Ticket>,
        /// At most 1,200 sealed bytes.
        body: Vec<u8>,
    },
}

/// Error of a frame that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Longer than a frame may be (rule F1).
    #[error("a frame has {0} bytes; {MAX_FRAME_BYTES} are allowed")]
    Length(usize),
    /// A type of a later version: answered, and the connection goes on (rule F3).
    #[error("frames of type {0} are not known")]
    Unknown(u64),
    /// Not an array of the fields of its type (rule F2).
    #[error("a frame breaks rule {}", .0.rule().code())]
    Malformed(Refusal),
}

impl From<Refusal> for FrameError {
    fn from(refusal: Refusal) -> Self {
        Self::Malformed(refusal)
    }
}

impl Request {
    /// Reads a frame. Its size is checked before anything else, and no length in it is trusted.
    ///
    /// # Errors
    /// [`FrameError`] if it is none.
    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        let (mut r, kind) = begin(bytes)?;
        let request = match kind {
            0 => Self::Hello(read_hello(&mut r)?),
            1 => Self::Prove {
                number: r.uint()?,
                topic: Topic::from_bytes(r.bytes_n()?),
                challenge: r.optional(Reader::bytes_n)?,
                proof: AccessProof {
                    commit: r.bytes_n()?,
                    access: r.bytes_n()?,
                    signature: r.bytes_n()?,
                },
            },
            2 => {
                let (number, topic, ticket) = subject(&mut r)?;
                let read = r.optional(Cursor::read)?;
                let stored = r.optional(Cursor::read)?;
                Self::Follow {
                    number,
                    topic,
                    ticket,
                    read,
                    stored,
                    keys: r.optional(Cursor::read)?,
                }
            }
            3 => Self::Unfollow { number: r.uint()? },
            4 => Self::Credit { bytes: r.uint()? },
            5 => {
                let (number, topic, ticket) = subject(&mut r)?;
                let id = |r: &mut Reader<'_>| r.bytes_n().map(RecordId::from_bytes);
                Self::Get { number, topic, ticket, ids: read_list(&mut r, MAX_FRAME_RECORDS, id)? }
            }
            6 => {
                let (number, topic, ticket) = subject(&mut r)?;
                let record = |r: &mut Reader<'_>| bytes_up_to(r, MAX_RECORD_BYTES);
                let records = read_list(&mut r, MAX_FRAME_RECORDS, record)?;
                Self::Put { number, topic, ticket, records }
            }
            7 => {
                let (number, topic, ticket) = subject(&mut r)?;
                Self::Say { number, topic, ticket, body: bytes_up_to(&mut r, MAX_SAID_BYTES)? }
            }
            other => return Err(FrameError::Unknown(other)),
        };
        r.finish()?;
        Ok(request)
    }

    /// Writes the frame.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.array(fields(self.kind()).unwrap_or_default());
        w.uint(self.kind());
        match self {
            Self::Hello(hello) => {
                w.list(hello.versions.iter(), |w, version| w.uint(*version));
                w.list(hello.features.iter(), |w, feature| w.text(feature));
                w.optional(hello.token.as_ref(), |w, token| w.bytes(token));
            }
            Self::Prove { number, topic, challenge, proof } => {
                w.uint(*number);
                w.bytes(topic.as_bytes());
                w.optional(challenge.as_ref(), |w, challenge| w.bytes(challenge));
                w.bytes(&proof.commit);
                w.bytes(&proof.access);
                w.bytes(&proof.signature);
            }
            Self::Follow { number, topic, ticket, read, stored, keys } => {
                write_subject(&mut w, *number, topic, *ticket);
                for cursor in [read, stored, keys] {
                    w.optional(*cursor, |w, cursor| cursor.write(w));
                }
            }
            Self::Unfollow { number } => w.uint(*number),
            Self::Credit { bytes } => w.uint(*bytes),
            Self::Get { number, topic, ticket, ids } => {
                write_subject(&mut w, *number, topic, *ticket);
                w.list(ids.iter(), |w, id| w.bytes(id.as_bytes()));
            }
            Self::Put { number, topic, ticket, records } => {
                write_subject(&mut w, *number, topic, *ticket);
                w.list(records.iter(), |w, record| w.bytes(record));
            }
            Self::Say { number, topic, ticket, body } => {
                write_subject(&mut w, *number, topic, *ticket);
                w.bytes(body);
            }
        }
        w.into_bytes()
    }

    fn kind(&self) -> u64 {
        match self {
            Self::Hello(_) => 0,
            Self::Prove { .. } => 1,
            Self::Follow { .. } => 2,
            Self::Unfollow { .. } => 3,
            Self::Credit { .. } => 4,
            Self::Get { .. } => 5,
            Self::Put { .. } => 6,
            Self::Say { .. } => 7,
        }
    }
}

/// Elements of the array of a type, the type itself among them.
pub(super) fn fields(kind: u64) -> Option<usize> {
    Some(match kind {
        0 => 4,
        1 | 2 => 7,
        3 | 4 => 2,
        5..=7 => 5,
        64 => 10,
        65 => 4,
        66 => 6,
        67 => 4,
        68 => 5,
        69 => 4,
        70 | 71 => 3,
        72 => 2,
        73 => 5,
        _ => return None,
    })
}

/// Reads the head and the type of a frame, and checks that it has that type's fields.
pub(super) fn begin(bytes: &[u8]) -> Result<(Reader<'_>, u64), FrameError> {
    if bytes.len() > MAX_FRAME_BYTES {
        return Err(FrameError::Length(bytes.len()));
    }
    let mut r = Reader::new(bytes);
    let whole = r.clone();
    r.array_up_to(usize::MAX, ledger_core::Rule::C6)?;
    let kind = r.uint()?;
    let len = fields(kind).ok_or(FrameError::Unknown(kind))?;
    r = whole;
    r.array(len)?;
    r.uint()?;
    Ok((r, kind))
}

fn read_hello(r: &mut Reader<'_>) -> Result<ClientHello, Refusal> {
    Ok(ClientHello {
        versions: read_list(r, 8, |r| r.uint())?,
        features: read_list(r, 32, |r| r.text(64).map(str::to_owned))?,
        token: r.optional(|r| bytes_up_to(r, 256))?,
    })
}

/// Number, topic and ticket, with which most frames begin.
fn subject(r: &mut Reader<'_>) -> Result<(u64, Topic, Option<Ticket>), Refusal> {
    let number = r.uint()?;
    let topic = Topic::from_bytes(r.bytes_n()?);
    Ok((number, topic, r.optional(Reader::bytes_n)?.map(Ticket::from_bytes)))
}

fn write_subject(w: &mut Writer, number: u64, topic: &Topic, ticket: Option<Ticket>) {
    w.uint(number);
    w.bytes(topic.as_bytes());
    w.optional(ticket, |w, ticket| w.bytes(&ticket.to_bytes()));
}

/// Reads a byte string of at most `most` bytes. More break rule C6, as a wrong length does.
pub(super) fn bytes_up_to(r: &mut Reader<'_>, most: usize) -> Result<Vec<u8>, Refusal> {
    let before = r.clone();
    let bytes = r.bytes()?;
    if bytes.len() > most {
        // An array of no elements is never there: this names the rule and keeps the place.
        *r = before;
        return r.bytes_n::<0>().map(|_| Vec::new());
    }
    Ok(bytes.to_vec())
}
