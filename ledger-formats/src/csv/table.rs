//! CSV into records that know their line.

use ::csv::{ReaderBuilder, StringRecord};

use crate::import::{Problem, ProblemKind};

/// Reads the records of a text one after another and skips blank ones.
pub(crate) struct Table<'a> {
    text: &'a str,
    separator: u8,
    reader: ::csv::Reader<&'a [u8]>,
    /// Where each line begins, in bytes.
    line_starts: Vec<usize>,
}

/// A row of the file.
pub(crate) struct Record {
    /// The line on which it begins, counted from 1.
    pub(crate) line: u64,
    fields: StringRecord,
}

impl<'a> Table<'a> {
    /// Takes the text of a file and the byte between its fields.
    pub(crate) fn new(text: &'a str, separator: u8) -> Self {
        let mut reader = ReaderBuilder::new();
        reader.has_headers(false).flexible(true).delimiter(separator);
        let reader = reader.from_reader(text.as_bytes());
        Self { text, separator, reader, line_starts: line_starts(text.as_bytes()) }
    }

    /// The next record that is not blank.
    pub(crate) fn next(&mut self) -> Result<Option<Record>, Problem> {
        let mut fields = StringRecord::new();
        loop {
            let before = self.position();
            // A slice of valid UTF-8 in flexible mode leaves nothing to fail.
            let more = self.reader.read_record(&mut fields).map_err(|_| {
                Problem::new(line_at(&self.line_starts, before), ProblemKind::NotText)
            })?;
            if !more {
                return Ok(None);
            }
            // The reader skips empty lines before a record, and may have left
            // the second half of a line break.
            let raw = self.text.get(before..self.position()).unwrap_or_default();
            let record = raw.trim_start_matches(['\r', '\n']);
            let skipped = raw.len().saturating_sub(record.len());
            let line = line_at(&self.line_starts, before.saturating_add(skipped));
            check_quotes(record, self.separator).map_err(|kind| Problem::new(line, kind))?;
            if fields.iter().any(|field| !field.trim().is_empty()) {
                return Ok(Some(Record { line, fields }));
            }
        }
    }

    /// Position of the reader, in bytes.
    fn position(&self) -> usize {
        usize::try_from(self.reader.position().byte()).unwrap_or(usize::MAX)
    }
}

impl Record {
    /// A row that does not come from a table, with its number.
    pub(crate) fn new(line: u64, fields: Vec<String>) -> Self {
        Self { line, fields: StringRecord::from(fields) }
    }

    /// The field at `index` as it stands in the file; empty if there is none.
    pub(crate) fn field(&self, index: usize) -> &str {
        self.fields.get(index).unwrap_or_default()
    }

    /// The fields as they stand in the file.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        self.fields.iter()
    }

    /// Number of fields.
    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }
}

/// Position of the beginning of each line. Lines end with LF, CR LF or CR.
fn line_starts(bytes: &[u8]) -> Vec<usize> {
    let following = bytes.iter().skip(1).map(Some).chain([None]);
    let ends = (1..).zip(bytes.iter().zip(following));
    let is_end = |byte, following| match byte {
        b'\n' => true,
        b'\r' => following != Some(&b'\n'),
        _ => false,
    };
    let after = ends.filter(|(_, (byte, following))| is_end(**byte, *following));
    core::iter::once(0).chain(after.map(|(start, _)| start)).collect()
}

/// The line, counted from 1, that holds the byte at `position`.
fn line_at(line_starts: &[usize], position: usize) -> u64 {
    let line = line_starts.partition_point(|start| *start <= position);
    u64::try_from(line).unwrap_or(u64::MAX)
}

/// Refuses a record whose quotation marks the CSV reader would pass over:
/// where one is missing, the following row becomes part of a field.
fn check_quotes(record: &str, separator: u8) -> Result<(), ProblemKind> {
    enum State {
        Start,
        Bare,
        Quoted,
        /// After a quotation mark that closes the field or is half of a pair.
        Closed,
    }
    let mut state = State::Start;
    for byte in record.bytes() {
        state = match (state, byte) {
            (State::Quoted, b'"') => State::Closed,
            (State::Start | State::Closed, b'"') | (State::Quoted, _) => State::Quoted,
            (_, b'\r' | b'\n') => State::Start,
            (_, byte) if byte == separator => State::Start,
            (State::Closed, _) => return Err(ProblemKind::TextAfterQuote),
            (State::Start | State::Bare, _) => State::Bare,
        };
    }
    match state {
        State::Quoted => Err(ProblemKind::UnclosedQuote),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Lines = Vec<(u64, Vec<String>)>;

    /// The line and fields of every record, or the line and kind of the error.
    fn records(bytes: &[u8]) -> Result<Lines, (u64, ProblemKind)> {
        let read = || {
            let (text, _) = crate::csv::decode(bytes)?;
            let mut table = Table::new(&text, b',');
            let mut records = Vec::new();
            while let Some(record) = table.next()? {
                let fields: Vec<_> = record.fields().map(str::to_owned).collect();
                assert_eq!(fields.len(), record.len());
                records.push((record.line, fields));
            }
            Ok(records)
        };
        read().map_err(|error: Problem| (error.line(), error.kind().clone()))
    }

    #[test]
    fn lines_are_counted_past_blanks_breaks_and_marks() {
        for (file, lines) in [
            ("a\nb\nc", vec![1, 2, 3]),
            ("\u{feff}a\nb\n", vec![1, 2]),
            ("\u{feff}\"a\nx\"\nb\n", vec![1, 3]),
            ("a\r\nb\r\n\r\n\r\nc\r\n", vec![1, 2, 5]),
            ("\n\n\na\n\n,,\n \t\n\"\",\nb", vec![4, 9]),
            ("a,\"x\r\ny\r\n\"\r\nb,\"\n\"\nc", vec![1, 4, 6]),
            ("a\rb\r\rc\r", vec![1, 2, 4]),
            ("a\n\r\n\rb\n", vec![1, 4]),
            ("a \u{2028}\u{85}\u{b}x\nb", vec![1, 2]),
            ("", vec![]),
            ("\u{feff}", vec![]),
            ("\r\n , \n", vec![]),
        ] {
            let found: Vec<u64> = records(file.as_bytes()).unwrap().iter().map(|r| r.0).collect();
            assert_eq!(found, lines, "{file:?}");
        }
    }

    #[test]
    fn quoted_fields_are_read() {
        let file = "\"a,\"\"b\"\"\",\"\",5\" c,\"x\r\ny\"\n";
        let fields = ["a,\"b\"", "", "5\" c", "x\r\ny"].map(str::to_owned).to_vec();
        assert_eq!(records(file.as_bytes()), Ok(vec![(1, fields)]));
    }

    #[test]
    fn bad_quotation_marks_are_reported_where_their_row_begins() {
        use ProblemKind::{TextAfterQuote, UnclosedQuote};
        for (file, expected) in [
            ("a\n\nb,\"c\nd\n", (3, UnclosedQuote)),
            ("a\r\n\"", (2, UnclosedQuote)),
            ("\u{feff}\"a\n", (1, UnclosedQuote)),
            ("a\n\"x\"\"", (2, UnclosedQuote)),
            ("a\n\"x\ny\"\n \n\nb,\"c\n\nd,\"e\"\n", (6, TextAfterQuote)),
            ("a\n\"x\" ,b", (2, TextAfterQuote)),
        ] {
            assert_eq!(records(file.as_bytes()), Err(expected), "{file:?}");
        }
    }

    #[test]
    fn only_utf8_text_is_read() {
        let utf16 =
            |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        for (bytes, line) in [
            (b"a\nb\nc\0\n".to_vec(), 3),
            (b"a\r\nb\xe9\n".to_vec(), 2),
            (b"a\n\0\n\xff".to_vec(), 2),
            (b"a\n\xff\n\0".to_vec(), 2),
            (utf16("Date,"), 1),
            (b"\x89PNG\r\n\x1a\n\0".to_vec(), 1),
        ] {
            assert_eq!(records(&bytes), Err((line, ProblemKind::NotText)), "{bytes:02x?}");
        }
    }
}
