//! Dates of a file. One that a spreadsheet has changed is told with what it seems to be, never guessed.

use ledger_core::Date;

/// Dates of a file that are not written as its program writes them.
#[derive(Debug, Default)]
pub(crate) struct Dates {
    first: Option<(u64, String)>,
    rows: u64,
    /// Whether the first number of some date is above 12, and whether the second is.
    day_first: bool,
    month_first: bool,
    /// Whether some date is the number of a day, or has a word for its month.
    is_told: bool,
}

/// A day as YYYY-MM-DD, with or without a time behind it.
pub(crate) fn read_date(text: &str) -> Option<Date> {
    let (day, rest) = text.split_at_checked(10).unwrap_or((text, ""));
    let has_time = rest.is_empty()
        || rest
            .strip_prefix(['T', ' '])
            .is_some_and(|time| time.starts_with(|c: char| c.is_ascii_digit()));
    day.parse().ok().filter(|_| has_time)
}

impl Dates {
    /// Keeps a text that may be a date which a spreadsheet changed; returns whether it is one.
    pub(crate) fn push(&mut self, line: u64, text: &str) -> bool {
        // The number of a day, and a month as a word, say at least what happened.
        let is_serial = text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_word =
            |part: &str| (3..=12).contains(&part.len()) && part.chars().all(char::is_alphabetic);
        let words = text.split(['-', '/', '.', ' ', ',']).filter(|part| !part.is_empty());
        let (named, others): (Vec<&str>, Vec<&str>) = words.partition(|part| is_word(part));
        let is_number =
            |part: &&str| part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
        if is_serial || named.len() == 1 && others.len() == 2 && others.iter().all(is_number) {
            self.is_told = true;
            self.rows = self.rows.saturating_add(1);
            self.first.get_or_insert((line, text.to_owned()));
            return true;
        }
        let parts: Vec<&str> = text.split(['/', '.', '-']).map(str::trim).collect();
        let number = |part: &&str| part.parse::<u32>().ok().filter(|_| part.len() <= 4);
        let numbers: Option<Vec<u32>> = parts.iter().map(number).collect();
        let Some([first, second, _]) = numbers.as_deref() else { return false };
        // As programs write it, and no day: nothing that a spreadsheet does.
        if text.contains('-') && *first > 31 {
            return false;
        }
        self.day_first |= (13..=31).contains(first);
        self.month_first |= (13..=31).contains(second);
        self.rows = self.rows.saturating_add(1);
        self.first.get_or_insert((line, text.to_owned()));
        true
    }

    /// The line and text of the first such date, how the dates seem to be written, and how many there
    /// are.
    pub(crate) fn finish(self) -> Option<(u64, String, &'static str, u64)> {
        let (line, text) = self.first?;
        let seems = match (self.day_first, self.month_first) {
            (true, false) => "day first, as it seems",
            (false, true) => "month first, as it seems",
            (true, true) => "some with the day first and some with the month",
            (false, false) if self.is_told => "into numbers of days or words for months",
            (false, false) => "and nothing says whether day or month comes first",
        };
        Some((line, text, seems, self.rows))
    }
}
