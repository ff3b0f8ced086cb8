use super::*;
use crate::base::id::GroupId;
use crate::draft::Draft;
use crate::header::HeaderFields;
use crate::header::Kind;
use crate::keys::DeviceKey;
use crate::state::any_position;

const MAX_PENDING: usize = 10_000;
const MAX_PENDING_BYTES: usize = 16 * 1024 * 1024;
const ID_BYTES: usize = 32;

fn id(n: u64) -> EntryId {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    EntryId::from_bytes(bytes)
}

/// An entry by device `who` that names `after` as backlink.
fn entry(who: u8, lamport: u64, after: EntryId) -> VerifiedEntry {
    let device = DeviceKey::from_bytes(&[who; 64]);
    let group = GroupId::from_bytes([1; 32]);
    let at = any_position(group, device.id(), lamport, after, vec![], lamport);
    Draft::merge().sign(&device, &at, 0).unwrap()
}

#[test]
fn a_chain_that_came_backwards_is_released_link_by_link() {
    let mut pending = WaitingEntries::new();
    let first = entry(1, 5, id(0));
    let second = entry(1, 6, first.id());
    assert!(pending.hold(second.clone(), [first.id()].into()).is_empty());
    assert!(pending.hold(first.clone(), [id(0)].into()).is_empty());
    assert_eq!(pending.missing().collect::<Vec<_>>(), [id(0)], "not what waits itself");
    assert_eq!(pending.release(&id(9)), []);
    assert!(!pending.is_empty());
    assert_eq!(pending.release(&id(0)), std::slice::from_ref(&first));
    assert_eq!(pending.release(&first.id()), [second]);
    assert!(pending.is_empty() && pending.missing().next().is_none());
}

#[test]
fn an_entry_waits_for_all_that_it_misses() {
    let mut pending = WaitingEntries::new();
    let both = entry(1, 5, id(0));
    pending.hold(both.clone(), [id(0), id(1)].into());
    pending.hold(both.clone(), [id(2)].into());
    assert_eq!(pending.len(), 1, "a second copy changes nothing");
    assert!(pending.release(&id(1)).is_empty());
    assert_eq!(pending.release(&id(0)), [both]);
}

#[test]
fn whoever_floods_hurts_only_themselves() {
    let mut pending = WaitingEntries::new();
    let honest = entry(1, 5, id(0));
    pending.hold(honest.clone(), [id(0)].into());
    let mut dropped = 0;
    for n in 1..=MAX_PENDING as u64 + 50 {
        dropped += pending.hold(entry(2, n, id(n)), [id(n)].into()).len();
    }
    assert_eq!((pending.len(), dropped), (MAX_PENDING, 51));
    assert_eq!(pending.release(&id(0)), [honest]);
}

/// An entry of exactly this many bytes.
fn sized(who: u8, lamport: u64, bytes: usize) -> VerifiedEntry {
    let device = DeviceKey::from_bytes(&[who; 64]);
    let of = |payload: &[u8]| {
        let kind = Kind::from_number(999);
        let mut fields = HeaderFields::for_payload(device.id(), kind, payload);
        fields.group = Some(GroupId::from_bytes([1; 32]));
        (fields.seq, fields.lamport) = (lamport, lamport);
        fields.backlink = Some(id(lamport));
        DecodedEntry::assemble(fields, payload, |id| device.sign_entry(id)).unwrap()
    };
    let header = of(&[0; 1_000]).as_bytes().len() - 1_000;
    let entry = of(&vec![0; bytes - header]);
    assert_eq!(entry.as_bytes().len(), bytes);
    VerifiedEntry::signed_here(entry)
}

#[test]
fn sixteen_mebibytes_wait_and_beyond_them_who_sent_most_gives_way() {
    let mut pending = WaitingEntries::new();
    let size = 32 * 1024;
    let count = MAX_PENDING_BYTES / size;
    let flood: Vec<VerifiedEntry> =
        (0..count as u64).map(|n| sized(2, 1_000 + n, size - ID_BYTES)).collect();
    for (n, entry) in flood.iter().enumerate() {
        assert_eq!(pending.hold(entry.clone(), [id(n as u64)].into()), []);
    }
    assert_eq!(pending.entries().count(), count, "all that fits");
    let honest = entry(1, 5, id(9_999));
    let last = flood.last().unwrap();
    assert_eq!(pending.hold(honest.clone(), [id(9_999)].into()), [last.id()]);
    assert_eq!(pending.hold(last.clone(), [id(0)].into()), [last.id()], "also if it comes anew");
    // What was admitted, or gave way, makes room.
    assert_eq!(pending.release(&id(0)), flood[..1]);
    assert_eq!(pending.hold(last.clone(), [id(0)].into()), []);
    assert_eq!(pending.len(), count);
    assert!(pending.entries().any(|entry| *entry == honest));
}

fn member(n: u8) -> MemberId {
    MemberId::from_bytes([n; 32])
}

/// Thousands of fresh keys, whom nobody enrolled, push out no entry of a member.
#[test]
fn a_flood_under_fresh_keys_pushes_no_honest_entry_out() {
    let limits = LedgerLimits { waiting_entries: 50, ..LedgerLimits::default() };
    let mut waiting = WaitingEntries::with_limits(limits);
    let honest: Vec<VerifiedEntry> = (0..20).map(|n| entry(1, 500 + n, id(n))).collect();
    for (n, entry) in honest.iter().enumerate() {
        let missing = [id(n as u64)].into();
        let account = WaitingAccount::WithProspects(member(1));
        assert_eq!(waiting.hold_for(account, entry.clone(), missing), []);
    }
    for n in 0..200 {
        waiting.hold(entry(n + 2, 1, id(1_000 + u64::from(n))), [id(0)].into());
    }
    assert_eq!(waiting.len(), 50);
    assert!(honest.iter().all(|entry| waiting.get(&entry.id()).is_some()));
    // Also those of an enrolled, but never accepted device go before them.
    for n in 0..200 {
        let flood = entry(2, 1, id(2_000 + n));
        let account = WaitingAccount::Introduced(member(2));
        waiting.hold_for(account, flood, [id(0)].into());
    }
    assert!(honest.iter().all(|entry| waiting.get(&entry.id()).is_some()));
}

/// A member's flood, from five devices, is bounded by what one member may account for,
/// and counts the ids that it misses.
#[test]
fn a_member_accounts_for_the_bytes_of_all_devices_and_for_missing_ids() {
    let limits = LedgerLimits { waiting_bytes_per_member: 20_000, ..LedgerLimits::default() };
    let mut waiting = WaitingEntries::with_limits(limits);
    let account = WaitingAccount::WithProspects(member(1));
    for n in 0..50 {
        let device = 1 + u8::try_from(n % 5).unwrap();
        let parents = (0..16).map(|m| id(n * 100 + m)).collect();
        let key = DeviceKey::from_bytes(&[device; 64]);
        let group = GroupId::from_bytes([1; 32]);
        let at = any_position(group, key.id(), n, id(n * 100 + 50), parents, n + 1);
        let flood = Draft::merge().sign(&key, &at, 0).unwrap();
        let missing = flood.decoded().header().dependencies().copied().collect();
        waiting.hold_for(account, flood, missing);
    }
    let ids = waiting.entries().map(|entry| entry.decoded().header().parents().len() + 1);
    let ids: usize = ids.sum();
    let entries: usize = waiting.entries().map(|entry| entry.decoded().as_bytes().len()).sum();
    assert_eq!(waiting.bytes(), (entries + ids * ID_BYTES) as u64);
    assert!((15_000..=20_000).contains(&waiting.bytes()));
    assert_eq!(waiting.missing().count(), ids);
    assert_eq!(waiting.missing_first(10).len(), 10);
}

/// What is asked for first is what members wait for, also behind a flood.
#[test]
fn what_members_wait_for_is_asked_for_first() {
    let mut waiting = WaitingEntries::new();
    for n in 0..100 {
        waiting.hold(entry(n + 2, 1, id(n.into())), [id(n.into())].into());
    }
    waiting.hold_for(
        WaitingAccount::WithProspects(member(1)),
        entry(1, 5, id(999)),
        [id(999)].into(),
    );
    assert_eq!(waiting.missing_first(1), [id(999)].into());
    // Somebody is removed: what they wait for is the last.
    let flooder = DeviceKey::from_bytes(&[2; 64]).id();
    waiting.set_accounts(|entry| match entry.header().device() == flooder {
        true => WaitingAccount::WithProspects(member(2)),
        false => WaitingAccount::Stranger,
    });
    assert_eq!(waiting.missing_first(1), [id(0)].into());
}

#[test]
fn what_misses_nothing_does_not_wait() {
    let mut pending = WaitingEntries::new();
    assert_eq!(pending.hold(entry(1, 5, id(0)), BTreeSet::new()), []);
    assert!(pending.is_empty());
}
