//! The base of a statement: at most 16 entries, and all that the signer is to know in their past.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::engine::{DecodedEntry, Payload};
use ledger_core::keys::DeviceKey;
use ledger_core::limits::MAX_PARENTS as MAX_BASE;
use ledger_core::statement::StatementBody;
use ledger_core::{DeviceId, EntryId, GroupState, MemberId};

use super::StatementIntent;
use crate::StoreError;
use crate::entries::GroupTransaction;
use crate::entries::index::stored_entry;

/// The base of a statement that knows everything: the heads, of which merge entries leave at most
/// 16.
pub(super) fn whole_base(
    transaction: &mut GroupTransaction<'_>,
    device: &DeviceKey,
) -> Result<BTreeSet<EntryId>, StoreError> {
    transaction.merge_heads(device)?;
    if transaction.ledger().frontier().heads().nth(MAX_BASE).is_some() {
        transaction.sign_merge(device)?;
    }
    Ok(transaction.ledger().frontier().heads().collect())
}

/// The base of a statement that knows nothing of an entry and of what depends on it.
///
/// There may be any number of heads before the entry, and no merge entry of this device can join
/// them: its chain may depend on the entry. So if they are more than 16, the base names what the
/// statement is about: the last entries of the target's devices, and what else decides about it.
pub(super) fn base_before(
    transaction: &GroupTransaction<'_>,
    intent: &StatementIntent,
    entry: &EntryId,
) -> Result<BTreeSet<EntryId>, StoreError> {
    let (ledger, index) = (transaction.ledger(), transaction.index());
    let heads = ledger.heads_before(index, entry)?;
    if heads.len() <= MAX_BASE {
        return Ok(heads);
    }
    let target = Target::new(ledger.state(), intent);
    let before = Before::read(transaction, entry, &target)?;
    Ok(before.base())
}

/// The member and devices that a statement is about.
struct Target<'a> {
    state: &'a GroupState,
    member: Option<MemberId>,
    device: Option<DeviceId>,
}

impl<'a> Target<'a> {
    fn new(state: &'a GroupState, intent: &StatementIntent) -> Self {
        let (member, device) = match intent {
            StatementIntent::Remove { member, .. } | StatementIntent::Bind { member, .. } => {
                (Some(*member), None)
            }
            StatementIntent::Revoke { device, .. } => (state.device_owner(*device), Some(*device)),
            _ => (None, None),
        };
        Self { state, member, device }
    }

    /// Whether the statement cuts this device.
    fn is_device(&self, device: DeviceId) -> bool {
        match self.device {
            Some(target) => target == device,
            None => self.member.is_some() && self.state.device_owner(device) == self.member,
        }
    }

    /// Whether an entry decides about the member: an introduction, or a statement about them.
    fn decides(&self, entry: &DecodedEntry) -> bool {
        let introduced = self.state.introduced_by(entry.id());
        let about = match entry.payload() {
            Payload::Statement(statement) => match statement.statement().body() {
                StatementBody::Remove { member } | StatementBody::Bind { member, .. } => {
                    Some(*member)
                }
                StatementBody::Enrol { certificate, .. } => {
                    self.state.device_owner(certificate.device())
                }
                _ => None,
            },
            Payload::Claim(claim) => {
                let target = entry.header().refs().get(claim.target().as_usize());
                target.and_then(|target| self.state.introduced_by(*target))
            }
            _ => None,
        };
        self.member.is_some() && (introduced == self.member || about == self.member)
    }
}

/// The entries that do not depend on a given one.
struct Before {
    /// The dependencies of each, in (lamport, id).
    entries: BTreeMap<(u64, EntryId), Vec<EntryId>>,
    /// Those that the base must have in its past.
    needed: BTreeSet<EntryId>,
}

impl Before {
    fn read(
        transaction: &GroupTransaction<'_>,
        first: &EntryId,
        target: &Target<'_>,
    ) -> Result<Self, StoreError> {
        let sql = "SELECT entry, signature FROM entries WHERE grp = ?1 ORDER BY lamport";
        let mut statement = transaction.connection().prepare_cached(sql)?;
        let mut rows = statement.query([transaction.group().0])?;
        let mut after = BTreeSet::from([*first]);
        let (mut entries, mut needed) = (BTreeMap::new(), BTreeSet::new());
        while let Some(row) = rows.next()? {
            let entry = stored_entry(row)?;
            let (id, header) = (entry.id(), entry.decoded().header());
            let dependencies: Vec<EntryId> = header.dependencies().copied().collect();
            if id == *first || dependencies.iter().any(|id| after.contains(id)) {
                after.insert(id);
                continue;
            }
            if target.is_device(header.device()) || target.decides(entry.decoded()) {
                needed.insert(id);
            }
            entries.insert((header.lamport(), id), dependencies);
        }
        Ok(Self { entries, needed })
    }

    /// The needed entries that are in the past of no other one. More than 16 are left only if the
    /// target wrote on as many devices at once; then the last ones.
    fn base(&self) -> BTreeSet<EntryId> {
        let (mut covered, mut base) = (BTreeSet::new(), BTreeSet::new());
        for ((_, id), dependencies) in self.entries.iter().rev() {
            let is_covered = covered.contains(id);
            if self.needed.contains(id) && !is_covered && base.len() < MAX_BASE {
                base.insert(*id);
            }
            if is_covered || base.contains(id) {
                covered.extend(dependencies.iter().copied());
            }
        }
        base
    }
}
