//! Comparison of a file with what is recorded here. Writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::engine::{EntryIndex as _, Payload};
use ledger_core::limits::MAX_OCCURRENCE;
use ledger_core::{Balance, DeviceId, EntryId, GroupId, GroupState, MemberId, Origin};
use ledger_formats::ImportFile;
use rusqlite::Connection;

use super::content::{Content, cost_of, description_of, nets_of, to_transaction};
use super::here::{RowHere, recorded_by_hand, rows_here};
use super::other_group::{began_as_file, names_others};
use super::own::OwnRows;
use super::pairs::{Likeness, pair};
use super::people::{Column, KnownNets, PersonMatch, columns};
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::index::StoredIndex;
use crate::entries::{LoadedLedger, recorded_row, waiting_origins};
use crate::lists::{Recorded, recorded_slots, series};
use crate::session::groups;

/// A row of the file as the group has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowStatus {
    New,
    Known,
    /// An entry that waits for others records it.
    Waiting,
    /// It is recorded, and somebody cancelled it.
    Cancelled(EntryId),
    /// The group that this one continues has it, so it is in the balances with which this one began.
    Opening,
}

/// A recorded row that the file no longer has, and the new row that it likely became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OldRow {
    pub(super) recorded: Recorded,
    /// The line of the new row, and why they are likely one.
    pub(super) became: Option<(u64, Likeness)>,
}

/// Comparison of a file with a group, as of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Comparison {
    pub(super) columns: Vec<Column>,
    /// One for each row of the file.
    pub(super) rows: Vec<RowStatus>,
    /// Recorded rows of this file that it no longer has, and that count.
    pub(super) old: Vec<OldRow>,
    /// Lines of new rows of which it is unclear which of several old ones they were.
    pub(super) unclear: BTreeSet<u64>,
    /// Columns of nobody, and the members whose place they have in the rows that changed.
    pub(super) renamed: Vec<(usize, MemberId)>,
    /// The source of the file's rows (SPEC §10).
    pub(super) source: [u8; 8],
    /// Whether the file seems to be of another group.
    pub(super) is_other_group: bool,
    /// Whether a group that this one continues is not in this database: nobody knows which rows are in
    /// the balances with which this one began.
    pub(super) lacks_predecessor: bool,
}

/// What a comparison reads.
pub(super) struct Reader<'a> {
    pub(super) connection: &'a Connection,
    pub(super) group: GroupKey,
    pub(super) loaded: &'a LoadedLedger,
}

impl Reader<'_> {
    fn state(&self) -> &GroupState {
        self.loaded.ledger.state()
    }

    /// Compares a file. `chosen` has the members of columns that a person named.
    pub(super) fn compare(
        &self,
        file: &ImportFile,
        chosen: &BTreeMap<usize, MemberId>,
    ) -> Result<Comparison, StoreError> {
        let index = StoredIndex::whole(self.connection, self.group);
        let salt = self.salt(&index)?;
        let mut found = self.find(file)?;
        let lacks_predecessor = self.find_in_predecessors(file, &mut found.rows)?;
        let mut columns = columns((&index, self.state()), file, salt, chosen, &found.nets)?;
        let members: Vec<MemberId> = columns.iter().map(|column| column.member).collect();
        let is_known = |column: &Column| column.known.is_member();
        let sources = Sources::of(&found, file, columns.iter().all(is_known));
        if found.has_imports && !sources.is_known {
            // The card follows from program and name: another file of the program has it, too.
            let by_card = columns.iter_mut().filter(|column| column.known == PersonMatch::Card);
            by_card.for_each(|column| column.known = PersonMatch::Name);
        }
        let old: Vec<&RowHere> = found.others.iter().filter(|row| sources.has(row)).collect();
        let mut rows = found.rows;
        // The places and lines of the new rows, and what they say.
        let (mut new, mut contents) = (Vec::new(), Vec::new());
        // Without any expense here there is nothing that they could have been: a first import of many rows
        // keeps none of them in memory.
        let has_expenses = self.has_expenses()?;
        for (place, row) in file.rows().enumerate().filter(|_| has_expenses) {
            if rows.get(place) == Some(&RowStatus::New) {
                new.push((place, row.line()));
                contents.push(Content::of(&to_transaction(&row, &members)?));
            }
        }
        let old_contents: Vec<Content> = old.iter().map(|row| row.content.clone()).collect();
        let pairs = pair(&contents, &old_contents);
        let same = pairs.same.iter().map(|(row, _)| *row);
        let paired: BTreeSet<usize> =
            same.chain(pairs.likely.iter().map(|(row, ..)| *row)).collect();
        let mut gone: BTreeMap<i64, Option<(u64, Likeness)>> =
            old.iter().filter(|row| !row.cancelled).map(|row| (row.slot, None)).collect();
        for (new_row, old_row) in pairs.same {
            let (Some((place, _)), Some(row)) = (new.get(new_row), old.get(old_row)) else {
                continue;
            };
            gone.remove(&row.slot);
            if let Some(status) = rows.get_mut(*place) {
                *status = status_of(row);
            }
        }
        let mut changed = Vec::new();
        for (new_row, old_row, likeness) in pairs.likely {
            let (Some((_, line)), Some(row)) = (new.get(new_row), old.get(old_row)) else {
                continue;
            };
            // What somebody cancelled here and the file has otherwise now is a new row.
            if let Some(became) = gone.get_mut(&row.slot) {
                *became = Some((*line, likeness));
                changed.extend(contents.get(new_row).map(|content| (content, &row.content)));
            }
        }
        let open = contents.iter().enumerate().filter(|(row, _)| !paired.contains(row));
        let (connection, group) = (self.connection, self.group);
        let slots = &found.slots;
        for (row, slot) in recorded_by_hand(connection, group, self.state(), open, slots)? {
            if let Some((_, line)) = new.get(row) {
                gone.insert(slot, Some((*line, Likeness::ByHand)));
            }
        }
        let slots: Vec<i64> = gone.keys().copied().collect();
        let recorded = recorded_slots(self.connection, self.group, self.loaded, &slots)?;
        let old = recorded.into_iter().zip(gone.into_values());
        let old = old.map(|(recorded, became)| OldRow { recorded, became }).collect();
        let is_other_group = !sources.is_known && file.row_count() > 0 && {
            let has_all = columns.iter().all(is_known);
            let began = || began_as_file(connection, group, self.state().group(), &index);
            match found.others.is_empty() {
                true => has_expenses && !has_all,
                false => names_others(self.loaded, &columns, &found.others) || began()?,
            }
        };
        let unclear =
            pairs.unclear.into_iter().filter_map(|row| new.get(row)).map(|(_, line)| *line);
        Ok(Comparison {
            renamed: renamed(&columns, &changed),
            columns,
            rows,
            old,
            unclear: unclear.collect(),
            source: sources.own,
            is_other_group,
            lacks_predecessor,
        })
    }

    /// Finds rows in the groups that this one continues, one after another. Returns whether one of them
    /// is not here.
    fn find_in_predecessors(
        &self,
        file: &ImportFile,
        statuses: &mut [RowStatus],
    ) -> Result<bool, StoreError> {
        let own = OwnRows::of(file);
        let mut group = self.group;
        let mut id = self.state().group();
        loop {
            let index = StoredIndex::whole(self.connection, group);
            let genesis = index.entry(&id.genesis())?;
            let opened = match genesis.as_ref().map(|entry| entry.decoded().payload()) {
                Some(Payload::Genesis(genesis)) => genesis.predecessor().map(|old| old.group),
                _ => None,
            };
            let Some(predecessor) = opened else { return Ok(false) };
            let Some(key) = self.key_of(predecessor)? else { return Ok(true) };
            for (row, status) in file.rows().zip(&mut *statuses) {
                let is_new = *status == RowStatus::New;
                for origin in [Some(row.origin()), row.former()].into_iter().flatten() {
                    if is_new && recorded_row(self.connection, key, origin)?.is_some() {
                        *status = RowStatus::Opening;
                    }
                }
            }
            let mut is_opening = |place: usize| {
                if let Some(status) = statuses.get_mut(place).filter(|s| **s == RowStatus::New) {
                    *status = RowStatus::Opening;
                }
            };
            for (place, row) in file.rows().enumerate() {
                if row.entry() == Some(predecessor.genesis()) {
                    is_opening(place);
                }
            }
            if let Some(own) = &own {
                own.each_here(self.connection, key, None, |row| is_opening(row.place))?;
            }
            (group, id) = (key, predecessor);
        }
    }

    /// The number of a group, if it is here with its entries.
    fn key_of(&self, group: GroupId) -> Result<Option<GroupKey>, StoreError> {
        let groups = groups(self.connection)?.into_iter();
        Ok(groups.filter(|(_, id)| *id == group).map(|(key, _)| key).next())
    }

    /// The origins of occurrences of series, as far as they may be among these rows: an occurrence has
    /// an origin, too, and no file has it.
    fn occurrences(&self, rows: &[RowHere]) -> Result<BTreeSet<Origin>, StoreError> {
        let mut found = BTreeSet::new();
        let Some(last) = rows.iter().map(|row| row.content.date).max() else { return Ok(found) };
        for series in series(self.connection, self.group, &self.loaded.ledger)? {
            for version in series.versions() {
                let numbers = version.from..MAX_OCCURRENCE;
                let days = numbers.map_while(|number| Some((number, version.day(number)?)));
                for (number, _) in days.take_while(|(_, day)| *day <= last) {
                    found.insert(Origin::of_occurrence(series.id(), number));
                }
            }
        }
        Ok(found)
    }

    fn has_expenses(&self) -> Result<bool, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT 1 FROM expenses WHERE grp = ?1")?;
        Ok(statement.exists([self.group.0])?)
    }

    /// The salt of the group's genesis entry, under which the cards of people from files stand.
    pub(super) fn salt(&self, index: &StoredIndex<'_>) -> Result<[u8; 32], StoreError> {
        let genesis = index.entry(&self.state().group().genesis())?;
        match genesis.as_ref().map(|entry| entry.decoded().payload()) {
            Some(Payload::Genesis(genesis)) => Ok(*genesis.salt()),
            _ => Err(StoreError::Damaged("the genesis entry is another one".to_owned())),
        }
    }

    /// Finds the rows of the file by their origins.
    fn find(&self, file: &ImportFile) -> Result<Found, StoreError> {
        let waiting = waiting_origins(self.connection, self.group, self.state())?;
        // Earlier drafts gave a row another origin. It is known if either is.
        let mut places: BTreeMap<Origin, usize> = BTreeMap::new();
        let mut found = Found::default();
        let has_expenses = self.has_expenses()?;
        for (place, row) in file.rows().enumerate() {
            let origins = [Some(row.origin()), row.former()].into_iter().flatten();
            let is_waiting = origins.clone().any(|origin| waiting.contains(&origin));
            // What our own file says of the balances with which the group began.
            let is_opening = row.entry() == Some(self.state().group().genesis());
            found.rows.push(match (is_opening, is_waiting) {
                (true, _) => RowStatus::Opening,
                (false, true) => RowStatus::Waiting,
                (false, false) => RowStatus::New,
            });
            // Without any expense here none is known.
            places.extend(origins.filter(|_| has_expenses).map(|origin| (origin, place)));
        }
        let mut members: BTreeMap<usize, BTreeMap<MemberId, Balance>> = BTreeMap::new();
        let mut take = |found: &mut Found, here: RowHere| {
            found.has_imports = true;
            found.slots.insert(here.slot);
            found.count(&here);
            let Some(place) = places.get(&here.origin) else {
                found.others.push(here);
                return;
            };
            // A row that counts goes before one that was cancelled.
            if let Some(status) = found.rows.get_mut(*place)
                && *status != RowStatus::Known
            {
                *status = status_of(&here);
            }
            found.note_known(&here);
            members.insert(*place, here.content.nets);
        };
        let mut without_source = Vec::new();
        rows_here(self.connection, self.group, self.state(), |here| match here.source {
            Some(_) => take(&mut found, here),
            None => without_source.push(here),
        })?;
        let occurrences = self.occurrences(&without_source)?;
        for here in without_source {
            if !occurrences.contains(&here.origin) {
                take(&mut found, here);
            }
        }
        if let Some(own) = OwnRows::of(file) {
            own.each_here(self.connection, self.group, Some(self.state()), |here| {
                let Some(status) = found.rows.get_mut(here.place) else { return };
                if *status != RowStatus::Known {
                    *status = match here.cancelled {
                        true => RowStatus::Cancelled(here.original),
                        false => RowStatus::Known,
                    };
                }
                found.has_known = true;
                found.slots.insert(here.slot);
                members.extend(here.content.map(|content| (here.place, content.nets)));
            })?;
        }
        for (place, row) in file.rows().enumerate() {
            if let Some(members) = members.remove(&place) {
                found.nets.push(KnownNets { columns: nets_of(&row), members });
            }
        }
        Ok(found)
    }
}

/// How the group has a row that is recorded here.
fn status_of(row: &RowHere) -> RowStatus {
    match row.cancelled {
        true => RowStatus::Cancelled(row.original),
        false => RowStatus::Known,
    }
}

/// Rows of a file, found by their origins.
#[derive(Default)]
struct Found {
    rows: Vec<RowStatus>,
    nets: Vec<KnownNets>,
    /// The slots of rows of any file.
    slots: BTreeSet<i64>,
    /// Rows of files here that this file does not have by their origins.
    others: Vec<RowHere>,
    has_imports: bool,
    /// Number of rows here of each source.
    all: BTreeMap<[u8; 8], u64>,
    /// Number of known rows of each source.
    known: BTreeMap<[u8; 8], u64>,
    /// Calls that recorded known rows without a source.
    calls: BTreeSet<(DeviceId, u64)>,
    has_known: bool,
}

impl Found {
    fn count(&mut self, row: &RowHere) {
        if let Some(source) = row.source {
            add_one(&mut self.all, source);
        }
    }

    fn note_known(&mut self, row: &RowHere) {
        self.has_known = true;
        match row.source {
            Some(source) => add_one(&mut self.known, source),
            None => {
                self.calls.insert(row.call);
            }
        }
    }
}

fn add_one(counts: &mut BTreeMap<[u8; 8], u64>, source: [u8; 8]) {
    let count = counts.entry(source).or_default();
    *count = count.saturating_add(1);
}

/// The sources of a file's rows.
struct Sources {
    /// The source of its new rows.
    own: [u8; 8],
    all: BTreeSet<[u8; 8]>,
    calls: BTreeSet<(DeviceId, u64)>,
    is_known: bool,
}

impl Sources {
    /// The source that most known rows have, and each of which the file has at least half of the
    /// rows: two devices can have begun with two versions of one file. If no row is known, those count
    /// that have the date and the description or cost of one, as after a new name of a person. A file
    /// without rows, all of whose people are members, is that of the only source.
    fn of(found: &Found, file: &ImportFile, has_all_people: bool) -> Self {
        let mut likely = Found::default();
        let mut known = found;
        if !found.has_known && !found.others.is_empty() {
            let (mut texts, mut costs) = (BTreeSet::new(), BTreeSet::new());
            for row in file.rows() {
                texts.insert((row.date(), description_of(&row)));
                costs.insert((row.date(), row.currency(), cost_of(&row)));
            }
            for row in found.others.iter().filter(|row| !row.cancelled) {
                let Content { date, description, currency, cost, .. } = &row.content;
                if texts.contains(&(*date, description.clone()))
                    || costs.contains(&(*date, *currency, *cost))
                {
                    likely.note_known(row);
                }
            }
            let mut sources: BTreeSet<[u8; 8]> = BTreeSet::new();
            sources.extend(found.others.iter().filter_map(|row| row.source));
            if file.row_count() == 0 && has_all_people && sources.len() == 1 {
                found.others.iter().for_each(|row| likely.note_known(row));
            }
            known = &likely;
        }
        let mut most: Option<([u8; 8], u64)> = None;
        for (source, count) in &known.known {
            if most.is_none_or(|(_, others)| *count > others) {
                most = Some((*source, *count));
            }
        }
        let most = most.map(|(source, _)| source);
        let has_half = |source: &[u8; 8], count: u64| {
            let all = found.all.get(source).copied().unwrap_or(count);
            count.saturating_mul(2) >= all
        };
        let all = known
            .known
            .iter()
            .filter(|(source, count)| Some(**source) == most || has_half(source, **count));
        Self {
            own: most.unwrap_or_else(|| first_bytes_of_oldest(file)),
            all: all.map(|(source, _)| *source).collect(),
            calls: known.calls.clone(),
            is_known: known.has_known
                || found.rows.contains(&RowStatus::Waiting)
                || found.rows.contains(&RowStatus::Opening),
        }
    }

    fn has(&self, row: &RowHere) -> bool {
        match row.source {
            Some(source) => self.all.contains(&source),
            None => self.calls.contains(&row.call),
        }
    }
}

/// The source of a file of which no row is known: two devices that import it write the same.
fn first_bytes_of_oldest(file: &ImportFile) -> [u8; 8] {
    // The first of several that are the least.
    let oldest = file.rows().min_by_key(|row| row.date());
    let origin = oldest.map(|row| *row.origin().as_bytes()).unwrap_or_default();
    let mut source = [0; 8];
    source.iter_mut().zip(origin).for_each(|(to, from)| *to = from);
    source
}

/// Columns of nobody, with the one member without a column who has their place in every row that
/// changed.
fn renamed(columns: &[Column], changed: &[(&Content, &Content)]) -> Vec<(usize, MemberId)> {
    let places: BTreeMap<MemberId, (usize, PersonMatch)> = columns
        .iter()
        .enumerate()
        .map(|(place, column)| (column.member, (place, column.known)))
        .collect();
    let mut candidates: BTreeMap<usize, BTreeSet<MemberId>> = BTreeMap::new();
    for (new, old) in changed {
        for (person, net) in &new.nets {
            let Some((column, PersonMatch::New)) = places.get(person) else { continue };
            let alike = old
                .nets
                .iter()
                .filter(|(member, other)| *other == net && !places.contains_key(member));
            let alike: BTreeSet<MemberId> = alike.map(|(member, _)| *member).collect();
            match candidates.get_mut(column) {
                Some(found) => found.retain(|member| alike.contains(member)),
                None => {
                    candidates.insert(*column, alike);
                }
            }
        }
    }
    let single = |(column, members): (usize, BTreeSet<MemberId>)| match members.len() {
        1 => members.into_iter().next().map(|member| (column, member)),
        _ => None,
    };
    candidates.into_iter().filter_map(single).collect()
}
