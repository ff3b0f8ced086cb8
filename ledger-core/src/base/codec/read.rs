//! Reader of canonical CBOR. An error names the rule that the bytes break.

use ciborium_io::Read;
use ciborium_ll::{Decoder, Header};

use crate::base::limits::{MAX_INTEGER, MAX_NAME_BYTES};
use crate::base::rule::{Refusal, Rule};

/// The encoding of null, the only simple value in use.
const NULL: u8 = 0xf6;

/// Reader of the fields in a byte slice, one after another. Strings borrow from the slice.
#[derive(Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Creates a reader of these bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Reads bytes to their end as one value.
    ///
    /// # Errors
    /// The rule of SPEC §1.3 that the bytes break.
    pub fn read_whole<T>(
        bytes: &'a [u8],
        read: impl FnOnce(&mut Self) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut r = Self::new(bytes);
        let value = read(&mut r)?;
        r.finish()?;
        Ok(value)
    }

    /// The bytes that are not yet read.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Reads the head of an array of exactly `len` elements.
    ///
    /// # Errors
    /// The rule of SPEC §1.3 that the bytes break.
    pub fn array(&mut self, len: usize) -> Result<(), Refusal> {
        let found = self.argument(Type::Array)?;
        if u64::try_from(len) == Ok(found) {
            return Ok(());
        }
        Err(Refusal::with_detail(Rule::C6, format!("{found} instead of {len} elements")))
    }

    /// Reads the head of an array of at most `max` elements; more break `rule`.
    ///
    /// # Errors
    /// The rule of SPEC §1.3 that the bytes break.
    pub fn array_up_to(&mut self, max: usize, rule: Rule) -> Result<usize, Refusal> {
        let found = self.argument(Type::Array)?;
        let len = usize::try_from(found).ok().filter(|len| *len <= max);
        len.ok_or_else(|| Refusal::with_detail(rule, format!("{found} elements")))
    }

    /// Reads an integer.
    ///
    /// # Errors
    /// The rule of SPEC §1.3 that the bytes break.
    pub fn uint(&mut self) -> Result<u64, Refusal> {
        match self.argument(Type::Uint)? {
            n if n <= MAX_INTEGER => Ok(n),
            _ => Err(Refusal::new(Rule::C7)),
        }
    }

    /// Reads a byte string.
    ///
    /// # Errors
    /// The rule of SPEC §1.3 that the bytes break.
    pub fn bytes(&mut self) -> Result<&'a [u8], Refusal> {
        let len = self.argument(Type::Bytes)?;
        self.take(len)
    }

    /// Reads a byte string of exactly `N` bytes.
    ///
    /// # Errors
    /// The rule of SPEC §1.3 that the bytes break.
    pub fn bytes_n<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        let bytes = self.bytes()?;
        bytes.try_into().map_err(|_| {
            Refusal::with_detail(Rule::C6, format!("{} instead of {N} bytes", bytes.len()))
        })
    }

    /// Reads text of at most `max` bytes.
    ///
    /// # Errors
    /// The rule of SPEC §1.3 that the bytes break.
    pub fn text(&mut self, max: usize) -> Result<&'a str, Refusal> {
        let len = self.argument(Type::Text)?;
        let bytes = self.take(len)?;
        if bytes.len() > max {
            return Err(Refusal::with_detail(
                Rule::P3,
                format!("{} bytes, at most {max} are allowed", bytes.len()),
            ));
        }
        core::str::from_utf8(bytes).map_err(|_| Refusal::new(Rule::C4))
    }

    /// Reads a name of a member or a group: not empty, at most 256 bytes (rule P3).
    ///
    /// # Errors
    /// The rule of SPEC §1.3 that the bytes break.
    pub fn name(&mut self) -> Result<String, Refusal> {
        let name = self.text(MAX_NAME_BYTES)?;
        if name.is_empty() {
            return Err(Refusal::with_detail(Rule::P3, "an empty name"));
        }
        Ok(name.to_owned())
    }

    /// Reads an array of any length, its elements with `read`.
    ///
    /// # Errors
    /// The rule of SPEC §1.3 that the bytes break.
    pub fn list<T, C: FromIterator<T>>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, Refusal>,
    ) -> Result<C, Refusal> {
        let len = self.array_up_to(usize::MAX, Rule::C6)?;
        (0..len).map(|_| read(self)).collect()
    }

    /// Reads 0 or 1; anything else breaks rule Q2.
    ///
    /// # Errors
    /// The rule of SPEC §1.3 that the bytes break.
    pub fn flag(&mut self) -> Result<bool, Refusal> {
        match self.uint()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(Refusal::with_detail(Rule::Q2, format!("{other} instead of 0 or 1"))),
        }
    }

    /// Reads null as `None`, anything else with `read`.
    ///
    /// # Errors
    /// The rule of SPEC §1.3 that the bytes break.
    pub fn optional<T>(
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

    /// Ends the reading; bytes that are left over break rule C5.
    ///
    /// # Errors
    /// The rule of SPEC §1.3 that the bytes break.
    pub fn finish(self) -> Result<(), Refusal> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(Refusal::with_detail(Rule::C5, format!("{} bytes left over", self.rest.len())))
    }

    fn take(&mut self, len: u64) -> Result<&'a [u8], Refusal> {
        let len = usize::try_from(len).map_err(|_| cut_short())?;
        let Some((taken, rest)) = self.rest.split_at_checked(len) else {
            return Err(cut_short());
        };
        self.rest = rest;
        Ok(taken)
    }

    /// Reads a head of this type, which must be in its shortest form, and returns its argument.
    #[inline]
    fn argument(&mut self, kind: Type) -> Result<u64, Refusal> {
        match usual_head(kind, self.rest) {
            Some((argument, rest)) => {
                self.rest = rest;
                Ok(argument)
            }
            None => Err(self.refuse_head(kind)),
        }
    }

    /// The rule that the next head breaks, in a cold function of its own.
    #[cold]
    fn refuse_head(&mut self, expected: Type) -> Refusal {
        self.any_head().map_or_else(|refusal| refusal, |head| wrong_type(head, expected))
    }

    /// Reads a head of any type with `ciborium-ll`. A form that is not the shortest breaks
    /// rule C2.
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
        if argument(head).is_some_and(|argument| shortest(argument) != consumed) {
            return Err(Refusal::new(Rule::C2));
        }
        self.rest = rest;
        Ok(head)
    }
}

/// Major types that occur in the format, by their numbers (RFC 8949 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Type {
    Uint = 0,
    Bytes = 2,
    Text = 3,
    Array = 4,
}

/// Reads a head of this type in its shortest form: its argument, and the bytes after it.
/// Returns `None` for anything else; the slow path then produces the error.
///
/// Without this fast path, decoding spent most of its time in the library's reading of heads.
#[inline]
fn usual_head(kind: Type, bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    match first.checked_sub((kind as u8) << 5)? {
        // By far the most frequent form.
        argument @ 0..=23 => Some((argument.into(), rest)),
        form => long_head(form, rest),
    }
}

/// Reads the argument of one, two, four or eight bytes that follows the first byte of a head.
fn long_head(form: u8, bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (argument, rest) = match form {
        24 => bytes.split_first_chunk().map(|(n, rest)| (u8::from_be_bytes(*n).into(), rest))?,
        25 => bytes.split_first_chunk().map(|(n, rest)| (u16::from_be_bytes(*n).into(), rest))?,
        26 => bytes.split_first_chunk().map(|(n, rest)| (u32::from_be_bytes(*n).into(), rest))?,
        27 => bytes.split_first_chunk().map(|(n, rest)| (u64::from_be_bytes(*n), rest))?,
        _ => return None,
    };
    let consumed = bytes.len().checked_sub(rest.len())?.checked_add(1)?;
    (shortest(argument) == consumed).then_some((argument, rest))
}

/// The argument of a head whose type occurs in the format.
fn argument(head: Header) -> Option<u64> {
    match head {
        Header::Positive(argument) => Some(argument),
        Header::Bytes(Some(len)) | Header::Text(Some(len)) | Header::Array(Some(len)) => {
            u64::try_from(len).ok()
        }
        _ => None,
    }
}

/// Length of the shortest form of a head with this argument, in bytes (RFC 8949 §3).
fn shortest(argument: u64) -> usize {
    match argument {
        0..=23 => 1,
        24..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}

fn cut_short() -> Refusal {
    Refusal::with_detail(Rule::C6, "the bytes end too early")
}

fn wrong_type(found: Header, expected: Type) -> Refusal {
    let expected = match expected {
        Type::Uint => "an unsigned integer",
        Type::Bytes => "a byte string",
        Type::Text => "text",
        Type::Array => "an array",
    };
    match found {
        Header::Bytes(None) | Header::Text(None) | Header::Array(None) | Header::Map(None) => {
            Refusal::new(Rule::C3)
        }
        _ => Refusal::with_detail(Rule::C1, format!("{expected} was expected")),
    }
}

/// Adapter that lets `ciborium-ll` read from a slice.
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
    use proptest::prelude::*;

    const TYPES: [Type; 4] = [Type::Uint, Type::Bytes, Type::Text, Type::Array];

    /// Type, argument and rest as the library reads them, for heads in their shortest form whose
    /// type may occur.
    fn by_the_library(bytes: &[u8]) -> Option<(Type, u64, &[u8])> {
        let mut reader = Reader::new(bytes);
        let head = reader.any_head().ok()?;
        let of = match head {
            Header::Positive(_) => Type::Uint,
            Header::Bytes(_) => Type::Bytes,
            Header::Text(_) => Type::Text,
            _ => Type::Array,
        };
        argument(head).map(|argument| (of, argument, reader.rest))
    }

    fn usual(bytes: &[u8]) -> Option<(Type, u64, &[u8])> {
        let mut found = TYPES
            .iter()
            .filter_map(|of| usual_head(*of, bytes).map(|(argument, rest)| (*of, argument, rest)));
        let first = found.next();
        assert!(found.next().is_none(), "of one type");
        first
    }

    #[test]
    fn usual_heads_are_what_the_library_says() {
        let mut count = 0;
        for (first, second) in (0..=255u8).flat_map(|a| (0..=255u8).map(move |b| (a, b))) {
            for third in [0, 7] {
                let bytes = [first, second, third, 0, 0, 0, 0, 0, 1, 9];
                let found = usual(&bytes);
                assert_eq!(found, by_the_library(&bytes), "{first:02x} {second:02x} {third:02x}");
                count += usize::from(found.is_some());
            }
        }
        // Four types, each with heads of one, two, three, five and nine bytes.
        assert_eq!(count, 4 * (2 * 24 * 256 + 2 * 232 + 2 * 255 + 2 * 255 + 1 + 2 * 255 + 1));
    }

    proptest! {
        #[test]
        fn heads_are_what_the_library_says(
            kind in 0u8..8,
            argument in prop_oneof![0u64..300, any::<u32>().prop_map(u64::from), any::<u64>()],
            form in 0usize..5,
            cut in 0usize..10,
        ) {
            let n = argument.to_be_bytes();
            let forms: [(u8, &[u8]); 5] =
                [(n[7].min(23), &[]), (24, &n[7..]), (25, &n[6..]), (26, &n[4..]), (27, &n)];
            let (low, rest) = forms[form];
            let mut bytes = vec![kind << 5 | low];
            bytes.extend_from_slice(rest);
            bytes.extend_from_slice(&[5; 3]);
            bytes.truncate(bytes.len().saturating_sub(cut));
            prop_assert_eq!(usual(&bytes), by_the_library(&bytes));
        }
    }
}
