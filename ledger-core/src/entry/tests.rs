//! Every class of bytes that decoding and verifying refuse.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::base::codec::Writer;
use crate::base::hash::{Tag, digest};
use crate::base::id::{DeviceId, EntryId, GroupId, Origin, StateDigest};
use crate::base::limits::{MAX_ENTRY_BYTES, MAX_PARENTS, MAX_REFS};
use crate::base::rule::Rule;
use crate::draft::NewGroup;
use crate::header::{Header, HeaderFields, Kind};
use crate::keys::{Card, DeviceKey, PlaceholderCard, RootEntropy};
use crate::money::{Amount, Balance, Currency, Date, Direction};
use crate::payload::{
    Cancellation, Endorsement, Expense, Genesis, Hints, Opening, Payload, Predecessor, RefIndex,
    Transaction, Transfer,
};
use crate::statement::{Generation, StatementBody};

fn fields(payload: &[u8], kind: Kind) -> HeaderFields {
    let mut fields = HeaderFields::for_payload(DeviceId::from_bytes([1; 32]), kind, payload);
    fields.group = Some(GroupId::from_bytes([2; 32]));
    fields.backlink = Some(EntryId::from_bytes([3; 32]));
    fields.seq = 1;
    fields.lamport = 2;
    fields
}

fn ids(count: usize) -> Vec<EntryId> {
    let mut ids: Vec<EntryId> =
        (0..count).map(|n| EntryId::from_bytes(digest(Tag::ENTRY, &[&n.to_be_bytes()]))).collect();
    ids.sort();
    ids
}

fn header_rule(change: impl FnOnce(&mut HeaderFields)) -> Option<Rule> {
    let mut fields = fields(b"", Kind::from_number(999));
    change(&mut fields);
    Header::check(fields).err().map(|refusal| refusal.rule())
}

fn payload_rule(kind: Kind, refs: usize, payload: &[u8]) -> Option<Rule> {
    let mut fields = fields(payload, kind);
    fields.refs = ids(refs);
    let assembled = DecodedEntry::assemble(fields, payload, |_| [0; 64]);
    assembled.err().map(|refusal| refusal.rule())
}

fn genesis() -> DecodedEntry {
    let entropy = RootEntropy::from_bytes([8; 32]);
    let device = DeviceKey::from_bytes(&[7; 64]);
    let new = NewGroup::new("G", "F", &entropy, 0, [9; 32]);
    new.create(&device, 5).unwrap().decoded().clone()
}

#[test]
fn header_rules() {
    assert_eq!(header_rule(|_| {}), None);
    assert_eq!(header_rule(|f| f.version = 0), Some(Rule::H8));
    assert_eq!(header_rule(|f| f.version = 9), None, "later versions keep the layout");
    assert_eq!(header_rule(|f| f.group = None), Some(Rule::H2));
    assert_eq!(header_rule(|f| f.backlink = None), Some(Rule::H2));
    assert_eq!(header_rule(|f| f.kind = Kind::GENESIS), Some(Rule::H2));
    assert_eq!(header_rule(|f| f.parents = ids(MAX_PARENTS)), None);
    assert_eq!(header_rule(|f| f.parents = ids(MAX_PARENTS + 1)), Some(Rule::H3));
    assert_eq!(header_rule(|f| f.parents = vec![ids(1)[0]; 2]), Some(Rule::H3));
    assert_eq!(header_rule(|f| f.parents = ids(2).into_iter().rev().collect()), Some(Rule::H3));
    assert_eq!(header_rule(|f| f.parents = vec![f.backlink.unwrap()]), Some(Rule::H3));
    assert_eq!(header_rule(|f| f.refs = ids(MAX_REFS)), None);
    assert_eq!(header_rule(|f| f.refs = ids(MAX_REFS + 1)), Some(Rule::H4));
    assert_eq!(header_rule(|f| f.refs = vec![ids(1)[0]; 2]), Some(Rule::H4));
    assert_eq!(header_rule(|f| f.lamport = 0), Some(Rule::H5));
    let without_past = |f: &mut HeaderFields| {
        (f.kind, f.group, f.backlink, f.seq, f.lamport) = (Kind::GENESIS, None, None, 0, 1);
    };
    assert_eq!(header_rule(without_past), None);
    for change in [
        (|f: &mut HeaderFields| f.lamport = 2) as fn(&mut HeaderFields),
        |f| f.refs = ids(1),
        |f| f.parents = ids(1),
    ] {
        let rule = header_rule(|f| {
            without_past(f);
            change(f);
        });
        assert_eq!(rule, Some(Rule::H9));
    }
}

#[test]
fn a_header_says_what_was_signed() {
    let mut fields = fields(b"later", Kind::from_number(999));
    (fields.version, fields.timestamp_ms) = (9, 1_795_000_000_000);
    (fields.parents, fields.refs) = (ids(3), ids(2));
    let entry = DecodedEntry::assemble(fields.clone(), b"later", |_| [6; 64]).unwrap();
    let header = entry.header();
    assert_eq!((header.version(), header.kind()), (9, Kind::from_number(999)));
    assert_eq!((header.group(), header.device()), (fields.group, fields.device));
    assert_eq!((header.seq(), header.backlink()), (1, fields.backlink));
    assert_eq!((header.parents(), header.refs()), (&ids(3)[..], &ids(2)[..]));
    assert_eq!((header.lamport(), header.timestamp_ms()), (2, 1_795_000_000_000));
    assert_eq!(header.dependencies().count(), 1 + 3 + 2);
    assert_eq!(entry.signature(), &[6; 64]);
}

#[test]
fn h1_an_entry_of_the_largest_size_decodes_and_one_byte_more_does_not() {
    let kind = Kind::from_number(999);
    let size = |payload: usize| {
        let payload = vec![0; payload];
        let header = Header::check(fields(&payload, kind)).unwrap().encode().len();
        header + payload.len()
    };
    let edge = MAX_ENTRY_BYTES - (size(60_000) - 60_000);
    assert_eq!(size(edge), MAX_ENTRY_BYTES);
    assert_eq!(payload_rule(kind, 0, &vec![0; edge]), None);
    assert_eq!(payload_rule(kind, 0, &vec![0; edge + 1]), Some(Rule::H1));
}

#[test]
fn every_flipped_bit_of_an_entry_is_refused_or_makes_another_entry() {
    let entry = genesis();
    for place in 0..entry.as_bytes().len() {
        for bit in 0..8 {
            let mut bytes = entry.as_bytes().to_vec();
            bytes[place] ^= 1 << bit;
            let Ok(other) = DecodedEntry::decode(&bytes, entry.signature()) else { continue };
            assert_ne!(other.id(), entry.id(), "byte {place} bit {bit}");
            let verified = verify_batch(vec![other], &[0; 32]).remove(0);
            assert_eq!(verified.unwrap_err().rule(), Rule::S1, "byte {place} bit {bit}");
        }
    }
    for length in 0..entry.as_bytes().len() {
        assert!(DecodedEntry::decode(&entry.as_bytes()[..length], entry.signature()).is_err());
    }
    let longer = [entry.as_bytes(), &[0]].concat();
    assert_eq!(DecodedEntry::decode(&longer, entry.signature()).unwrap_err().rule(), Rule::H7);
}

#[test]
fn a_batch_names_exactly_the_bad_signatures() {
    let good = genesis();
    let mut signature = *good.signature();
    signature[5] ^= 1;
    let bad = DecodedEntry::decode(good.as_bytes(), &signature).unwrap();
    assert_eq!(verify_batch(vec![], &[3; 32]), []);
    for count in [1usize, 2, 7, 64] {
        for bad_at in [None, Some(0), Some(count / 2), Some(count - 1)] {
            let entry = |n| if Some(n) == bad_at { bad.clone() } else { good.clone() };
            let results = verify_batch((0..count).map(entry).collect(), &[3; 32]);
            for (n, result) in results.into_iter().enumerate() {
                let rule = result.err().map(|refusal| refusal.rule());
                assert_eq!(rule, (Some(n) == bad_at).then_some(Rule::S1), "{n} of {count}");
            }
        }
    }
}

#[test]
fn genesis_certificates_are_checked() {
    let entry = genesis();
    let Payload::Genesis(_) = entry.payload() else { panic!() };
    let payload = entry.payload().encode();
    let device = DeviceKey::from_bytes(&[7; 64]);
    let sign = |payload: &[u8], device_id| {
        let fields = HeaderFields::for_payload(device_id, Kind::GENESIS, payload);
        DecodedEntry::assemble(fields, payload, |id| device.sign_entry(id))
    };
    // The last 64 bytes are the acceptance, before it the two root signatures.
    for from_end in [11, 81, 151] {
        let mut forged = payload.clone();
        let place = forged.len() - from_end;
        forged[place] ^= 1;
        let decoded = sign(&forged, device.id()).unwrap();
        let verified = verify_batch(vec![decoded], &[0; 32]).remove(0);
        assert_eq!(verified.unwrap_err().rule(), Rule::K4);
    }
    let refused = sign(&payload, DeviceId::from_bytes([1; 32])).unwrap_err();
    assert_eq!(refused.rule(), Rule::K5);
}

#[test]
fn a_card_shows_the_keys_that_it_was_made_with() {
    let (entropy, device) = (RootEntropy::from_bytes([8; 32]), DeviceKey::from_bytes(&[7; 64]));
    let Payload::Genesis(genesis) = genesis().payload().clone() else { panic!() };
    let card = genesis.card();
    assert_eq!((card.name(), card.root()), ("F", entropy.root_key(0).id()));
    assert_eq!(*card.recovery_public_key(), entropy.recovery_public_key(0));
    let certificate = card.certificate();
    assert_eq!((certificate.root(), certificate.device()), (card.root(), device.id()));
    assert_eq!(*certificate.exchange_public_key(), device.exchange_public_key());
}

#[test]
fn g1_opening_balances_reach_to_2_64_minus_1_on_either_side() {
    let device = DeviceKey::from_bytes(&[7; 64]);
    let rule = |minor_units: i128| {
        let entropy = RootEntropy::from_bytes([8; 32]);
        let (card, signatures) = Card::sign([9; 32], "F", &entropy, 0, &device).unwrap();
        let other = PlaceholderCard::new([9; 32], Some(card.member()), "Ben", [1; 16]).unwrap();
        let opening = |card, minor_units| {
            let euros =
                (Currency::from_code("EUR").unwrap(), Balance::from_minor_units(minor_units));
            Opening { card, balances: BTreeMap::from([euros]) }
        };
        let predecessor = Predecessor {
            group: GroupId::from_bytes([4; 32]),
            digest: StateDigest::from_bytes([5; 32]),
            heads: ids(2),
            opening: vec![opening(None, minor_units), opening(Some(other), -minor_units)],
        };
        let genesis = Genesis::new("G", card, signatures, Some(predecessor));
        let payload = Payload::Genesis(Box::new(genesis)).encode();
        let fields = HeaderFields::for_payload(device.id(), Kind::GENESIS, &payload);
        let assembled = DecodedEntry::assemble(fields, &payload, |_| [0; 64]);
        assembled.err().map(|refusal| refusal.rule())
    };
    for side in [1, -1] {
        assert_eq!(rule(side * i128::from(u64::MAX)), None);
        assert_eq!(rule(side << 64), Some(Rule::G1));
    }
}

/// An expense with one payer and one sharer; `change` breaks it.
fn expense(change: impl FnOnce(&mut ExpenseBytes)) -> Vec<u8> {
    let mut e = ExpenseBytes {
        date: 20_261_121,
        currency: "EUR",
        amount: 100,
        payers: vec![(0, 100)],
        shares: vec![(0, 40), (1, 60)],
        category: "food".into(),
    };
    change(&mut e);
    let mut w = Writer::new();
    w.array(9);
    w.uint(e.date);
    w.text("Dinner");
    w.text(&e.category);
    w.null();
    w.text(e.currency);
    w.uint(e.amount);
    for parts in [&e.payers, &e.shares] {
        w.array(parts.len());
        for (member, amount) in parts {
            w.array(2);
            w.uint(*member);
            w.uint(*amount);
        }
    }
    w.null();
    w.into_bytes()
}

struct ExpenseBytes {
    date: u64,
    currency: &'static str,
    amount: u64,
    payers: Vec<(u64, u64)>,
    shares: Vec<(u64, u64)>,
    category: String,
}

#[test]
fn expense_rules() {
    let rule = |change: fn(&mut ExpenseBytes)| payload_rule(Kind::EXPENSE, 2, &expense(change));
    assert_eq!(rule(|_| {}), None);
    assert_eq!(rule(|e| e.date = 20_260_230), Some(Rule::P4));
    assert_eq!(rule(|e| e.currency = "eur"), Some(Rule::P5));
    assert_eq!(rule(|e| e.currency = "EURO"), Some(Rule::P5));
    assert_eq!(rule(|e| e.currency = "ZZZ"), None, "unknown letters are kept");
    assert_eq!(rule(|e| e.amount = 1_000_000_000_000_001), Some(Rule::P6));
    assert_eq!(rule(|e| e.shares = vec![(0, 0), (1, 100)]), Some(Rule::P6));
    assert_eq!(rule(|e| e.payers = vec![(0, 99)]), Some(Rule::P7));
    assert_eq!(rule(|e| e.shares = vec![(0, 40), (1, 61)]), Some(Rule::P7));
    assert_eq!(rule(|e| e.shares = vec![(1, 60), (0, 40)]), Some(Rule::P7));
    assert_eq!(rule(|e| e.shares = vec![(1, 60), (1, 40)]), Some(Rule::P7));
    assert_eq!(rule(|e| e.shares = vec![(0, 40), (2, 60)]), Some(Rule::P1));
    assert_eq!(rule(|e| e.shares = vec![(0, 40), (70_000, 60)]), Some(Rule::P1));
    assert_eq!(rule(|e| e.shares = vec![(0, 100)]), Some(Rule::P2));
    assert_eq!(rule(|e| e.category = "x".repeat(128)), None);
    assert_eq!(rule(|e| e.category = "x".repeat(129)), Some(Rule::P3));
    let nothing = expense(|e| (e.amount, e.payers, e.shares) = (0, vec![], vec![]));
    assert_eq!(payload_rule(Kind::EXPENSE, 0, &nothing), None);
    let longer = [expense(|_| {}), vec![0]].concat();
    assert_eq!(payload_rule(Kind::EXPENSE, 2, &longer), Some(Rule::C5));
    let nine = expense(|_| {});
    let eight = [&[0x88], &nine[1..nine.len() - 1]].concat();
    assert_eq!(payload_rule(Kind::EXPENSE, 2, &eight), Some(Rule::C6));
}

#[test]
fn transfer_correction_and_cancellation_rules() {
    let transfer = |amount: u64, from: u64, to: u64| {
        let mut w = Writer::new();
        w.array(7);
        w.uint(20_261_121);
        w.text("");
        w.text("EUR");
        w.uint(amount);
        w.uint(from);
        w.uint(to);
        w.null();
        w.into_bytes()
    };
    assert_eq!(payload_rule(Kind::TRANSFER, 2, &transfer(1, 0, 1)), None);
    assert_eq!(payload_rule(Kind::TRANSFER, 2, &transfer(0, 0, 1)), Some(Rule::P6));
    assert_eq!(payload_rule(Kind::TRANSFER, 1, &transfer(1, 0, 0)), Some(Rule::P8));

    let correction = |target: u64, kind: u64, content: &[u8]| {
        let mut w = Writer::new();
        w.array(3);
        w.uint(target);
        w.uint(kind);
        [w.into_bytes(), content.to_vec()].concat()
    };
    let content = transfer(1, 0, 1);
    assert_eq!(payload_rule(Kind::CORRECTION, 3, &correction(2, 17, &content)), None);
    assert_eq!(payload_rule(Kind::CORRECTION, 3, &correction(3, 17, &content)), Some(Rule::P1));
    assert_eq!(payload_rule(Kind::CORRECTION, 3, &correction(1, 17, &content)), Some(Rule::P2));
    assert_eq!(payload_rule(Kind::CORRECTION, 3, &correction(2, 16, &content)), Some(Rule::C6));
    assert_eq!(payload_rule(Kind::CORRECTION, 3, &correction(2, 1, &content)), Some(Rule::C1));

    assert_eq!(payload_rule(Kind::CANCELLATION, 1, &[0x82, 0x00, 0xf6]), None);
    assert_eq!(payload_rule(Kind::CANCELLATION, 0, &[0x82, 0x00, 0xf6]), Some(Rule::P1));
    assert_eq!(payload_rule(Kind::MERGE, 0, &[0x80]), None);
    assert_eq!(payload_rule(Kind::MERGE, 1, &[0x80]), Some(Rule::P2));
    assert_eq!(payload_rule(Kind::MERGE, 0, &[0x81, 0x00]), Some(Rule::C6));
}

#[test]
fn longer_forms_inside_the_header_are_refused() {
    let payload = b"";
    let header = Header::check(fields(payload, Kind::from_number(999))).unwrap().encode();
    // The version, 1, in two bytes.
    let longer = [&header[..1], &[0x18, 0x01], &header[2..]].concat();
    let refused = DecodedEntry::decode(&longer, &[0; 64]).unwrap_err();
    assert_eq!(refused.rule(), Rule::C2);
}

#[test]
fn every_kind_has_a_word_of_its_own() {
    let numbers = (0..=6).chain(16..=26);
    let known: Vec<&str> = numbers.map(|n| Kind::from_number(n).name()).collect();
    let different: BTreeSet<&str> = known.iter().copied().collect();
    assert_eq!((known[0], known[7], different.len()), ("genesis", "expense", known.len()));
    assert!(!different.contains("unknown"));
    assert_eq!(Kind::from_number(999).name(), "unknown");
    let generation = Generation::Claim(ids(1)[0]);
    let statements =
        [StatementBody::Leave { generation }, StatementBody::RenameGroup { name: "Flat".into() }];
    assert_eq!(statements.map(|body| body.name()), ["leave", "rename-group"]);
}

/// What an entry says after it was written and read.
fn read_back(payload: &Payload, refs: usize) -> Payload {
    let bytes = payload.encode();
    let mut fields = fields(&bytes, payload.kind().unwrap());
    fields.refs = ids(refs);
    DecodedEntry::assemble(fields, &bytes, |_| [0; 64]).unwrap().payload().clone()
}

/// A change of the format may cost bytes where it says more, and nowhere else.
#[test]
fn a_plain_dinner_takes_the_bytes_that_it_took_before_more() {
    let dinner = expense(|_| {});
    let (date, texts, currency, amount) = (5, 7 + 5 + 1, 4, 2);
    let (payers, shares) = (1 + 4, 1 + 2 * 4);
    // One byte for the head, and one for everything that the dinner does not say.
    assert_eq!(dinner.len(), 1 + date + texts + currency + amount + payers + shares + 1);
    assert_eq!(dinner.last(), Some(&0xf6));
    let mut fields = fields(&dinner, Kind::EXPENSE);
    fields.refs = ids(2);
    let payload = Payload::decode(&Header::check(fields).unwrap(), &dinner).unwrap();
    assert_eq!(payload.encode(), dinner, "these are the bytes that are written");
}

#[test]
fn what_is_said_beside_the_amounts_reads_back() {
    let (first, second) = (RefIndex::new(0), RefIndex::new(1));
    let (date, currency) = (Date::from_ymd(2026, 11, 21).unwrap(), Currency::from_code("EUR"));
    let (currency, amount) = (currency.unwrap(), Amount::from_minor_units(100).unwrap());
    let origin = Some(Origin::from_bytes([5; 16]));
    let mut hints = Hints::default();
    hints.set(7, *b"later").unwrap();
    let expense = Transaction::Expense(Expense {
        date,
        description: "Dinner".into(),
        category: Some("food".into()),
        note: Some("late".into()),
        currency,
        amount,
        payers: vec![(first, amount)],
        shares: vec![(second, amount)],
        direction: Direction::Incoming,
        origin,
        hints: hints.clone(),
    });
    let description = "Back".into();
    let (from, to) = (second, first);
    let transfer = Transaction::Transfer(Transfer {
        date,
        description,
        currency,
        amount,
        from,
        to,
        origin: None,
        hints: hints.clone(),
    });
    for (content, says) in [(expense, ("Dinner", origin)), (transfer, ("Back", None))] {
        let read = read_back(&Payload::Transaction(content.clone()), 2);
        assert_eq!(read.transaction(), Some(&content));
        assert_eq!((content.description(), content.origin()), says);
        assert_eq!(content.hints(), &hints);
        assert_eq!(
            (content.date(), content.currency(), content.amount()),
            (date, currency, amount)
        );
        match content {
            Transaction::Expense(expense) => {
                let said = (expense.category.as_deref(), expense.note.as_deref());
                assert_eq!(said, (Some("food"), Some("late")));
                let members = [expense.payers, expense.shares].map(|parts| parts[0].0);
                assert_eq!(members, [first, second]);
            }
            Transaction::Transfer(transfer) => {
                assert_eq!((transfer.from, transfer.to), (second, first));
            }
        }
    }
    for confirms in [false, true] {
        let note = Some("so it was".into());
        let endorsement = Payload::Endorsement(Endorsement { target: first, confirms, note });
        let Payload::Endorsement(read) = read_back(&endorsement, 1) else { panic!() };
        assert_eq!((read.confirms(), read.note()), (confirms, Some("so it was")));
    }
    let reason = Some("never happened".into());
    let cancellation = Payload::Cancellation(Cancellation { target: first, reason });
    let Payload::Cancellation(read) = read_back(&cancellation, 1) else { panic!() };
    assert_eq!(read.reason(), Some("never happened"));
}

#[test]
fn what_is_stored_reads_as_it_was_decoded_under_the_id_that_it_had() {
    let entry = genesis();
    let (bytes, signature) = (entry.as_bytes(), entry.signature());
    let read = read_stored(entry.id(), bytes, signature).unwrap();
    assert_eq!(read.decoded(), &entry);
    // The id and the hash of the payload are believed; the form is not.
    let other = EntryId::from_bytes([1; 32]);
    assert_eq!(read_stored(other, bytes, signature).unwrap().id(), other);
    for len in 0..bytes.len() {
        let refused = read_stored(entry.id(), &bytes[..len], signature).unwrap_err();
        assert!(DecodedEntry::decode(&bytes[..len], signature).is_err());
        assert_eq!(refused.entry(), Some(entry.id()), "{len} bytes");
    }
    let longer = [bytes, &[0]].concat();
    assert_eq!(read_stored(other, &longer, signature).unwrap_err().rule(), Rule::H7);
}
