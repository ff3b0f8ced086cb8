//! The identity of a row.

use std::collections::BTreeMap;

use super::header::{ExportMember, MemberKey};
use crate::codec::Writer;
use crate::hash::{Tag, digest};
use crate::id::Origin;
use crate::money::{Amount, Balance, Currency, Date};

/// What a row says, as far as its identity goes.
pub(super) struct Content<'a> {
    pub(super) date: Date,
    pub(super) description: &'a str,
    pub(super) category: Option<&'a str>,
    pub(super) cost: Amount,
    pub(super) currency: Currency,
    /// One for each member, in column order.
    pub(super) nets: &'a [Balance],
}

/// Gives rows their origin, one after another in the order of the file.
///
/// The origin of a row is the first 16 bytes of `D("origin", row)`, where `row`
/// is the canonical CBOR (SPEC §1.3) of
///
/// ```text
/// row  = ["splitwise", date, description, category, cost, currency, [* net], ordinal]
/// net  = [name, same, sign, size]
/// ```
///
/// | field         | is |
/// |---------------|----|
/// | `date`        | the number YYYYMMDD |
/// | `description` | text; every CR LF, and every CR without LF, is one LF; nothing else changed |
/// | `category`    | text without white space around it; empty if there is none |
/// | `cost`        | minor units |
/// | `currency`    | three letters as text |
/// | `net`         | one for each member whose net is not 0, ascending by (`name` as bytes, `same`) |
/// | `name`        | the member's name without white space around it, and without a suffix `(removed)` and white space before that, unless nothing else is left |
/// | `same`        | how many columns further left have this `name` |
/// | `sign`        | 0 if the member paid more than their share, 1 if less |
/// | `size`        | the net without its sign, in minor units, at least 1 |
/// | `ordinal`     | how many rows above are equal to this one in all the other fields |
///
/// White space is what Unicode calls so (`White_Space`). So the origin of a row
/// stays when members are added, leave or change places, when rows are added
/// that differ from it or come below it, and when a program has changed the
/// file's line breaks or the way its numbers are written.
#[derive(Default)]
pub(super) struct Origins {
    /// How often a row was met, by its bytes without the ordinal.
    seen: BTreeMap<[u8; 32], u64>,
}

impl Origins {
    pub(super) fn next(&mut self, content: &Content<'_>, members: &[ExportMember]) -> Origin {
        let mut writer = Writer::new();
        writer.array(8);
        writer.text("splitwise");
        writer.uint(u64::from(content.date.yyyymmdd()));
        writer.text(&content.description.replace("\r\n", "\n").replace('\r', "\n"));
        writer.text(content.category.unwrap_or_default());
        writer.uint(content.cost.minor_units());
        writer.text(content.currency.code());
        let nets = members.iter().map(ExportMember::key).zip(content.nets);
        let mut nets: Vec<(&MemberKey, &Balance)> =
            nets.filter(|(_, net)| !net.is_zero()).collect();
        nets.sort_unstable();
        writer.array(nets.len());
        for (key, net) in nets {
            writer.array(4);
            writer.text(key.name());
            writer.uint(u64::from(key.ordinal()));
            writer.uint(u64::from(*net < Balance::ZERO));
            // A net is read as an amount, so it fits.
            writer.uint(u64::try_from(net.minor_units().unsigned_abs()).unwrap_or(u64::MAX));
        }
        let times = self.seen.entry(digest(Tag::ORIGIN, &[writer.as_bytes()])).or_default();
        writer.uint(*times);
        *times = times.saturating_add(1);
        let digest = digest(Tag::ORIGIN, &[writer.as_bytes()]);
        Origin::from_bytes(digest.first_chunk().copied().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ExportRow, read_splitwise};

    /// Origins are stored in ledgers, so they may never change.
    #[test]
    fn origins_are_those_of_the_spec() {
        let file = "Date,Description,Category,Cost,Currency,Zoë (removed),Ann,Ben,Ann\n\
                    2026-11-21,\"Tea\r\nfor two\", Food ,9.00,EUR,0,-9,0,9\n\
                    2026-11-21,\"Tea\nfor two\",Food,9,EUR,0.00,-9.00,0.00,9.00\n\
                    0001-01-01,,,0,JPY,0,0,0,0\n";
        let mut row = minicbor::Encoder::new(Vec::new());
        row.array(8).unwrap().str("splitwise").unwrap().u32(20_261_121).unwrap();
        row.str("Tea\nfor two").unwrap().str("Food").unwrap().u32(900).unwrap().str("EUR").unwrap();
        row.array(2).unwrap();
        row.array(4).unwrap().str("Ann").unwrap().u8(0).unwrap().u8(1).unwrap().u32(900).unwrap();
        row.array(4).unwrap().str("Ann").unwrap().u8(1).unwrap().u8(0).unwrap().u32(900).unwrap();
        let row = row.into_writer();
        let mut zero = minicbor::Encoder::new(Vec::new());
        zero.array(8).unwrap().str("splitwise").unwrap().u32(10_101).unwrap().str("").unwrap();
        zero.str("").unwrap().u8(0).unwrap().str("JPY").unwrap().array(0).unwrap().u8(0).unwrap();
        let zero = zero.into_writer();
        let expected: Vec<Vec<u8>> = [[&row[..], &[0]].concat(), [&row[..], &[1]].concat(), zero]
            .iter()
            .map(|row| {
                use sha2::Digest as _;
                sha2::Sha256::digest([&b"\x0bgl/1/origin"[..], row].concat())[..16].to_vec()
            })
            .collect();
        let export = read_splitwise(file.as_bytes()).unwrap();
        let found: Vec<_> = export
            .rows()
            .iter()
            .map(ExportRow::origin)
            .map(|origin| origin.as_bytes().to_vec())
            .collect();
        assert_eq!(found, expected);
    }
}
