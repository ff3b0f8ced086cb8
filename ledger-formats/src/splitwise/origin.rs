//! Origins: the identity of rows (SPEC §10).

use std::collections::BTreeMap;

use ledger_core::{Amount, Balance, Currency, Date, Direction, Origin};
use minicbor::Encoder;

use super::header::{Member, MemberKey};

type Encoded = Result<(), minicbor::encode::Error<core::convert::Infallible>>;

/// Content of a row that decides its identity.
pub(super) struct Content<'a> {
    pub(super) date: Date,
    pub(super) description: &'a str,
    pub(super) category: Option<&'a str>,
    pub(super) cost: Amount,
    /// Incoming if the cost is negative.
    pub(super) direction: Direction,
    pub(super) currency: Currency,
    /// One for each member, in column order.
    pub(super) nets: &'a [Balance],
}

/// Source of origins for rows, one after another in the order of the file.
///
/// The origin of a row is the first 16 bytes of `D("origin", row)`, where `row`
/// is the canonical CBOR (SPEC §1.3) of
///
/// ```text
/// row  = ["splitwise", date, description, category, cost, currency, [* net], ordinal]
/// net  = [name, same, sign, size]
/// ```
///
/// and of a row whose cost is negative, with the size of the cost and a 1 before the ordinal:
///
/// ```text
/// row  = ["splitwise", date, description, category, cost, currency, [* net], 1, ordinal]
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
    /// Number of times each row was met, by its bytes without the ordinal.
    seen: BTreeMap<Vec<u8>, u64>,
}

impl Origins {
    pub(super) fn next(&mut self, content: &Content<'_>, members: &[Member]) -> Origin {
        let mut row = content.to_cbor(members);
        let ordinal = self.seen.entry(row.clone()).or_default();
        row.extend(cbor(|row| row.u64(*ordinal).map(drop)));
        *ordinal = ordinal.saturating_add(1);
        Origin::of_row(&row)
    }
}

impl Content<'_> {
    /// The row without its last element, the ordinal.
    fn to_cbor(&self, members: &[Member]) -> Vec<u8> {
        let nets = members.iter().map(Member::key).zip(self.nets);
        let mut nets: Vec<(&MemberKey, &Balance)> =
            nets.filter(|(_, net)| !net.is_zero()).collect();
        nets.sort_unstable();
        let description = self.description.replace("\r\n", "\n").replace('\r', "\n");
        cbor(|row| {
            let is_refund = self.direction == Direction::Incoming;
            row.array(if is_refund { 9 } else { 8 })?
                .str("splitwise")?
                .u32(self.date.yyyymmdd())?
                .str(&description)?;
            row.str(self.category.unwrap_or_default())?.u64(self.cost.minor_units())?;
            row.str(self.currency.code())?.array(u64::try_from(nets.len()).unwrap_or(u64::MAX))?;
            for (key, net) in &nets {
                // A net is read as an amount, so it fits.
                let size = u64::try_from(net.minor_units().unsigned_abs()).unwrap_or(u64::MAX);
                let sign = u8::from(**net < Balance::ZERO);
                row.array(4)?.str(key.name())?.u32(key.ordinal())?.u8(sign)?.u64(size)?;
            }
            if is_refund {
                row.u8(1)?;
            }
            Ok(())
        })
    }
}

/// The nonce of a person from a file (SPEC §10).
pub(super) fn person_nonce(key: &MemberKey) -> [u8; 16] {
    let person = cbor(|person| {
        person.array(3)?.str("splitwise")?.str(key.name())?.u32(key.ordinal())?;
        Ok(())
    });
    *Origin::of_row(&person).as_bytes()
}

/// The bytes that `write` encodes. minicbor gives every number and length its shortest form, as
/// canonical CBOR demands.
fn cbor(write: impl FnOnce(&mut Encoder<Vec<u8>>) -> Encoded) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    // Writing to a vector cannot fail.
    let encoded = write(&mut encoder);
    debug_assert!(encoded.is_ok());
    encoder.into_writer()
}

#[cfg(test)]
mod tests {
    use super::super::{Row, read};

    /// So are nonces.
    #[test]
    fn the_nonce_of_a_person_is_that_of_the_spec() {
        use sha2::Digest as _;
        let file = "Date,Description,Category,Cost,Currency,Ann,Ann (removed)\n";
        let export = read(file.as_bytes()).unwrap();
        // ["splitwise", "Ann", 1]
        let person = b"\x83\x69splitwise\x63Ann\x01";
        let digest = sha2::Sha256::digest([&b"\x0bgl/1/origin"[..], person].concat());
        assert_eq!(export.members()[1].key().nonce()[..], digest[..16]);
    }

    /// Origins are stored in ledgers, so they may never change.
    #[test]
    fn origins_are_those_of_the_spec() {
        let file = "Date,Description,Category,Cost,Currency,Zoë (removed),Ann,Ben,Ann\n\
                    2026-11-21,\"Tea\r\nfor two\", Food ,9.00,EUR,0,-9,0,9\n\
                    2026-11-21,\"Tea\nfor two\",Food,9,EUR,0.00,-9.00,0.00,9.00\n\
                    0001-01-01,,,0,JPY,0,0,0,0\n\
                    0001-01-01,,,-2,JPY,0,-2,0,2\n";
        // ["splitwise", 20261121, "Tea\nfor two", "Food", 900, "EUR",
        //  [["Ann", 0, 1, 900], ["Ann", 1, 0, 900]]
        let row = [
            b"\x88\x69splitwise\x1a\x01\x35\x29\x01\x6bTea\nfor two\x64Food".as_slice(),
            b"\x19\x03\x84\x63EUR\x82",
            b"\x84\x63Ann\x00\x01\x19\x03\x84",
            b"\x84\x63Ann\x01\x00\x19\x03\x84",
        ]
        .concat();
        // ["splitwise", 10101, "", "", 0, "JPY", [], 0]
        let zero = b"\x88\x69splitwise\x19\x27\x75\x60\x60\x00\x63JPY\x80\x00".to_vec();
        // ["splitwise", 10101, "", "", 2, "JPY", [["Ann", 0, 1, 2], ["Ann", 1, 0, 2]], 1, 0]
        let refund = [
            b"\x89\x69splitwise\x19\x27\x75\x60\x60\x02\x63JPY\x82".as_slice(),
            b"\x84\x63Ann\x00\x01\x02\x84\x63Ann\x01\x00\x02\x01\x00",
        ]
        .concat();
        let rows = [[&row[..], &[0]].concat(), [&row[..], &[1]].concat(), zero, refund];
        let expected: Vec<Vec<u8>> = rows
            .iter()
            .map(|row| {
                use sha2::Digest as _;
                sha2::Sha256::digest([&b"\x0bgl/1/origin"[..], row].concat())[..16].to_vec()
            })
            .collect();
        let export = read(file.as_bytes()).unwrap();
        let found: Vec<_> = export
            .rows()
            .iter()
            .map(Row::origin)
            .map(|origin| origin.as_bytes().to_vec())
            .collect();
        assert_eq!(found, expected);
    }
}
