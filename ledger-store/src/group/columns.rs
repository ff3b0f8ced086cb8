//! Members of the columns of an export (SPEC §10).

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::engine::Payload;
use ledger_core::keys::PlaceholderCard;
use ledger_core::{GroupState, Member, MemberId};
use ledger_formats::{ImportFile, PersonKey, Program};

use crate::StoreError;
use crate::entries::GroupTransaction;

/// Member of a column, and how the group knows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) member: MemberId,
    pub(super) known: Known,
}

/// How a group knows the member of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// By the card that follows from the file, whatever the member's name is now.
    ByCard,
    /// By the name of the column.
    ByName,
    /// Not at all, and the person from the file has to be introduced.
    Unknown,
    /// The same, because more members have the name than columns.
    Ambiguous,
}

/// Returns the member of each column.
///
/// The card goes before every name: names change, and everybody can introduce somebody of any name
/// with any clock, but only the file's person has the file's `MemberId`. Where names leave a choice,
/// none is made, as a wrong one gives money of the file to somebody else.
pub(super) fn columns(
    transaction: &GroupTransaction<'_>,
    export: &ImportFile,
    salt: [u8; 32],
) -> Result<Vec<Column>, StoreError> {
    let state = transaction.ledger().state();
    let keys: Vec<&PersonKey> = export.people().iter().map(|member| member.key()).collect();
    let mut search = Search::by_cards(state, export.program(), &keys, salt)?;
    let members = || state.members().into_iter().filter(|(_, member)| member.is_introduced());
    search.match_names(&keys, members().map(|(id, member)| (id, member.name().to_owned())));
    if !search.open.is_empty() {
        // Somebody who took another name since is found by the one on their card.
        let mut names = Vec::new();
        for (id, _) in members() {
            names.extend(card_name(transaction, id)?.map(|name| (id, name)));
        }
        search.match_names(&keys, names);
    }
    Ok(search.columns)
}

struct Search<'a> {
    state: &'a GroupState,
    program: Program,
    columns: Vec<Column>,
    /// Indices of the columns that a name may find.
    open: BTreeSet<usize>,
    /// Members of other columns.
    taken: BTreeSet<MemberId>,
}

impl<'a> Search<'a> {
    fn by_cards(
        state: &'a GroupState,
        program: Program,
        keys: &[&PersonKey],
        salt: [u8; 32],
    ) -> Result<Self, StoreError> {
        let (mut columns, mut open, mut taken) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        for (index, key) in keys.iter().enumerate() {
            let member = PlaceholderCard::from_file(salt, key.name(), key.nonce())?.member();
            let known = match state.member(member) {
                Some(found) if found.is_introduced() => Known::ByCard,
                // Entries that count speak of them, but whoever introduced them was removed.
                Some(_) => Known::Unknown,
                None => {
                    open.insert(index);
                    Known::Unknown
                }
            };
            columns.push(Column { member, known });
            taken.insert(member);
        }
        Ok(Self { state, program, columns, open, taken })
    }

    /// Gives the open columns of a name to the members of that name, the k-th to the k-th. If there
    /// are more members than columns, only the founder gets one, of whom there is no doubt.
    fn match_names(
        &mut self,
        keys: &[&PersonKey],
        names: impl IntoIterator<Item = (MemberId, String)>,
    ) {
        let mut named: BTreeMap<String, Vec<MemberId>> = BTreeMap::new();
        for (id, name) in names {
            let plain = PersonKey::of_names(self.program, [name.as_str()]);
            let plain = plain.first().map(PersonKey::name).unwrap_or_default();
            if !self.taken.contains(&id) {
                named.entry(plain.to_owned()).or_default().push(id);
            }
        }
        let founder = self.state.introduced_by(self.state.group().genesis());
        for (name, mut members) in named {
            let is_named = |index: &usize| keys.get(*index).is_some_and(|key| key.name() == name);
            let places: Vec<usize> = self.open.iter().copied().filter(is_named).collect();
            if members.len() > places.len() {
                let is_removed =
                    |id: &MemberId| self.state.member(*id).is_some_and(Member::is_removed);
                members.retain(|id| !is_removed(id));
            }
            if members.is_empty() {
                continue;
            }
            let is_certain = members.len() <= places.len();
            for (place, member) in places.iter().zip(&members) {
                let Some(column) = self.columns.get_mut(*place) else { continue };
                if is_certain || Some(*member) == founder {
                    *column = Column { member: *member, known: Known::ByName };
                    self.taken.insert(*member);
                } else {
                    column.known = Known::Ambiguous;
                }
                self.open.remove(place);
            }
        }
    }
}

/// The name on the card by which somebody came into the group.
fn card_name(
    transaction: &GroupTransaction<'_>,
    member: MemberId,
) -> Result<Option<String>, StoreError> {
    let Some(entry) = transaction.ledger().state().first_introduction(member) else {
        return Ok(None);
    };
    let entry = transaction.stored(entry)?;
    let name = match entry.decoded().payload() {
        Payload::Genesis(genesis) => genesis.card().name(),
        Payload::AddMember(add) => add.card().name(),
        Payload::Placeholder(placeholder) => placeholder.card().name(),
        _ => return Ok(None),
    };
    Ok(Some(name.to_owned()))
}
