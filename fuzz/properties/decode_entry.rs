//! Property: decoding any bytes does no harm, and an entry that decodes has no other encoding.

use ledger_core::engine::{DecodedEntry, Ledger, Payload, RefIndex, verify_batch};
use ledger_core::{Amount, Hints, Setting, Transaction, hazmat};
use sha2::{Digest as _, Sha256};

/// Reads `data` as a signature of 64 bytes and an entry.
#[allow(unreachable_pub, reason = "included by a fuzz target and by tests")]
pub fn check(data: &[u8]) {
    let Some((signature, bytes)) = data.split_first_chunk::<64>() else { return };
    check_entry(bytes, signature);
    // A fuzzer cannot guess a hash. Without this, no changed payload would be read.
    if let Some(bytes) = resealed(bytes) {
        check_entry(&bytes, signature);
    }
}

fn check_entry(bytes: &[u8], signature: &[u8; 64]) {
    let entry = match DecodedEntry::decode(bytes, signature) {
        Ok(entry) => entry,
        Err(refusal) => {
            assert!(refusal.to_string().contains(refusal.rule().text()), "{refusal}");
            return;
        }
    };
    assert_eq!((entry.as_bytes(), entry.signature()), (bytes, signature));
    assert!(*entry.payload() == Payload::Opaque || is_canonical(bytes), "another encoding");
    let again = DecodedEntry::decode(entry.as_bytes(), entry.signature());
    assert_eq!(again.as_ref(), Ok(&entry));
    // The id does not depend on the signature, nor the rest on the id.
    let unsigned = DecodedEntry::decode(bytes, &[0; 64]);
    assert_eq!(unsigned.map(|unsigned| unsigned.id()), Ok(entry.id()));
    // One more or one fewer byte is another entry, or none.
    let longer = [bytes, &[0]].concat();
    assert!(DecodedEntry::decode(&longer, signature).is_err());
    let shorter = bytes.split_last().map_or(bytes, |(_, shorter)| shorter);
    assert!(DecodedEntry::decode(shorter, signature).is_err());

    read_header(&entry);
    read_payload(&entry);
    assert!(!format!("{entry:?}").is_empty());

    // Twice in a batch, so that the search for a bad signature runs, too.
    let [one, two] = &verify_batch(vec![entry.clone(), entry.clone()], &[7; 32])[..] else {
        panic!("one result for each entry")
    };
    assert_eq!(one, two);
    if let Ok(verified) = one {
        assert_eq!(verified.decoded(), &entry);
    }
    // A genesis entry begins a ledger, and nothing else does.
    let genesis = matches!(entry.payload(), Payload::Genesis(_));
    let ledger = Ledger::from_genesis(&hazmat::trust_stored(entry));
    assert_eq!(ledger.is_ok(), genesis);
    if let Ok(ledger) = ledger {
        let saved = ledger.to_checkpoint();
        assert_eq!(Ledger::from_checkpoint(ledger.group(), &saved), Ok(ledger));
    }
}

fn read_header(entry: &DecodedEntry) {
    let header = entry.header();
    assert!(header.version() >= 1 && header.lamport() >= 1);
    assert_eq!(header.group().is_none(), header.backlink().is_none());
    assert!(header.seq().max(header.timestamp_ms()) <= i64::MAX as u64);
    assert!(!header.kind().name().is_empty());
    assert_eq!(header.device().to_string().parse(), Ok(header.device()));
    let dependencies = header.dependencies().count();
    let backlinks = usize::from(header.backlink().is_some());
    assert_eq!(dependencies, backlinks + header.parents().len() + header.refs().len());
    assert!(header.parents().is_sorted_by(|a, b| a < b));
    assert!(header.refs().is_sorted_by(|a, b| a < b));
}

fn read_payload(entry: &DecodedEntry) {
    let refs = entry.header().refs();
    match entry.payload() {
        Payload::Genesis(genesis) => {
            assert!(!genesis.group_name().is_empty() && !genesis.card().name().is_empty());
            assert_eq!(genesis.card().certificate().device(), entry.header().device());
        }
        Payload::Placeholder(placeholder) => {
            assert!(!placeholder.card().name().is_empty());
        }
        Payload::AddMember(add) => {
            assert!(!add.card().name().is_empty());
            assert_eq!(add.card().root(), add.card().certificate().root());
        }
        Payload::Claim(claim) => {
            assert!(refs.get(claim.target().as_usize()).is_some());
        }
        Payload::Adopt(target) => assert!(refs.get(target.as_usize()).is_some()),
        Payload::Statement(signed) => {
            let statement = signed.statement();
            assert_eq!(statement.base(), refs);
            assert_eq!(Some(statement.group()), entry.header().group());
            assert!((1..=16).contains(&refs.len()) && !statement.body().name().is_empty());
        }
        Payload::Copy(copy) => assert!(refs.get(copy.original().as_usize()).is_some()),
        Payload::Endorsement(endorsement) => {
            assert!(refs.get(endorsement.target().as_usize()).is_some());
            assert!(endorsement.note().is_none_or(|note| note.len() <= 4_096));
        }
        Payload::Cancellation(cancellation) => {
            assert!(refs.get(cancellation.target().as_usize()).is_some());
            assert!(cancellation.reason().is_none_or(|reason| reason.len() <= 4_096));
        }
        Payload::Restoration(restoration) => {
            assert!(refs.get(restoration.target().as_usize()).is_some());
        }
        Payload::Correction(correction) => {
            assert!(refs.get(correction.target().as_usize()).is_some());
        }
        Payload::Setting(setting) => setting_reads_back(setting),
        Payload::Template(template) => {
            let change = template.change();
            assert!(change.is_none_or(|change| {
                refs.get(change.target().as_usize()).is_some()
                    && change.base() <= change.from()
                    && change.from() <= 1_000_000
            }));
            assert!((1..=1_000).contains(&template.rule().every()));
            assert!(template.end().is_none_or(|end| end <= 1_000_000));
            content_is_whole(template.transaction(), refs.len());
        }
        _ => {}
    }
    if let Payload::Speaks(speaks) = entry.payload() {
        assert!(speaks.version() >= 1 && speaks.features().is_sorted_by(|a, b| a < b));
    }
    if let Some(content) = entry.payload().transaction() {
        rule_gives_the_shares(content);
        content_is_whole(content, refs.len());
    }
}

/// Whatever the hint says, the rule that people see gives the shares, and who writes it again writes
/// the same.
fn rule_gives_the_shares(content: &Transaction<RefIndex>) {
    let Transaction::Expense(expense) = content else { return };
    let Some(rule) = expense.said_rule() else { return };
    assert!(rule.gives(&expense.shares, expense.amount, expense.currency), "{rule:?}");
    let mut again = expense.clone();
    again.keep_rule(&rule);
    assert_eq!(again.rule().kind(), rule.kind());
}

/// A value that is read can be written, and then reads as the same.
fn setting_reads_back(setting: &Setting) {
    let Some(value) = setting.value() else { return };
    let written = Setting::new(&value).expect("what is read can be written");
    assert_eq!((written.field(), written.subject()), (setting.field(), setting.subject()));
    assert_eq!(written.value(), Some(value));
}

/// Hints that are read can be written, and then read as the same.
fn hints_read_back(hints: &Hints) {
    let (tags, paid, receipts) = (hints.tags(), hints.paid_in(), hints.receipts());
    let mut written = Hints::default();
    written.set_tags(tags.iter().map(String::as_str)).expect("tags that were read");
    written.set_paid_in(paid.as_ref()).expect("a payment that was read");
    written.set_receipts(&receipts).expect("receipts that were read");
    assert_eq!((written.tags(), written.paid_in(), written.receipts()), (tags, paid, receipts));
}

fn content_is_whole(content: &Transaction<RefIndex>, refs: usize) {
    assert!(content.description().len() <= 4_096);
    assert_eq!(content.date().to_string().len(), 10);
    assert!(!content.amount().format(content.currency()).is_empty());
    hints_read_back(content.hints());
    match content {
        Transaction::Expense(expense) => {
            for parts in [&expense.payers, &expense.shares] {
                let sum = Amount::checked_sum(parts.iter().map(|(_, amount)| *amount));
                assert_eq!(sum, Some(content.amount()));
                assert!(parts.iter().all(|(m, amount)| m.as_usize() < refs && !amount.is_zero()));
            }
        }
        Transaction::Transfer(transfer) => {
            assert!(transfer.from != transfer.to && !content.amount().is_zero());
            assert!(transfer.from.as_usize() < refs && transfer.to.as_usize() < refs);
        }
    }
}

/// Whether the bytes are integers, strings, arrays and null only, each in its shortest form. The
/// content of byte strings is not checked.
fn is_canonical(mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        if let Some(rest) = bytes.strip_prefix(&[0xf6]) {
            bytes = rest;
            continue;
        }
        let Some((major, argument, rest)) = after_head(bytes) else { return false };
        let shortest = match argument {
            0..24 => 1,
            24..0x100 => 2,
            0x100..0x1_0000 => 3,
            0x1_0000..0x1_0000_0000 => 5,
            _ => 9,
        };
        let body = if major == 2 || major == 3 { argument } else { 0 };
        let Some(after) = rest.get(body..) else { return false };
        if !matches!(major, 0 | 2..=4) || bytes.len() - rest.len() != shortest {
            return false;
        }
        bytes = after;
    }
    true
}

/// The entry with the right length and hash of its payload, if the bytes begin like a header.
fn resealed(entry: &[u8]) -> Option<Vec<u8>> {
    let mut rest = entry.strip_prefix(&[0x8c])?;
    for _ in 0..10 {
        rest = after_item(rest)?;
    }
    let head = entry.get(..entry.len().checked_sub(rest.len())?)?;
    let payload = after_item(after_item(rest)?)?;
    let [.., a, b, high, low] = u32::try_from(payload.len()).ok()?.to_be_bytes();
    let len = match payload.len() {
        0..24 => vec![low],
        24..256 => vec![0x18, low],
        256..0x1_0000 => vec![0x19, high, low],
        _ => vec![0x1a, a, b, high, low],
    };
    let hash = Sha256::new().chain_update(b"\x0cgl/1/payload").chain_update(payload).finalize();
    Some([head, &len, &[0x58, 32], &hash, payload].concat())
}

/// The bytes after one CBOR item, or after an array of items that are not arrays.
fn after_item(bytes: &[u8]) -> Option<&[u8]> {
    let (major, mut argument, mut rest) = after_head(bytes)?;
    if major != 4 {
        return rest.get(if major == 2 || major == 3 { argument } else { 0 }..);
    }
    while argument > 0 {
        let (major, len, inner) = after_head(rest)?;
        rest = inner.get(if major == 2 || major == 3 { len } else { 0 }..)?;
        argument -= 1;
    }
    Some(rest)
}

/// The major type and argument of an item, and the bytes after them.
fn after_head(bytes: &[u8]) -> Option<(u8, usize, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let width = match first & 0x1f {
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        small => return Some((first >> 5, usize::from(small), rest)),
    };
    let (argument, rest) = rest.split_at_checked(width)?;
    let argument = argument
        .iter()
        .try_fold(0_usize, |sum, byte| sum.checked_mul(256)?.checked_add(usize::from(*byte)))?;
    Some((first >> 5, argument, rest))
}
