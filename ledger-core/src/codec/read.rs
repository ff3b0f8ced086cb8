//! Reading canonical CBOR, with the rule that a bad byte breaks.

use ciborium_io::Read;
use ciborium_ll::{Decoder, Header};

use crate::limits::MAX_INTEGER;
use crate::rule::{Refusal, Rule};

/// The encoding of null, the only simple value in use.
const NULL: u8 = 0xf6;

/// Reads fields one after another from a slice, borrowing from it.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What is not yet read.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Reads the head of an array of exactly `len` elements.
    pub(crate) fn array(&mut self, len: usize) -> Result<(), Refusal> {
        match self.head()? {
            Header::Array(Some(found)) if found == len => Ok(()),
            Header::Array(Some(found)) => {
                Err(Refusal::with_detail(Rule::C6, format!("{found} instead of {len} elements")))
            }
            other => Err(wrong_type(other, "an array")),
        }
    }

    /// Reads the head of an array of at most `max` elements; more break `rule`.
    pub(crate) fn array_up_to(&mut self, max: usize, rule: Rule) -> Result<usize, Refusal> {
        match self.head()? {
            Header::Array(Some(len)) if len <= max => Ok(len),
            Header::Array(Some(len)) => Err(Refusal::with_detail(rule, format!("{len} elements"))),
            other => Err(wrong_type(other, "an array")),
        }
    }

    pub(crate) fn uint(&mut self) -> Result<u64, Refusal> {
        match self.head()? {
            Header::Positive(n) if n <= MAX_INTEGER => Ok(n),
            Header::Positive(_) => Err(Refusal::new(Rule::C7)),
            other => Err(wrong_type(other, "an unsigned integer")),
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Refusal> {
        match self.head()? {
            Header::Bytes(Some(len)) => self.take(len),
            other => Err(wrong_type(other, "a byte string")),
        }
    }

    /// Reads a byte string of exactly `N` bytes.
    pub(crate) fn bytes_n<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        let bytes = self.bytes()?;
        bytes.try_into().map_err(|_| {
            Refusal::with_detail(Rule::C6, format!("{} instead of {N} bytes", bytes.len()))
        })
    }

    /// Reads text of at most `max` bytes.
    pub(crate) fn text(&mut self, max: usize) -> Result<&'a str, Refusal> {
        let bytes = match self.head()? {
            Header::Text(Some(len)) => self.take(len)?,
            other => return Err(wrong_type(other, "text")),
        };
        if bytes.len() > max {
            return Err(Refusal::with_detail(
                Rule::P3,
                format!("{} bytes, at most {max} are allowed", bytes.len()),
            ));
        }
        core::str::from_utf8(bytes).map_err(|_| Refusal::new(Rule::C4))
    }

    /// Reads an array of any length, its elements with `read`.
    pub(crate) fn list<T, C: FromIterator<T>>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, Refusal>,
    ) -> Result<C, Refusal> {
        let len = self.array_up_to(usize::MAX, Rule::C6)?;
        (0..len).map(|_| read(self)).collect()
    }

    /// Reads 0 or 1; anything else breaks rule Q2.
    pub(crate) fn flag(&mut self) -> Result<bool, Refusal> {
        match self.uint()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(Refusal::with_detail(Rule::Q2, format!("{other} instead of 0 or 1"))),
        }
    }

    /// Reads null as `None`, anything else with `read`.
    pub(crate) fn optional<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Refusal>,
    ) -> Result<Option<T>, Refusal> {
        match self.rest.split_first() {
            Some((&NULL, rest)) => {
                self.rest = rest;
                Ok(None)
            }
            _ => read(self).map(Some),
        }
    }

    /// Refuses leftovers.
    pub(crate) fn finish(self) -> Result<(), Refusal> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(Refusal::with_detail(Rule::C5, format!("{} bytes left over", self.rest.len())))
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], Refusal> {
        let Some((taken, rest)) = self.rest.split_at_checked(len) else {
            return Err(cut_short());
        };
        self.rest = rest;
        Ok(taken)
    }

    /// Reads one item head and refuses any but its shortest form.
    fn head(&mut self) -> Result<Header, Refusal> {
        if let Some((head, rest)) = short_head(self.rest) {
            self.rest = rest;
            return Ok(head);
        }
        self.any_head()
    }

    fn any_head(&mut self) -> Result<Header, Refusal> {
        let mut decoder = Decoder::from(Source(self.rest));
        let head = decoder.pull().map_err(|error| match error {
            ciborium_ll::Error::Io(_) => cut_short(),
            ciborium_ll::Error::Syntax(_) => Refusal::with_detail(Rule::C1, "a reserved head"),
        })?;
        let consumed = decoder.offset();
        let Some((_, rest)) = self.rest.split_at_checked(consumed) else {
            return Err(cut_short());
        };
        // Types that never occur are reported as such, however long they are.
        if shortest(head).is_some_and(|shortest| shortest != consumed) {
            return Err(Refusal::new(Rule::C2));
        }
        self.rest = rest;
        Ok(head)
    }
}

/// A head of one or two bytes, in its shortest form, of a type that may occur,
/// and what follows it. Nearly all heads are such, and reading them was what took
/// longest in decoding.
fn short_head(bytes: &[u8]) -> Option<(Header, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (argument, rest) = match (first & 0x1f, rest.split_first()) {
        (argument @ 0..=23, _) => (argument, rest),
        (24, Some((argument @ 24.., rest))) => (*argument, rest),
        _ => return None,
    };
    let len = Some(usize::from(argument));
    let head = match first >> 5 {
        0 => Header::Positive(argument.into()),
        2 => Header::Bytes(len),
        3 => Header::Text(len),
        4 => Header::Array(len),
        _ => return None,
    };
    Some((head, rest))
}

/// Bytes of the shortest form of a head that may occur (RFC 8949 §3).
fn shortest(head: Header) -> Option<usize> {
    let argument = match head {
        Header::Positive(argument) => argument,
        Header::Bytes(Some(len)) | Header::Text(Some(len)) | Header::Array(Some(len)) => {
            u64::try_from(len).ok()?
        }
        _ => return None,
    };
    Some(match argument {
        0..=23 => 1,
        24..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    })
}

fn cut_short() -> Refusal {
    Refusal::with_detail(Rule::C6, "the bytes end too early")
}

fn wrong_type(found: Header, expected: &str) -> Refusal {
    match found {
        Header::Bytes(None) | Header::Text(None) | Header::Array(None) | Header::Map(None) => {
            Refusal::new(Rule::C3)
        }
        _ => Refusal::with_detail(Rule::C1, format!("{expected} was expected")),
    }
}

/// A slice as the source of one head.
struct Source<'a>(&'a [u8]);

struct EndOfInput;

impl Read for Source<'_> {
    type Error = EndOfInput;

    fn read_exact(&mut self, data: &mut [u8]) -> Result<(), EndOfInput> {
        let (read, rest) = self.0.split_at_checked(data.len()).ok_or(EndOfInput)?;
        data.copy_from_slice(read);
        self.0 = rest;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_heads_are_what_the_library_says() {
        let mut short = 0;
        for (first, second) in (0..=255u8).flat_map(|a| (0..=255u8).map(move |b| (a, b))) {
            let bytes = [first, second, 7, 7, 7, 7, 7, 7, 7];
            let mut reader = Reader::new(&bytes);
            let any = reader.any_head().map(|head| (head, reader.rest));
            if let Some(found) = short_head(&bytes) {
                assert_eq!(any, Ok(found), "{first:02x} {second:02x}");
                short += 1;
            } else if let Ok((head, rest)) = any {
                // What is left to the library: longer heads, and other types.
                assert!(rest.len() < 7 || shortest(head).is_none(), "{first:02x} {second:02x}");
            }
        }
        assert_eq!(short, 4 * (24 * 256 + 232));
        assert_eq!(short_head(&[0x18]), None);
        assert_eq!(short_head(&[]), None);
    }
}
