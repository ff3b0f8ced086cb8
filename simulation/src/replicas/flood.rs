//! A flood of entries that wait: large entries of one device, each of which needs an entry that does
//! not exist.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use ledger_core::engine::{Draft, VerifiedEntry};
use ledger_core::keys::DeviceKey;
use ledger_core::limits::{LedgerLimits, MAX_REFS};
use ledger_core::{
    Amount, Currency, Date, DeviceId, EntryId, Expense, GroupId, MemberId, Transaction, hazmat,
};

use crate::Error;

/// The entries, made once for each process: every history has the same genesis entry.
static ENTRIES: OnceLock<Option<(GroupId, Vec<VerifiedEntry>)>> = OnceLock::new();

fn key() -> DeviceKey {
    DeviceKey::from_bytes(&[0xF1; 64])
}

/// The device that signs the flood.
#[must_use]
pub(super) fn device() -> DeviceId {
    key().id()
}

/// Entries of more bytes than may wait.
///
/// # Errors
/// If the entries cannot be signed.
pub(super) fn flood(group: GroupId) -> Result<&'static [VerifiedEntry], Error> {
    let made = ENTRIES.get_or_init(|| Some((group, make(group).ok()?))).as_ref();
    match made {
        Some((of, entries)) if *of == group => Ok(entries),
        _ => Err("no flood for this group".into()),
    }
}

fn make(group: GroupId) -> Result<Vec<VerifiedEntry>, Error> {
    let key = key();
    let absent = |n: u64| {
        let mut bytes = [0xF0; 32];
        bytes.iter_mut().zip(n.to_be_bytes()).for_each(|(to, from)| *to = from);
        EntryId::from_bytes(bytes)
    };
    let (mut entries, mut bytes) = (Vec::new(), 0u64);
    let refs: BTreeSet<EntryId> = (1..=u64::try_from(MAX_REFS)?).map(absent).collect();
    let one = Amount::from_minor_units(1)?;
    let parts: Vec<(MemberId, Amount)> =
        refs.iter().map(|id| (MemberId::from_bytes(*id.as_bytes()), one)).collect();
    let details = Transaction::Expense(
        Expense::new(
            Date::from_ymd(2026, 11, 21)?,
            "x".repeat(4000),
            Currency::from_code("EUR")?,
            Amount::from_minor_units(u64::try_from(MAX_REFS)?)?,
        )
        .note("x".repeat(4000))
        .payers(parts.clone())
        .shares(parts),
    );
    let draft = Draft::record(&hazmat::any_names(group, refs), &details)?;
    let most = LedgerLimits::default().waiting_bytes;
    while bytes <= most.saturating_add(most / 16) {
        let n = u64::try_from(entries.len())?.saturating_add(1);
        let at = hazmat::any_position(group, key.id(), n, absent(n << 16), Vec::new(), n);
        let entry = draft.clone().sign(&key, &at, 0)?;
        bytes = bytes.saturating_add(u64::try_from(entry.decoded().as_bytes().len())?);
        entries.push(entry);
    }
    Ok(entries)
}
