//! `ledger agree`: whether two devices have the same, and who lacks what.

use std::collections::BTreeSet;
use std::io::{Read as _, Write};
use std::path::Path;

use ledger_core::{EntryId, GroupId, StateDigest};
use serde_json::{Value, json};

use crate::args::Agree;
use crate::context::{open, the_group};
use crate::failure::Failure;
use crate::read::print_json;

/// What a device has, as devices compare it.
struct Side {
    group: GroupId,
    digest: StateDigest,
    heads: BTreeSet<EntryId>,
}

pub(crate) fn run(arguments: &Agree, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.location)?;
    let group = the_group(&store, &arguments.location)?;
    let here =
        Side { group: group.id(), digest: group.state()?.digest(), heads: group.agreed_heads()? };
    let Some(path) = &arguments.other else {
        let heads: Vec<String> = here.heads.iter().map(EntryId::to_string).collect();
        return print_json(
            out,
            &json!({
                "group": here.group.to_string(),
                "digest": here.digest.to_string(),
                "heads": heads,
            }),
        );
    };
    let other = read(path)?;
    if other.group != here.group {
        return Err(Failure::Ledger("that is another group; compare the same one".to_owned()));
    }
    let mut lacking = Vec::new();
    for id in other.heads.difference(&here.heads) {
        if group.lists().entry(*id)?.is_none() {
            lacking.push(id);
        }
    }
    let more = here.heads.difference(&other.heads).count();
    match (lacking.len(), more, other.digest == here.digest) {
        (0, 0, true) => writeln!(out, "both devices agree")?,
        (0, 0, false) => {
            let text = "the same heads, and another state: one device lacks what somebody \
                        removed carried for others, or is older; exchange all entries, or update";
            return Err(Failure::Ledger(text.to_owned()));
        }
        (0, _, _) => writeln!(out, "the other device lacks entries that are here")?,
        (count, more, _) => {
            writeln!(out, "{count} heads of the other device are not here, with all before them:")?;
            for id in lacking {
                writeln!(out, "  {id}")?;
            }
            if more > 0 {
                writeln!(out, "it may lack entries that are here, too")?;
            }
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Side, Failure> {
    let failed = |source| Failure::Read { path: path.to_owned(), source };
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map_err(failed)?;
    } else {
        text = std::fs::read_to_string(path).map_err(failed)?;
    }
    let wrong = || {
        let path = path.display();
        Failure::Ledger(format!("{path}: this is not what `ledger agree` prints"))
    };
    let value: Value = serde_json::from_str(&text).map_err(|_| wrong())?;
    let field = |name: &str| value.get(name).and_then(Value::as_str).ok_or_else(wrong);
    let heads = value.get("heads").and_then(Value::as_array).ok_or_else(wrong)?;
    let head = |id: &Value| id.as_str().and_then(|id| id.parse().ok()).ok_or_else(wrong);
    Ok(Side {
        group: field("group")?.parse().map_err(|_| wrong())?,
        digest: field("digest")?.parse().map_err(|_| wrong())?,
        heads: heads.iter().map(head).collect::<Result<_, _>>()?,
    })
}
