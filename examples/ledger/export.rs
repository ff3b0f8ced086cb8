//! `ledger export`: the ledger for other programs; `ledger verify-export`: whether a file is still so.

use std::io::{Read as _, Write};

use ledger_formats::{ExportDifference, read_export};
use serde_json::{Value, json};

use crate::args::{Export, ExportFormat, VerifyExport};
use crate::context::{open, the_group};
use crate::failure::Failure;
use crate::output::{Output, open_file};
use crate::read::print_json;
use crate::show::one_line;

/// How many differences are named before the rest is only counted.
const SHOWN: usize = 50;

pub(crate) fn run(arguments: &Export, out: &mut dyn Write) -> Result<(), Failure> {
    let Export { location, format, to, replace } = arguments;
    // A wrong path is told before anything is read.
    let database = &location.database;
    let mut file = match to {
        Some(path) => Some(Output::create(database, path, None, *replace)?),
        None => None,
    };
    let store = open(location)?;
    let group = the_group(&store, location)?;
    let export = group.exports().read(match format {
        ExportFormat::Csv => ledger_store::ExportFormat::Csv,
        ExportFormat::Json => ledger_store::ExportFormat::Json,
        ExportFormat::Hledger => ledger_store::ExportFormat::Hledger,
        ExportFormat::Beancount => ledger_store::ExportFormat::Beancount,
        ExportFormat::Splitwise => ledger_store::ExportFormat::Splitwise,
    })?;
    let Some(mut file) = file.take() else { return Ok(export.write(out)?) };
    export.write(file.file())?;
    file.finish()
}

pub(crate) fn verify(arguments: &VerifyExport, out: &mut dyn Write) -> Result<(), Failure> {
    let path = &arguments.file;
    let mut bytes = Vec::new();
    let read = open_file(path)?.read_to_end(&mut bytes);
    read.map_err(|source| Failure::Read { path: path.clone(), source })?;
    let shown = one_line(&path.display().to_string());
    let file = read_export(&bytes).map_err(|problems| {
        Failure::Ledger(format!("{shown}: {problems}\nIt was not compared with the ledger."))
    })?;
    let store = open(&arguments.location)?;
    let group = the_group(&store, &arguments.location)?;
    let differences = group.exports().verify(&file)?;
    if arguments.json {
        let list: Vec<Value> = differences.iter().map(to_json).collect();
        print_json(out, &json!({ "rows": file.row_count(), "differences": list }))?;
    }
    if differences.is_empty() {
        if !arguments.json {
            writeln!(out, "{shown}: all {} rows are as in the ledger.", file.row_count())?;
        }
        return Ok(());
    }
    let mut text = format!("{shown}: {} differences from the ledger", differences.len());
    if !arguments.json {
        for difference in differences.iter().take(SHOWN) {
            text.push_str(&format!("\n  {}", one_line(&difference.to_string())));
        }
        match differences.len().saturating_sub(SHOWN) {
            0 => {}
            more => text.push_str(&format!("\n  and {more} more (--json has all)")),
        }
    }
    Err(Failure::Ledger(text))
}

fn to_json(difference: &ExportDifference) -> Value {
    match difference {
        ExportDifference::Missing { entry, row } => {
            json!({ "kind": "missing", "entry": entry.to_string(), "row": row })
        }
        ExportDifference::More { line, entry, row } => json!({
            "kind": "more",
            "line": line,
            "entry": entry.map(|entry| entry.to_string()),
            "row": row,
        }),
        ExportDifference::Altered { line, entry, fields } => {
            let field = |field: &ledger_formats::AlteredField| json!({ "name": field.name, "file": field.file, "ledger": field.ledger });
            let fields: Vec<Value> = fields.iter().map(field).collect();
            json!({ "kind": "altered", "line": line, "entry": entry.to_string(), "fields": fields })
        }
        ExportDifference::Member { label, is_here } => {
            json!({ "kind": "member", "label": label, "in_ledger": is_here })
        }
        _ => json!({ "kind": "other", "text": difference.to_string() }),
    }
}
