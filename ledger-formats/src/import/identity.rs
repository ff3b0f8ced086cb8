//! Identity of rows and people: what recognises them in this and later files (SPEC §10.1).

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::{Balance, Currency, Direction, EntryId, Origin};
use minicbor::Encoder;

use super::packed::{Found, Packed};
use super::person::{Person, PersonKey};
use super::program::Program;

type Encoded = Result<(), minicbor::encode::Error<core::convert::Infallible>>;

/// Number of rows above that are the same, of each row that has any: with and without the category.
///
/// The origin of a row is the first 16 bytes of `D("origin", row)`, where `row` is the canonical CBOR
/// (SPEC §1.3) of
///
/// ```text
/// row  = [program, date, description, cost, currency, [* net], ordinal]
/// net  = [name, same, sign, size]
/// ```
///
/// and of a row whose cost is negative, with the size of the cost and a 1 before the ordinal:
///
/// ```text
/// row  = [program, date, description, cost, currency, [* net], 1, ordinal]
/// ```
///
/// | field         | is |
/// |---------------|----|
/// | `program`     | the word of the program, such as `splitwise` |
/// | `date`        | the number YYYYMMDD |
/// | `description` | text; every CR LF, and every CR without LF, is one LF; nothing else changed |
/// | `cost`        | minor units |
/// | `currency`    | the code as text |
/// | `net`         | one for each person whose net is not 0, ascending by (`name` as bytes, `same`) |
/// | `name`        | the person's name without white space around it, and without a suffix `(removed)` and white space before that, unless nothing else is left |
/// | `same`        | how many people before this one in the file have this `name` |
/// | `sign`        | 0 if the person paid more than their share, 1 if less |
/// | `size`        | the net without its sign, in minor units, at least 1 |
/// | `ordinal`     | how many rows above are equal to this one in all the other fields |
///
/// White space is what Unicode calls so (`White_Space`). So the origin of a row stays when people are
/// added, leave or change places, when rows are added that differ from it or come below it, when its
/// category changes, as in an export in another language, and when a program has changed the file's
/// line breaks or the way its numbers are written.
///
/// Earlier drafts of this version had the category behind the description. Rows of Splitwise that were
/// recorded so are recognised by that origin, the former one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ordinals(BTreeMap<usize, Ordinal>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ordinal {
    own: u64,
    former: u64,
}

/// Digests of rows without their ordinals, from which the ordinals are counted.
#[derive(Debug, Default)]
pub(super) struct Digests(Vec<Origin>);

impl Digests {
    pub(super) fn push(&mut self, row: &[u8]) {
        self.0.push(Origin::of_row(row));
    }

    /// Counts equal rows. Sorting places takes less memory than a map of a million digests.
    pub(super) fn count(&self, program: Program, people: &[Person], rows: &Packed) -> Ordinals {
        let digest = |place: &usize| self.0.get(*place);
        let mut places: Vec<usize> = (0..self.0.len()).collect();
        places.sort_unstable_by(|a, b| digest(a).cmp(&digest(b)).then(a.cmp(b)));
        let mut ordinals = BTreeMap::new();
        let mut repeated = BTreeSet::new();
        let mut above: u64 = 0;
        for (place, next) in places.iter().zip(places.iter().skip(1)) {
            above = if digest(place) == digest(next) { above.saturating_add(1) } else { 0 };
            if above > 0 {
                repeated.extend([*place, *next]);
                ordinals.insert(*next, Ordinal { own: above, former: 0 });
            }
        }
        drop(places);
        if !repeated.is_empty() && program == Program::Splitwise {
            let mut seen: BTreeMap<Origin, u64> = BTreeMap::new();
            for (place, found) in rows.iter(people.len()).enumerate() {
                if !repeated.contains(&place) {
                    continue;
                }
                let row = row(program, &found, people, true);
                let above = seen.entry(Origin::of_row(&row)).or_default();
                if let Some(ordinal) = ordinals.get_mut(&place) {
                    ordinal.former = *above;
                }
                *above = above.saturating_add(1);
            }
        }
        Ordinals(ordinals)
    }
}

impl Ordinals {
    /// The origin of the row at a place, and the one that it had in earlier drafts.
    pub(super) fn origins(
        &self,
        place: usize,
        program: Program,
        found: &Found,
        people: &[Person],
    ) -> (Origin, Option<Origin>) {
        let ordinal = self.0.get(&place).copied().unwrap_or_default();
        let origin = |has_category, ordinal| {
            let mut row = row(program, found, people, has_category);
            row.extend(cbor(|row| row.u64(ordinal).map(drop)));
            Origin::of_row(&row)
        };
        let had_former = program == Program::Splitwise;
        (origin(false, ordinal.own), had_former.then(|| origin(true, ordinal.former)))
    }
}

/// The row without its last element, the ordinal.
pub(super) fn row(
    program: Program,
    found: &Found,
    people: &[Person],
    has_category: bool,
) -> Vec<u8> {
    let nets = found.nets(people.len());
    let mut nets: Vec<(&PersonKey, &Balance)> =
        people.iter().map(Person::key).zip(&nets).filter(|(_, net)| !net.is_zero()).collect();
    nets.sort_unstable();
    let description = found.description.replace("\r\n", "\n").replace('\r', "\n");
    let is_refund = found.direction() == Direction::Incoming;
    let len = [true, has_category, is_refund].into_iter().filter(|is| *is).count();
    cbor(|row| {
        row.array(u64::try_from(len).unwrap_or_default().saturating_add(6))?
            .str(program.word())?
            .u32(found.date.yyyymmdd())?
            .str(&description)?;
        if has_category {
            row.str(found.category.as_deref().unwrap_or_default())?;
        }
        row.u64(found.cost.minor_units())?.str(found.currency.code())?;
        row.array(u64::try_from(nets.len()).unwrap_or(u64::MAX))?;
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

/// The origin of an entry that a file of this program names, for groups that do not have the entry. An
/// opening balance has a currency, as all of a group have the entry with which it begins.
pub(crate) fn entry_origin(entry: EntryId, opening: Option<Currency>) -> Origin {
    let row = cbor(|row| {
        row.array(if opening.is_some() { 3 } else { 2 })?.str(Program::Ledger.word())?;
        row.bytes(entry.as_bytes())?;
        if let Some(currency) = opening {
            row.str(currency.code())?;
        }
        Ok(())
    });
    Origin::of_row(&row)
}

/// The nonce of a person from a file (SPEC §10.1).
pub(super) fn person_nonce(program: Program, key: &PersonKey) -> [u8; 16] {
    let person = cbor(|person| {
        person.array(3)?.str(program.word())?.str(key.name())?.u32(key.ordinal())?;
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
    use ledger_core::Origin;

    use crate::import::ImportRow;
    use crate::splitwise::read;

    /// So are nonces.
    #[test]
    fn the_nonce_of_a_person_is_that_of_the_spec() {
        use sha2::Digest as _;
        let file = "Date,Description,Category,Cost,Currency,Ann,Ann (removed)\n";
        let export = read(file.as_bytes()).unwrap();
        // ["splitwise", "Ann", 1]
        let person = b"\x83\x69splitwise\x63Ann\x01";
        let digest = sha2::Sha256::digest([&b"\x0bgl/1/origin"[..], person].concat());
        assert_eq!(export.people()[1].key().nonce()[..], digest[..16]);
    }

    const FILE: &str = "Date,Description,Category,Cost,Currency,Zoë (removed),Ann,Ben,Ann\n\
         2026-11-21,\"Tea\r\nfor two\", Food ,9.00,EUR,0,-9,0,9\n\
         2026-11-21,\"Tea\nfor two\",Food,9,EUR,0.00,-9.00,0.00,9.00\n\
         2026-11-21,\"Tea\nfor two\",Essen,9,EUR,0.00,-9.00,0.00,9.00\n\
         0001-01-01,,,0,JPY,0,0,0,0\n\
         0001-01-01,,,-2,JPY,0,-2,0,2\n";

    fn of_rows(rows: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let digest = |row: &Vec<u8>| {
            use sha2::Digest as _;
            sha2::Sha256::digest([&b"\x0bgl/1/origin"[..], row].concat())[..16].to_vec()
        };
        rows.iter().map(digest).collect()
    }

    fn found(origin: impl Fn(&ImportRow) -> Origin) -> Vec<Vec<u8>> {
        let file = read(FILE.as_bytes()).unwrap();
        file.rows().map(|row| origin(&row).as_bytes().to_vec()).collect()
    }

    /// Origins are stored in ledgers, so they may never change.
    #[test]
    fn origins_are_those_of_the_spec() {
        // ["splitwise", 20261121, "Tea\nfor two", 900, "EUR",
        //  [["Ann", 0, 1, 900], ["Ann", 1, 0, 900]]
        let row = [
            b"\x87\x69splitwise\x1a\x01\x35\x29\x01\x6bTea\nfor two".as_slice(),
            b"\x19\x03\x84\x63EUR\x82",
            b"\x84\x63Ann\x00\x01\x19\x03\x84",
            b"\x84\x63Ann\x01\x00\x19\x03\x84",
        ]
        .concat();
        // ["splitwise", 10101, "", 0, "JPY", [], 0]
        let zero = b"\x87\x69splitwise\x19\x27\x75\x60\x00\x63JPY\x80\x00".to_vec();
        // ["splitwise", 10101, "", 2, "JPY", [["Ann", 0, 1, 2], ["Ann", 1, 0, 2]], 1, 0]
        let refund = [
            b"\x88\x69splitwise\x19\x27\x75\x60\x02\x63JPY\x82".as_slice(),
            b"\x84\x63Ann\x00\x01\x02\x84\x63Ann\x01\x00\x02\x01\x00",
        ]
        .concat();
        let numbered = |n| [&row[..], &[n]].concat();
        let rows = [numbered(0), numbered(1), numbered(2), zero, refund];
        assert_eq!(found(ImportRow::origin), of_rows(&rows));
    }

    /// So are those of earlier drafts, whose ordinals count rows of the same category.
    #[test]
    fn former_origins_have_the_category() {
        let row = |category: &[u8]| {
            [
                b"\x88\x69splitwise\x1a\x01\x35\x29\x01\x6bTea\nfor two".as_slice(),
                category,
                b"\x19\x03\x84\x63EUR\x82",
                b"\x84\x63Ann\x00\x01\x19\x03\x84",
                b"\x84\x63Ann\x01\x00\x19\x03\x84",
            ]
            .concat()
        };
        let zero = b"\x88\x69splitwise\x19\x27\x75\x60\x60\x00\x63JPY\x80\x00".to_vec();
        let refund = [
            b"\x89\x69splitwise\x19\x27\x75\x60\x60\x02\x63JPY\x82".as_slice(),
            b"\x84\x63Ann\x00\x01\x02\x84\x63Ann\x01\x00\x02\x01\x00",
        ]
        .concat();
        let numbered = |category, n| [&row(category)[..], &[n]].concat();
        let (food, essen) = (b"\x64Food".as_slice(), b"\x65Essen".as_slice());
        let rows = [numbered(food, 0), numbered(food, 1), numbered(essen, 0), zero, refund];
        assert_eq!(found(|row| row.former().unwrap()), of_rows(&rows));
    }
}
