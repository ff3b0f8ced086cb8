//! Members of the columns of an export (SPEC §10).

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::engine::{EntryIndex as _, Payload};
use ledger_core::keys::PlaceholderCard;
use ledger_core::{Balance, DraftError, GroupState, Member, MemberId};
use ledger_formats::{ImportFile, PersonKey, Program};

use crate::StoreError;
use crate::entries::index::StoredIndex;

/// Member of a column, and how the group knows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) member: MemberId,
    pub(super) known: PersonMatch,
}

/// How a group knows the person of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PersonMatch {
    /// A person said who it is.
    Chosen,
    /// By the card that follows from the file, whatever the member's name is now.
    Card,
    /// By the rows that the group knows: in all of them the member has what the column has.
    Rows,
    /// By the name of the column, which proves nothing.
    Name,
    /// Not at all: the person is introduced.
    New,
    /// The same, because the group has more members of the name than the file has columns.
    Ambiguous,
}

impl PersonMatch {
    /// Whether the person is a member already.
    pub(super) fn is_member(self) -> bool {
        !matches!(self, Self::New | Self::Ambiguous)
    }
}

/// What the columns of a row and the members of the same row here have of it.
pub(super) struct KnownNets {
    pub(super) columns: BTreeMap<usize, Balance>,
    pub(super) members: BTreeMap<MemberId, Balance>,
}

/// Returns the member of each column.
///
/// What a person said goes first, then the card, then the rows that are known: names change, and
/// everybody can introduce somebody of any name with any clock, but only the file's person has the
/// file's `MemberId`. Where names leave a choice, none is made, as a wrong one gives money of the file
/// to somebody else.
pub(super) fn columns(
    (index, state): (&StoredIndex<'_>, &GroupState),
    export: &ImportFile,
    salt: [u8; 32],
    chosen: &BTreeMap<usize, MemberId>,
    rows: &[KnownNets],
) -> Result<Vec<Column>, StoreError> {
    let keys: Vec<&PersonKey> = export.people().iter().map(|person| person.key()).collect();
    let mut search = Search::by_cards(state, export.program(), (&keys, salt), chosen)?;
    search.match_rows(rows);
    let members = || state.members().into_iter().filter(|(_, member)| member.is_introduced());
    if export.program() == Program::Ledger {
        // Our own files have the labels of members, each of which only one has.
        search.match_names(&keys, state.labels());
    } else {
        search.match_names(&keys, members().map(|(id, member)| (id, member.name().to_owned())));
    }
    if !search.open.is_empty() {
        // Somebody who took another name since is found by the one on their card.
        let mut names = Vec::new();
        for (id, _) in members() {
            names.extend(card_name(index, state, id)?.map(|name| (id, name)));
        }
        search.match_names(&keys, names);
    }
    Ok(search.columns)
}

struct Search<'a> {
    state: &'a GroupState,
    program: Program,
    columns: Vec<Column>,
    /// Indices of the columns that rows and names may find.
    open: BTreeSet<usize>,
    /// Members of other columns.
    taken: BTreeSet<MemberId>,
}

impl<'a> Search<'a> {
    fn by_cards(
        state: &'a GroupState,
        program: Program,
        (keys, salt): (&[&PersonKey], [u8; 32]),
        chosen: &BTreeMap<usize, MemberId>,
    ) -> Result<Self, StoreError> {
        let (mut columns, mut open, mut taken) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        for member in chosen.values() {
            if state.member(*member).is_none_or(|found| !found.is_introduced()) {
                return Err(DraftError::UnknownMember(*member).into());
            }
            if !taken.insert(*member) {
                return Err(DraftError::DuplicateMember(*member).into());
            }
        }
        for (index, key) in keys.iter().enumerate() {
            if let Some(member) = chosen.get(&index) {
                columns.push(Column { member: *member, known: PersonMatch::Chosen });
                continue;
            }
            let member = PlaceholderCard::from_file(salt, key.name(), key.nonce())?.member();
            let known = match state.member(member) {
                // A person said that this member is somebody else in the file.
                Some(_) if taken.contains(&member) => {
                    return Err(DraftError::DuplicateMember(member).into());
                }
                Some(found) if found.is_introduced() => PersonMatch::Card,
                // Entries that count speak of them, but whoever introduced them was removed.
                Some(_) => PersonMatch::New,
                None => {
                    open.insert(index);
                    PersonMatch::New
                }
            };
            columns.push(Column { member, known });
            taken.insert(member);
        }
        Ok(Self { state, program, columns, open, taken })
    }

    /// Gives an open column to the member who has its part in every row that the group knows.
    fn match_rows(&mut self, rows: &[KnownNets]) {
        let mut candidates: BTreeMap<usize, BTreeSet<MemberId>> = BTreeMap::new();
        for row in rows {
            for (column, net) in row.columns.iter().filter(|(column, _)| self.open.contains(column))
            {
                let alike = row.members.iter().filter(|(_, other)| *other == net);
                let alike = alike.map(|(member, _)| *member);
                match candidates.get_mut(column) {
                    Some(found) => {
                        let alike: BTreeSet<MemberId> = alike.collect();
                        found.retain(|member| alike.contains(member));
                    }
                    None => {
                        candidates.insert(*column, alike.collect());
                    }
                }
            }
        }
        // A member who is found leaves one choice less to the other columns.
        let mut is_found = true;
        while is_found {
            is_found = false;
            for (column, members) in &mut candidates {
                members.retain(|member| !self.taken.contains(member));
                let (1, Some(member)) = (members.len(), members.first().copied()) else { continue };
                let is_introduced = self.state.member(member).is_some_and(Member::is_introduced);
                if is_introduced && self.open.remove(column) {
                    self.taken.insert(member);
                    if let Some(found) = self.columns.get_mut(*column) {
                        *found = Column { member, known: PersonMatch::Rows };
                    }
                    is_found = true;
                }
            }
        }
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
                    *column = Column { member: *member, known: PersonMatch::Name };
                    self.taken.insert(*member);
                } else {
                    column.known = PersonMatch::Ambiguous;
                }
                self.open.remove(place);
            }
        }
    }
}

/// The name on the card by which somebody came into the group.
fn card_name(
    index: &StoredIndex<'_>,
    state: &GroupState,
    member: MemberId,
) -> Result<Option<String>, StoreError> {
    let Some(entry) = state.first_introduction(member) else {
        return Ok(None);
    };
    let gone = || StoreError::Damaged(format!("entry {entry} is gone"));
    let entry = index.entry(&entry)?.ok_or_else(gone)?;
    let name = match entry.decoded().payload() {
        Payload::Genesis(genesis) => genesis.card().name(),
        Payload::AddMember(add) => add.card().name(),
        Payload::Placeholder(placeholder) => placeholder.card().name(),
        _ => return Ok(None),
    };
    Ok(Some(name.to_owned()))
}
