//! People of an imported file, after names, verdicts and members of one name changed.
#![cfg(all(feature = "sqlcipher", feature = "import"))]

use ledger_core::engine::{Draft, Payload};
use ledger_core::keys::{DeviceKey, RootEntropy, SignedCard};
use ledger_core::statement::NewStatement;
use ledger_core::{Currency, MemberId};
use ledger_formats::splitwise;
use ledger_store::{
    Group, ImportChoice, ImportReport, ImportTarget, NewEntry, OldRows, StatementIntent,
};

use crate::common::people::{Ben, ingest, sign};
use crate::common::{self, Folder, assert_sound};

/// A file with these people, in which the first paid 4.00 for each of the rows, half of it for the
/// last.
fn file(people: &str, rows: usize) -> ledger_formats::ImportFile {
    let mut text = format!("Date,Description,Category,Cost,Currency,{people}\n");
    let between = ",0".repeat(people.split(',').count() - 2);
    for day in 1..=rows {
        text += &format!("2026-01-{day:02},Tea,Food,4.00,EUR,2.00{between},-2.00\n");
    }
    splitwise::read(text.as_bytes()).unwrap()
}

fn import(group: &Group, people: &str, rows: usize) -> ImportReport {
    group.import_splitwise(&file(people, rows), &mut common::go_on).unwrap()
}

/// Members of a name, in the order of introduction.
fn named(group: &Group, name: &str) -> Vec<MemberId> {
    let members = group.members().unwrap().into_iter();
    members.filter(|(_, member)| member.name() == name).map(|(id, _)| id).collect()
}

fn balance(group: &Group, member: MemberId) -> i128 {
    let euro = Currency::from_code("EUR").unwrap();
    group.state().unwrap().balance(member, euro).minor_units()
}

fn rename_me(group: &Group, name: &str) {
    let rename = StatementIntent::Rename { name: name.into() };
    group.statements().sign(&group.statements().propose(rename).unwrap()).unwrap();
}

/// The entry by which everybody introduces the last person of the file.
fn introduction(group: &Group, people: &str) -> Draft {
    let rows = group.lists().activity(None, 1000).unwrap();
    let salt = rows.iter().find_map(|row| match row.entry.decoded().payload() {
        Payload::Genesis(genesis) => Some(*genesis.salt()),
        _ => None,
    });
    let export = file(people, 0);
    let key = export.people().last().unwrap().key();
    let state = group.state().unwrap();
    Draft::person_from_file(&state, salt.unwrap(), key.name(), key.nonce()).unwrap()
}

/// An import into the group that goes on finds the people of the file, also who is called otherwise by
/// then, and no Dora stands twice.
#[test]
fn a_file_finds_its_people_in_the_successor_group() {
    let folder = Folder::new(11);
    let store = folder.store();
    let group = store.create_group("Flat", "Ann").unwrap();
    assert_eq!(import(&group, "Ann,Cleo,Dora", 1).members_added, 2);
    let next = group.create_successor_group("Flat II").unwrap();
    let (cleo, dora) = (named(&next, "Cleo")[0], named(&next, "Dora")[0]);
    let card = |key: u8| {
        let (device, entropy) =
            (DeviceKey::from_bytes(&[key; 64]), RootEntropy::from_bytes([key; 32]));
        SignedCard::new(next.id(), "Dora the second", &entropy, 0, &device).unwrap()
    };
    // Somebody else of the name: names alone would not tell who the column is.
    next.entries().append(vec![NewEntry::Placeholder { name: "Dora".into() }]).unwrap();
    let bind = StatementIntent::Bind { member: dora, card: Box::new(card(7)), since: None };
    next.statements().sign(&next.statements().propose(bind).unwrap()).unwrap();
    assert!(next.compare_opening().unwrap().unwrap().differences.is_empty());
    let before = balance(&next, dora);
    let report = import(&next, "Ann,Cleo,Dora", 2);
    // The first row is in the opening, the second is new.
    assert_eq!((report.members_added, balance(&next, dora)), (0, before - 200));
    assert_eq!((named(&next, "Cleo"), balance(&next, cleo)), (vec![cleo], 0));
    // And once more, from group to group.
    let third = next.create_successor_group("Flat III").unwrap();
    assert_eq!(import(&third, "Ann,Cleo,Dora", 2).members_added, 0);
    assert!(third.compare_opening().unwrap().unwrap().differences.is_empty());
    assert_sound(&next);
    assert_sound(&third);
}

#[test]
fn somebody_who_got_keys_and_another_name_keeps_their_column() {
    let folder = Folder::new(1);
    let store = folder.store();
    let group = store.create_group("Flat", "Ann").unwrap();
    assert_eq!(import(&group, "Ann,Dora", 1).members_added, 1);
    let dora = named(&group, "Dora")[0];
    let (device, entropy) = (DeviceKey::from_bytes(&[7; 64]), RootEntropy::from_bytes([8; 32]));
    let card = SignedCard::new(group.id(), "Dora", &entropy, 0, &device).unwrap();
    let bind = StatementIntent::Bind { member: dora, card: Box::new(card), since: None };
    group.statements().sign(&group.statements().propose(bind).unwrap()).unwrap();
    let generation = group.state().unwrap().member(dora).unwrap().generations().next().unwrap();
    let rename = NewStatement::Rename { generation, name: "Dora M." };
    let (root, heads) = (entropy.root_key(0), common::heads(&group));
    let statement = Draft::statement(&root, group.id(), &rename, heads.clone(), [3; 16]).unwrap();
    let ledger = group.ledger().unwrap();
    ingest(&group, &sign(&ledger, &device, heads.last().copied(), statement));
    assert_eq!(named(&group, "Dora M."), [dora]);

    let report = import(&group, "Ann,Dora", 2);
    assert_eq!((report.added, report.known, report.members_added), (1, 1, 0));
    assert_eq!((group.members().unwrap().len(), balance(&group, dora)), (2, -400));
    assert_sound(&group);
}

/// The founder is known by the name on her card, and the person from the file by theirs.
#[test]
fn of_two_columns_of_one_name_each_keeps_its_member_after_a_new_name() {
    let folder = Folder::new(2);
    let store = folder.store();
    let group = store.create_group("Flat", "Ann").unwrap();
    let me = group.me().unwrap().unwrap();
    let report = import(&group, "Ann,Ann", 1);
    assert_eq!((report.members_added, report.matched_by_name), (1, vec![me]));
    rename_me(&group, "Anna");
    let other = named(&group, "Ann")[0];
    // Without rows: the row from before is gone from that file, and stays.
    let target = ImportTarget::Group(group.id());
    let plan = store.imports().plan(file("Ann,Ann", 0), target, [].into()).unwrap();
    let choice = ImportChoice { old_rows: OldRows::Keep, ..ImportChoice::default() };
    let report = store.imports().apply(&plan, choice, &mut common::go_on).unwrap().report;
    assert_eq!(report.matched_by_name, [me], "no row says who she is");
    let report = import(&group, "Ann,Ann", 2);
    assert_eq!((report.added, report.members_added), (1, 0));
    assert_eq!(report.matched_by_name, [], "the row that is known does");
    assert_eq!((balance(&group, me), balance(&group, other)), (400, -400));
    assert_sound(&group);
}

/// He is its introducer and could claim it, and his clock is as small as he wants.
#[test]
fn a_placeholder_of_the_same_name_with_a_smaller_clock_takes_no_column() {
    let folder = Folder::new(3);
    let store = folder.store();
    let group = store.create_group("Flat", "Ann").unwrap();
    let ben = Ben::join(&folder, &group);
    let before = group.ledger().unwrap();
    import(&group, "Ann,Dora", 1);
    let dora = named(&group, "Dora")[0];
    let draft = Draft::placeholder(before.state(), ben.member, "Dora", [9; 16]).unwrap();
    ingest(&group, &sign(&before, &ben.device, Some(ben.added), draft));
    let known = named(&group, "Dora");
    assert_eq!((known.len(), known[1]), (2, dora), "his is first");
    let report = import(&group, "Ann,Dora", 2);
    assert_eq!((report.added, report.members_added, report.ambiguous), (1, 0, vec![]));
    assert_eq!((balance(&group, known[0]), balance(&group, dora)), (0, -400));
}

#[test]
fn where_more_members_have_the_name_than_columns_none_of_them_takes_one() {
    let folder = Folder::new(4);
    let store = folder.store();
    let group = store.create_group_with("Flat", "Ann", &["Dora", "Ben"]).unwrap();
    let (me, ben) = (group.me().unwrap().unwrap(), named(&group, "Ben")[0]);
    for name in ["Dora", "Ann"] {
        group.entries().append(vec![NewEntry::Placeholder { name: name.into() }]).unwrap();
    }
    let report = import(&group, "Ann,Ben,Dora", 1);
    assert_eq!(report.matched_by_name, [me, ben], "nobody else can be the founder");
    let doras = named(&group, "Dora");
    assert_eq!((report.members_added, report.ambiguous), (1, vec![doras[2]]));
    let balances: Vec<i128> = doras.iter().map(|id| balance(&group, *id)).collect();
    assert_eq!(balances, [0, 0, -200]);
    // From now on there is no doubt.
    let report = import(&group, "Ann,Ben,Dora", 2);
    assert_eq!((report.members_added, report.ambiguous), (0, vec![]));
    assert_eq!(balance(&group, doras[2]), -400);
    assert_sound(&group);
}

/// Ann's row still speaks of Dora, whom nobody introduces any more.
#[test]
fn an_import_introduces_again_whom_a_removed_member_introduced() {
    let folder = Folder::new(5);
    let store = folder.store();
    let group = store.create_group("Flat", "Ann").unwrap();
    let ben = Ben::join(&folder, &group);
    let known = common::heads(&group);
    ben.write(&group, introduction(&group, "Ann,Dora"));
    let report = import(&group, "Ann,Dora", 1);
    assert_eq!((report.added, report.members_added), (1, 0));
    let dora = named(&group, "Dora")[0];
    ben.remove(&group, known);
    assert!(!group.state().unwrap().member(dora).unwrap().is_introduced());
    let report = import(&group, "Ann,Dora", 2);
    assert_eq!((report.added, report.known, report.members_added), (1, 1, 1));
    assert!(group.state().unwrap().member(dora).unwrap().is_introduced());
    assert_eq!(balance(&group, dora), -400);
    assert_sound(&group);
}
