//! Text for people: names that cannot take over a terminal, columns, progress.

use std::io::{IsTerminal as _, Write};
use std::ops::ControlFlow;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ledger_core::{Direction, Transaction};
pub(crate) use ledger_formats::one_line;
use ledger_store::{Group, Progress, WaitingCount};
use unicode_width::UnicodeWidthStr as _;

use crate::failure::Failure;

/// The text with everything replaced that a terminal could act upon: control
/// characters, and marks that turn the direction of writing. A line break in a
/// description becomes a space.
pub(crate) fn printable(text: &str) -> String {
    let mut lines = text.split('\n').map(one_line);
    let mut joined = lines.next().unwrap_or_default();
    for line in lines {
        joined.push('\n');
        joined.push_str(&line);
    }
    joined
}

/// The description, and of a refund or income that the money was received: an amount is never
/// negative, so nothing else tells it from an expense.
pub(crate) fn described<M>(transaction: &Transaction<M>) -> String {
    let text = transaction.description();
    match transaction.direction() {
        Direction::Outgoing => text.to_owned(),
        Direction::Incoming => format!("{text} (received)"),
    }
}

/// Where a column's text stands.
#[derive(Clone, Copy)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Writes rows as columns, indented by two. Wide characters count as two.
pub(crate) fn table<const N: usize>(
    out: &mut dyn Write,
    align: [Align; N],
    rows: &[[String; N]],
) -> Result<(), Failure> {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    for row in rows {
        let mut line = String::from(" ");
        for ((cell, width), align) in row.iter().zip(widths).zip(align) {
            let padding = " ".repeat(width.saturating_sub(cell.width()));
            let (before, after) = match align {
                Align::Left => ("", padding.as_str()),
                Align::Right => (padding.as_str(), ""),
            };
            line.extend([" ", before, cell, after, " "]);
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// Says why what a command showed is not all, if it is not: an import stopped half-way, or entries wait.
pub(crate) fn print_incomplete(group: &Group, out: &mut dyn Write) -> Result<(), Failure> {
    if let Some(import) = group.lists().unfinished_import()? {
        let (done, total) = (thousands(import.done), thousands(import.total));
        match import.is_undone {
            false => writeln!(
                out,
                "an import is not finished: {done} of {total} rows; import the file again to go on, or \
                 undo it by `ledger import undo`"
            )?,
            true => writeln!(
                out,
                "an import is being undone: {done} of {total} entries; `ledger import undo` goes on"
            )?,
        }
    }
    print_waiting(group.waiting()?, out)
}

/// A number with a comma before each three digits.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len().saturating_sub(place)).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Says that entries wait, if any do, and what helps.
pub(crate) fn print_waiting(waiting: WaitingCount, out: &mut dyn Write) -> Result<(), Failure> {
    let WaitingCount { total, own } = waiting;
    if total > 0 {
        writeln!(
            out,
            "{total} entries wait for others that are not here, and do not count: import a bundle \
             that has them"
        )?;
    }
    if own > 0 {
        writeln!(
            out,
            "{own} of them are of this device, so it signs nothing; if nobody has the missing \
             ones, `ledger go-on` goes on without them"
        )?;
    }
    Ok(())
}

/// A progress bar on standard error, if that is a terminal.
pub(crate) fn progress_bar() -> impl FnMut(Progress) -> ControlFlow<()> {
    let bar = ProgressBar::with_draw_target(None, target());
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    move |progress| {
        bar.set_length(progress.total);
        bar.set_message(progress.phase.name());
        bar.set_position(progress.done);
        if progress.done == progress.total {
            bar.finish_and_clear();
        }
        ControlFlow::Continue(())
    }
}

fn target() -> ProgressDrawTarget {
    if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    }
}
