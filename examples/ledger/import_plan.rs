//! What an import would do, for a person to read before anything is written.

use std::io::Write;
use std::path::Path;

use ledger_core::{Direction, EntryId};
use ledger_store::{
    ChangedRow, Group, ImportChoice, ImportPlan, Likeness, OldRows, PersonMatch, Recorded,
};
use serde_json::{Value, json};

use crate::context::People;
use crate::failure::Failure;
use crate::show::{Align, described, one_line, table};

/// Rows that are named before the rest is only counted.
const ROWS_SHOWN: usize = 40;

/// Prints the plan as a text with tables.
pub(crate) fn print_plan_of_import(
    plan: &ImportPlan,
    group: Option<&Group>,
    choice: ImportChoice,
    path: &Path,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let file = one_line(&path.display().to_string());
    let (changed, gone) = (plan.changed_rows(), plan.gone_rows());
    let doubled = plan.doubled_rows();
    if plan.is_other_group() && !choice.other_group {
        return print_other_group(plan, group, &file, out);
    }
    let likely = changed.len().saturating_add(doubled.len());
    let new = plan.new_rows().count().saturating_sub(likely);
    writeln!(
        out,
        "{file}: {new} rows are new, {} known, {} changed, {} gone; nothing was imported",
        plan.known_rows(),
        changed.len(),
        gone.len()
    )?;
    let Some(group) = group else { return Ok(()) };
    if !changed.is_empty() {
        writeln!(
            out,
            "\nChanged in the file since an earlier import: what is here, what the file has"
        )?;
        print_changed(plan, group, &changed, out)?;
    }
    if !doubled.is_empty() {
        writeln!(out, "\nRecorded here by hand, with the date and amounts of rows of the file:")?;
        print_changed(plan, group, &doubled, out)?;
    }
    if !gone.is_empty() {
        writeln!(out, "\nRecorded by an earlier import, and no longer in the file:")?;
        let rows: Vec<[String; 5]> = gone
            .iter()
            .take(ROWS_SHOWN)
            .map(|row| here(group, row))
            .collect::<Result<_, Failure>>()?;
        let align = [Align::Left, Align::Left, Align::Left, Align::Right, Align::Left];
        table(out, align, &rows)?;
        print_rest(gone.len(), out)?;
    }
    print_people(plan, group, out)?;
    print_totals(plan, choice, out)?;
    if plan.differs() && choice.old_rows == OldRows::Refuse {
        writeln!(
            out,
            "\n--replace cancels these rows here, and records what the file has; \
             --add-anyway leaves them, and adds the new rows beside them"
        )?;
        if plan.known_rows() == 0 {
            writeln!(out, "If the file is of another group: --new-group makes a group of it")?;
        }
    }
    Ok(())
}

fn print_other_group(
    plan: &ImportPlan,
    group: Option<&Group>,
    file: &str,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let Some(group) = group else { return Ok(()) };
    let name = one_line(group.state()?.name());
    let shared = plan.shared_people();
    let people = match shared.as_slice() {
        [] => "none of its people is, either".to_owned(),
        shared => {
            let shared: Vec<String> = shared.iter().map(|name| one_line(name)).collect();
            format!("of its people there are {}", shared.join(", "))
        }
    };
    writeln!(
        out,
        "{file} seems to be of another group than {name}: none of its rows is there; {people}. \
         Nothing was imported.\n\
         --new-group makes a group of it; --into GROUP imports it into one"
    )?;
    Ok(())
}

fn print_changed(
    plan: &ImportPlan,
    group: &Group,
    changed: &[ChangedRow],
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let mut rows: Vec<[String; 5]> = Vec::new();
    for row in changed.iter().take(ROWS_SHOWN) {
        rows.push(here(group, &row.recorded)?);
        let Some(new) = plan.new_rows().find(|new| new.line() == row.line) else { continue };
        rows.push([
            format!("line {}", new.line()),
            new.date().to_string(),
            one_line(new.description()),
            format!("{} {}", new.amount().format(new.currency()), new.currency()),
            "in the file".to_owned(),
        ]);
    }
    let align = [Align::Left, Align::Left, Align::Left, Align::Right, Align::Left];
    table(out, align, &rows)?;
    print_rest(changed.len(), out)
}

/// A recorded row, and what people did with it.
fn here(group: &Group, row: &Recorded) -> Result<[String; 5], Failure> {
    let content = &row.transaction;
    let amount = format!("{} {}", content.amount().format(content.currency()), content.currency());
    Ok([
        group.lists().short_id(row.original)?,
        content.date().to_string(),
        one_line(&described(content)),
        amount,
        done_here(row),
    ])
}

/// What people did with a row since it was imported: it is lost with the row.
fn done_here(row: &Recorded) -> String {
    let mut done = Vec::new();
    if row.edit.is_some() {
        done.push("edited here".to_owned());
    }
    if let Some(reviews) = row.reviews {
        if reviews.confirmed > 0 {
            done.push(format!("confirmed by {}", reviews.confirmed));
        }
        if reviews.disputed > 0 {
            done.push(format!("disputed by {}", reviews.disputed));
        }
    }
    done.join(", ")
}

fn print_rest(rows: usize, out: &mut dyn Write) -> Result<(), Failure> {
    match rows.saturating_sub(ROWS_SHOWN) {
        0 => Ok(()),
        rest => Ok(writeln!(out, "  and {rest} more")?),
    }
}

fn print_people(plan: &ImportPlan, group: &Group, out: &mut dyn Write) -> Result<(), Failure> {
    let people = People::of(&*group.state()?);
    let new: Vec<String> = plan
        .people()
        .into_iter()
        .filter(|person| person.member.is_none())
        .map(|person| one_line(&person.name))
        .collect();
    if !new.is_empty() {
        writeln!(out, "\nNew people: {}", new.join(", "))?;
    }
    for person in plan.renamed_people() {
        let (old, new) = (one_line(people.label(person.member)), one_line(&person.name));
        writeln!(
            out,
            "{new} has the place of {old} in every row that changed: if they are one person, \
             --map {:?}",
            format!("{old}={new}")
        )?;
    }
    Ok(())
}

/// The balances that would not be those of the file.
fn print_totals(
    plan: &ImportPlan,
    choice: ImportChoice,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let mut choices = vec![choice];
    if plan.differs() && choice.old_rows == OldRows::Refuse {
        choices = vec![
            ImportChoice { old_rows: OldRows::Keep, ..choice },
            ImportChoice { old_rows: OldRows::Replace, ..choice },
        ];
    }
    for choice in choices {
        let how = match choice.old_rows {
            OldRows::Keep => "With --add-anyway the",
            OldRows::Replace => "With --replace the",
            _ => "The",
        };
        for total in plan.totals(choice) {
            let currency = total.currency;
            if total.differences.is_empty() {
                writeln!(out, "\n{how} balances in {currency} would be those of the file.")?;
                continue;
            }
            let differences = total.differences.iter().map(|one| {
                let (ledger, file) = (one.ledger.format(currency), one.file.format(currency));
                format!("{} {ledger} instead of {file}", one_line(&one.name))
            });
            let differences: Vec<String> = differences.collect();
            writeln!(
                out,
                "\n{how} balances in {currency} would differ from the file's: {}",
                differences.join(", ")
            )?;
        }
    }
    Ok(())
}

/// The plan as JSON.
pub(crate) fn plan_json(
    plan: &ImportPlan,
    group: Option<&Group>,
    choice: ImportChoice,
) -> Result<Value, Failure> {
    let state = group.map(Group::state).transpose()?;
    let labels = state.as_ref().map(|state| People::of(state));
    let changed: Vec<Value> = plan
        .changed_rows()
        .iter()
        .map(|row| {
            let why = match row.likeness {
                Likeness::DateAndDescription => "date and description",
                Likeness::DateAndAmounts => "date and amounts",
                Likeness::DescriptionAndAmounts => "description and amounts",
                _ => "other",
            };
            json!({ "line": row.line, "same": why, "recorded": recorded_json(&row.recorded) })
        })
        .collect();
    let doubled = plan.doubled_rows();
    let doubled = doubled
        .iter()
        .map(|row| json!({ "line": row.line, "recorded": recorded_json(&row.recorded) }));
    let gone: Vec<Value> = plan.gone_rows().into_iter().map(recorded_json).collect();
    let cancelled = plan.cancelled_rows().into_iter();
    let cancelled: Vec<Value> = cancelled
        .map(|(line, id): (u64, EntryId)| json!({ "line": line, "id": id.to_string() }))
        .collect();
    let people = plan.people().into_iter().map(|person| {
        let known = match person.known {
            PersonMatch::Chosen => "chosen",
            PersonMatch::Card => "card",
            PersonMatch::Rows => "rows",
            PersonMatch::Name => "name",
            PersonMatch::Ambiguous => "ambiguous",
            _ => "new",
        };
        json!({
            "name": person.name,
            "known_by": known,
            "member": person.member.map(|member| member.to_string()),
        })
    });
    let renamed = plan.renamed_people().into_iter().map(|person| {
        let member = labels.as_ref().map(|labels| labels.label(person.member).to_owned());
        json!({ "name": person.name, "member": member })
    });
    let totals = plan.totals(choice).into_iter().map(|total| {
        let differences = total.differences.iter().map(|one| {
            json!({
                "name": one.name,
                "file": one.file.minor_units().to_string(),
                "ledger": one.ledger.minor_units().to_string(),
            })
        });
        let differences: Vec<Value> = differences.collect();
        json!({ "currency": total.currency.code(), "differences": differences })
    });
    let new: Vec<u64> = plan.new_rows().map(|row| row.line()).collect();
    Ok(json!({
        "imported": false,
        "program": plan.file().program().to_string(),
        "repairs": plan.file().repairs().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "other_group": plan.is_other_group(),
        "new": new,
        "known": plan.known_rows(),
        "waiting": plan.waiting_rows(),
        "in_opening": plan.opening_rows(),
        "lacks_predecessor": plan.lacks_predecessor(),
        "cancelled": cancelled,
        "changed": changed,
        "doubled": doubled.collect::<Vec<_>>(),
        "gone": gone,
        "unclear": plan.unclear_rows(),
        "people": people.collect::<Vec<_>>(),
        "renamed": renamed.collect::<Vec<_>>(),
        "totals": totals.collect::<Vec<_>>(),
    }))
}

fn recorded_json(row: &Recorded) -> Value {
    let content = &row.transaction;
    json!({
        "id": row.original.to_string(),
        "date": content.date().to_string(),
        "description": content.description(),
        "amount": content.amount().minor_units(),
        "currency": content.currency().code(),
        "received": content.direction() == Direction::Incoming,
        "edited": row.edit.is_some(),
        "confirmed": row.reviews.map(|reviews| reviews.confirmed),
        "disputed": row.reviews.map(|reviews| reviews.disputed),
    })
}
