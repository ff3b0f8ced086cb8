//! `ledger history`: the versions of an expense or transfer, and the reviews of it.

use std::io::Write;

use ledger_core::{GroupState, MemberId, Transaction, Verdict};
use ledger_formats::json::{Values, merge};
use ledger_store::{Group, Review, Version, VersionKind};
use serde_json::{Value, json};

use crate::args::History;
use crate::context::{People, open, the_group};
use crate::entry::{find, in_words, original};
use crate::failure::Failure;
use crate::read::print_json;
use crate::show::one_line;

/// Versions read from the database at once.
const PAGE: u32 = 500;

pub(crate) fn run(arguments: &History, out: &mut dyn Write) -> Result<(), Failure> {
    let location = &arguments.read.location;
    let group = the_group(&open(location)?, location)?;
    let state = group.state()?;
    let id = original(&group, &state, find(&group, &state, &arguments.entry)?)?;
    let versions = versions(&group, id)?;
    let reviews = group.lists().reviews(id)?;
    let people = People::of(&state);
    if arguments.read.json {
        return print_json(out, &rows(&versions, &reviews, &state, &people));
    }
    print(&group, &versions, &people, out)?;
    for review in &reviews {
        let who = one_line(people.label(review.member));
        let does = match (review.confirms, review.current) {
            (true, true) => "confirms it".to_owned(),
            (false, true) => "disputes it".to_owned(),
            // What they said of a version says nothing of what is shown now.
            (true, false) => format!("confirmed {}", group.lists().short_id(review.target)?),
            (false, false) => format!("disputed {}", group.lists().short_id(review.target)?),
        };
        let note = review.note.as_ref().map_or_else(String::new, |note| format!(": {note}"));
        writeln!(out, "{who} {does}{}", one_line(&note))?;
    }
    Ok(())
}

/// All versions, newest first.
pub(crate) fn versions(
    group: &Group,
    original: ledger_core::EntryId,
) -> Result<Vec<Version>, Failure> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = group.lists().history(original, after, PAGE)?;
        let Some(last) = page.last() else { return Ok(all) };
        after = Some(last.cursor);
        all.extend(page);
    }
}

/// Prints the versions as they came about, with what each correction changed.
fn print(
    group: &Group,
    versions: &[Version],
    people: &People,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    for (version, shown) in with_shown(versions) {
        let id = group.lists().short_id(version.entry.id())?;
        let who = one_line(version.author.map_or("?", |author| people.label(author)));
        let when = instant(version.entry.decoded().header().timestamp_ms());
        let did = did(version.kind);
        let content = match (version.kind, &version.transaction) {
            (VersionKind::Original | VersionKind::Copy, Some(transaction)) => {
                format!(" {}", in_words(transaction))
            }
            _ => version.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}")),
        };
        let verdict = match version.verdict {
            Verdict::Applied => String::new(),
            Verdict::Void(reason) => format!(" (void: {reason})"),
            Verdict::Unknown => " (needs a newer version)".to_owned(),
        };
        writeln!(out, "{id}  {when}  {who} {did}{}{verdict}", one_line(&content))?;
        let Some(transaction) = &version.transaction else { continue };
        if version.kind == VersionKind::Correction {
            print_differences(shown, transaction, people, out)?;
        }
    }
    Ok(())
}

/// The versions as they came about, each with the content that was shown before it. Of several
/// originals only the first that counts is ever shown, a copy only if no original counts, and what
/// does not count is never shown.
fn with_shown(versions: &[Version]) -> Vec<(&Version, Option<&Transaction>)> {
    let first = |kind: VersionKind| {
        let found = |version: &&Version| version.kind == kind && version.verdict.is_applied();
        versions.iter().rev().find(found).map(|version| version.entry.id())
    };
    let begins = first(VersionKind::Original).or_else(|| first(VersionKind::Copy));
    let mut shown: Option<&Transaction> = None;
    let mut all = Vec::new();
    for version in versions.iter().rev() {
        all.push((version, shown));
        let corrects = version.kind == VersionKind::Correction && version.verdict.is_applied();
        if corrects || (begins == Some(version.entry.id()) && shown.is_none()) {
            shown = version.transaction.as_ref();
        }
    }
    all
}

/// Prints a line for each difference.
pub(crate) fn print_differences(
    before: Option<&Transaction>,
    after: &Transaction,
    people: &People,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let label = |member: MemberId| people.label(member).to_owned();
    for difference in before.iter().flat_map(|before| before.differences(after)) {
        writeln!(out, "  {}", one_line(&difference.text(label)))?;
    }
    Ok(())
}

fn did(kind: VersionKind) -> &'static str {
    match kind {
        VersionKind::Original => "recorded",
        VersionKind::Copy => "copied",
        VersionKind::Correction => "corrected it",
        VersionKind::Cancellation => "cancelled it",
        VersionKind::Restoration => "restored it",
    }
}

/// A time by the clock of the device that wrote it, in this time zone.
fn instant(ms: u64) -> String {
    let time = i64::try_from(ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    let here = time.map(|time| time.to_zoned(jiff::tz::TimeZone::system()));
    here.map_or_else(|| "?".to_owned(), |here| here.strftime("%Y-%m-%d %H:%M").to_string())
}

fn rows(versions: &[Version], reviews: &[Review], state: &GroupState, people: &People) -> Value {
    let values = Values::new(state);
    let mut written = Vec::new();
    for (version, shown) in with_shown(versions) {
        let header = version.entry.decoded().header();
        let (verdict, reason) = match version.verdict {
            Verdict::Applied => ("applied", None),
            Verdict::Unknown => ("unknown", None),
            Verdict::Void(reason) => ("void", Some(reason.slug())),
        };
        let mut row = json!({
            "id": version.entry.id().to_string(),
            "kind": header.kind().name(),
            "author": version.author.map(|author| people.label(author)),
            "timestamp_ms": header.timestamp_ms(),
            "verdict": verdict,
            "reason": reason,
            "remark": version.reason,
        });
        if let Some(transaction) = &version.transaction {
            let details = values.transaction(transaction);
            merge(&mut row, json!({ "details": details }));
            if version.kind == VersionKind::Correction {
                let found = shown.map(|shown| shown.differences(transaction)).unwrap_or_default();
                let difference = |one: &ledger_core::Difference| {
                    json!({
                        "field": one.code(),
                        "member": one.member().map(|member| people.label(member)),
                        "before": one.before(),
                        "after": one.after(),
                    })
                };
                let found: Vec<Value> = found.iter().map(difference).collect();
                merge(&mut row, json!({ "differences": found }));
            }
        }
        written.push(row);
    }
    let review = |review: &Review| {
        json!({
            "id": review.entry.to_string(),
            "member": people.label(review.member),
            "confirms": review.confirms,
            "version": review.target.to_string(),
            "current": review.current,
            "note": review.note,
            "timestamp_ms": review.timestamp_ms,
        })
    };
    let reviews: Vec<Value> = reviews.iter().map(review).collect();
    json!({ "versions": written, "reviews": reviews })
}
