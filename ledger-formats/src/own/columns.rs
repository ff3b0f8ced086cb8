//! Columns of the table.

use crate::csv::{Columns, without_guard};

pub(super) const DATE: usize = 0;
pub(super) const DESCRIPTION: usize = 1;
pub(super) const CATEGORY: usize = 2;
pub(super) const COST: usize = 3;
pub(super) const CURRENCY: usize = 4;
/// The first column of a member's net.
pub(super) const NETS: usize = 5;

/// The columns before those of members, as Splitwise has them.
pub(super) const FIXED: [&str; NETS] = ["Date", "Description", "Category", "Cost", "Currency"];

/// The columns behind the nets.
pub(super) const DETAILS: [&str; 9] =
    ["Kind", "Note", "Tags", "Paid in", "Rate", "Rate source", "Hints", "Entry", "Origin"];

pub(super) const KIND: usize = 0;
pub(super) const NOTE: usize = 1;
pub(super) const TAGS: usize = 2;
pub(super) const PAID_IN: usize = 3;
pub(super) const RATE: usize = 4;
pub(super) const RATE_SOURCE: usize = 5;
pub(super) const HINTS: usize = 6;
pub(super) const ENTRY: usize = 7;
pub(super) const ORIGIN: usize = 8;

pub(super) const PAID: &str = "Paid ";
pub(super) const OWES: &str = "Owes ";

/// Where the columns of a table stand.
pub(crate) struct Layout {
    pub(super) line: u64,
    pub(super) names: Vec<String>,
}

/// Whether a header has columns that only this program writes, in whatever order.
pub(crate) fn is_ours(columns: &Columns) -> bool {
    ["Kind", "Hints", "Entry", "Origin"].iter().all(|name| columns.place(name).is_some())
        && columns.names.iter().any(|name| name.starts_with(PAID))
}

impl Layout {
    /// The layout of a header, if it is as this program writes it. A spreadsheet may have added blank
    /// columns.
    pub(crate) fn of(columns: &Columns) -> Option<Self> {
        let blank = columns.names.iter().rev().take_while(|name| name.is_empty()).count();
        let names = columns.names.get(..columns.names.len().checked_sub(blank)?)?;
        let rest = names.len().checked_sub(NETS)?.checked_sub(DETAILS.len())?;
        let people = rest.checked_div(3).filter(|people| people.checked_mul(3) == Some(rest))?;
        let (fixed, names) = names.split_at_checked(NETS)?;
        let (nets, names) = names.split_at_checked(people)?;
        let (details, parts) = names.split_at_checked(DETAILS.len())?;
        let names: Vec<String> = nets.iter().map(|name| without_guard(name).to_owned()).collect();
        let is_part = |(place, column): (usize, &String)| {
            let (name, is_share) = (names.get(place.div_euclid(2)), place.rem_euclid(2) == 1);
            let name = column.strip_prefix(if is_share { OWES } else { PAID }).zip(name);
            name.is_some_and(|(column, name)| column.trim() == name.trim())
        };
        let is_ours = fixed == FIXED && details == DETAILS && parts.iter().enumerate().all(is_part);
        is_ours.then_some(Self { line: columns.line, names })
    }

    /// Number of columns.
    pub(super) fn width(&self) -> usize {
        self.details()
            .saturating_add(DETAILS.len())
            .saturating_add(self.names.len().saturating_mul(2))
    }

    /// The first column of the details.
    pub(super) fn details(&self) -> usize {
        self.names.len().saturating_add(NETS)
    }

    /// The columns of what somebody paid and owes.
    pub(super) fn parts(&self, person: usize) -> (usize, usize) {
        let first = self.details().saturating_add(DETAILS.len());
        let paid = first.saturating_add(person.saturating_mul(2));
        (paid, paid.saturating_add(1))
    }

    /// The name of a column, for messages.
    pub(super) fn name(&self, place: usize) -> String {
        let person = |place: usize| self.names.get(place).map_or("", String::as_str);
        if let Some(name) = FIXED.get(place) {
            return (*name).to_owned();
        }
        let place = place.saturating_sub(NETS);
        if place < self.names.len() {
            return person(place).to_owned();
        }
        let place = place.saturating_sub(self.names.len());
        if let Some(name) = DETAILS.get(place) {
            return (*name).to_owned();
        }
        let place = place.saturating_sub(DETAILS.len());
        let word = if place.rem_euclid(2) == 1 { OWES } else { PAID };
        format!("{word}{}", person(place.div_euclid(2)))
    }
}
