//! `ledger categories` and `ledger tags`: the words by which expenses are found.

use std::io::Write;

use ledger_core::Date;
use ledger_store::{Lists, StoreError};
use serde_json::{Value, json};

use crate::args::Read;
use crate::context::{open, the_group};
use crate::failure::Failure;
use crate::read::print_json;
use crate::show::{Align, one_line, table};

/// Rows read from the database at once.
const PAGE: u32 = 500;

/// A word, and the last day of an expense with it.
type InUse = (String, Date);

pub(crate) fn categories(arguments: &Read, out: &mut dyn Write) -> Result<(), Failure> {
    let page = |lists: Lists<'_>, after: Option<&str>| {
        let page = lists.categories(after, PAGE)?.into_iter();
        Ok(page.map(|category| (category.name, category.last_day)).collect())
    };
    list(arguments, "category", page, out)
}

pub(crate) fn tags(arguments: &Read, out: &mut dyn Write) -> Result<(), Failure> {
    let page = |lists: Lists<'_>, after: Option<&str>| {
        let page = lists.tags(after, PAGE)?.into_iter();
        Ok(page.map(|tag| (tag.name, tag.last_day)).collect())
    };
    list(arguments, "tag", page, out)
}

/// Prints all words of one sort, in the order of their bytes.
fn list(
    arguments: &Read,
    word: &str,
    page: impl Fn(Lists<'_>, Option<&str>) -> Result<Vec<InUse>, StoreError>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let location = &arguments.location;
    let group = the_group(&open(location)?, location)?;
    let mut all: Vec<InUse> = Vec::new();
    loop {
        let next = page(group.lists(), all.last().map(|(name, _)| name.as_str()))?;
        if next.is_empty() {
            break;
        }
        all.extend(next);
    }
    if arguments.json {
        let row = |(name, day): &InUse| json!({ "name": name, "last_day": day.to_string() });
        return print_json(out, &all.iter().map(row).collect::<Vec<Value>>());
    }
    if all.is_empty() {
        writeln!(out, "  No expense has a {word}.")?;
    }
    let row = |(name, day): &InUse| [one_line(name), format!("last on {day}")];
    table(out, [Align::Left; 2], &all.iter().map(row).collect::<Vec<_>>())
}
