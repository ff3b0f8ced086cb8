//! Bundles between devices that exchange nothing else.

#![cfg(feature = "sqlcipher")]

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use ledger_core::EntryId;
use ledger_core::bundle::{Summary, frame};
use ledger_core::keys::{ExchangeKey, RootEntropy};
use ledger_core::seal::{Envelope, EpochKey, KeyEnvelope, Topic};
use ledger_store::{Exported, Progress, Since, StoreError};

use crate::common::sealed::{add, anna, exchange, export, framed, import, pay, records, remove};
use crate::common::{
    self, Folder, Rng, added, assert_sound, decode, digest, entries, go_on, record,
};

fn topics(bundle: &[u8]) -> BTreeSet<Topic> {
    let envelopes = records(bundle);
    let topic = |record: &Vec<u8>| Envelope::parse(record).ok().map(|e| e.topic());
    envelopes.iter().filter_map(topic).collect()
}

#[test]
fn a_bundle_brings_a_group_to_a_new_member_and_back() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    record(&anna, 40, 10, &mut rng);
    let ben = add(&anna, "Ben", 2);
    let bundle = export(&anna);
    let report = import(&ben.group, &bundle);
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(report.added + 1, entries(&anna).len() as u64, "all but the genesis entry");
    assert_eq!(digest(&ben.group), digest(&anna));
    assert_sound(&ben.group);

    // Ben writes his first entry, and Anna one at the same time.
    let his = pay(&ben.group, &mut rng);
    let hers = pay(&anna, &mut rng);
    exchange(&[&anna, &ben.group]);
    for group in [&anna, &ben.group] {
        let known: Vec<EntryId> = entries(group).iter().map(|e| common::decode(e).id()).collect();
        assert!(known.contains(&his) && known.contains(&hers));
        assert_sound(group);
    }
}

#[test]
fn a_carrier_learns_sizes_and_topics() {
    let folder = Folder::new(1);
    let anna = anna(&folder);
    record(&anna, 20, 20, &mut Rng::new(1));
    let bundle = export(&anna);
    for word in ["Flat", "Anna", "Grandma", "Thing", "EUR"] {
        let found = bundle.windows(word.len()).any(|bytes| bytes == word.as_bytes());
        assert!(!found, "{word}");
    }
    let id = anna.id();
    assert!(!bundle.windows(32).any(|bytes| bytes == id.as_bytes()), "nor the group");
    assert_eq!(topics(&bundle).len(), 1);
    for record in records(&bundle) {
        assert!(matches!(record[0], 1..=3));
    }
}

#[test]
fn sealed_once_means_the_same_bytes_from_everybody() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    record(&anna, 10, 10, &mut rng);
    let ben = add(&anna, "Ben", 2);
    let envelopes = |bundle: &[u8]| -> BTreeSet<Vec<u8>> {
        records(bundle).into_iter().filter(|record| record[0] == 1).collect()
    };
    let (first, again) = (export(&anna), export(&anna));
    assert_eq!(envelopes(&first), envelopes(&again));
    import(&ben.group, &first);
    // A new epoch seals what is new; the rest travels as it came.
    assert!(
        anna.keys().rotate_group_key(0).unwrap() && ben.group.keys().rotate_group_key(0).unwrap()
    );
    assert!(envelopes(&export(&anna)).is_superset(&envelopes(&first)));
    assert!(envelopes(&export(&ben.group)).is_superset(&envelopes(&first)));
}

#[test]
fn a_removed_device_opens_nothing_sealed_by_those_who_know() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let (ben, cleo) = (add(&anna, "Ben", 2), add(&anna, "Cleo", 3));
    exchange(&[&anna, &ben.group, &cleo.group]);
    // Cleo writes offline, before she hears of the removal.
    let offline = pay(&cleo.group, &mut rng);
    let before = entries(&anna).len();
    let removal = remove(&anna, ben.member);
    assert_eq!(entries(&anna).len(), before + 2, "the removal and the epoch, in one step");
    let after = pay(&anna, &mut rng);
    import(&cleo.group, &export(&anna));
    let bundles = [export(&anna), export(&cleo.group)];
    for bundle in &bundles {
        let report = import(&ben.group, bundle);
        assert!(report.waiting > 0 && !report.unknown_topics.is_empty(), "{report:?}");
    }
    let known: Vec<EntryId> = entries(&ben.group).iter().map(|e| common::decode(e).id()).collect();
    for secret in [offline, removal, after] {
        assert!(!known.contains(&secret), "not even what was written before it was known");
    }
    import(&anna, &bundles[1]);
    assert_eq!(digest(&anna), digest(&cleo.group));
    assert!(entries(&anna).iter().any(|e| common::decode(e).id() == offline));
}

#[test]
fn a_new_device_opens_all_of_history_with_one_wrap() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    for _ in 0..5 {
        record(&anna, 7, 7, &mut rng);
        export(&anna);
        assert!(anna.keys().rotate_group_key(0).unwrap());
    }
    let cleo = add(&anna, "Cleo", 3);
    let bundle = export(&anna);
    let keys = records(&bundle).into_iter().filter(|record| record[0] == 2).count();
    assert_eq!((keys, topics(&bundle).len()), (1, 6));
    let report = import(&cleo.group, &bundle);
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(digest(&cleo.group), digest(&anna));
}

#[test]
fn an_offline_phone_that_missed_three_epochs_catches_up() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let (ben, cleo) = (add(&anna, "Ben", 2), add(&anna, "Cleo", 3));
    exchange(&[&anna, &ben.group, &cleo.group]);
    let offline = pay(&ben.group, &mut rng);
    let summary = ben.group.bundles().summary().unwrap();
    for _ in 0..3 {
        pay(&anna, &mut rng);
        export(&anna);
        anna.keys().rotate_group_key(0).unwrap();
        pay(&cleo.group, &mut rng);
        import(&cleo.group, &export(&anna));
        import(&anna, &export(&cleo.group));
    }
    // Only what he lacks.
    let mut news = Vec::new();
    let since = Since::Known(&summary);
    let exported: Exported = anna.bundles().export(since, &mut news, &mut go_on).unwrap();
    assert!(exported.entries < 25, "{exported:?}");
    let report = import(&ben.group, &news);
    assert!(report.is_complete(), "{report:?}");
    exchange(&[&anna, &ben.group, &cleo.group]);
    assert!(entries(&anna).iter().any(|e| common::decode(e).id() == offline));
    assert_sound(&ben.group);
}

#[test]
fn a_key_that_no_signed_epoch_names_seals_nothing() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let ben = add(&anna, "Ben", 2);
    exchange(&[&anna, &ben.group]);
    // A rotator hands Ben a key of their own, for which nobody signed.
    let key = EpochKey::from_bytes(anna.id(), [66; 32]);
    let recipients = anna.state().unwrap().recipients();
    let wraps = key.wrap_for(&recipients, &[1; 32]);
    let bundle: Vec<u8> = wraps.iter().flat_map(|wrap| frame(wrap)).collect();
    import(&ben.group, &bundle);
    pay(&ben.group, &mut rng);
    let out = export(&ben.group);
    assert!(!topics(&out).contains(&key.topic()));
    let handed: Vec<Topic> = records(&out)
        .iter()
        .filter_map(|record| KeyEnvelope::parse(record).ok().map(|e| e.topic()))
        .collect();
    assert!(!handed.is_empty() && !handed.contains(&key.topic()));
}

#[test]
fn a_stolen_exchange_key_opens_nothing_new_after_a_rotation() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let ben = add(&anna, "Ben", 2);
    exchange(&[&anna, &ben.group]);
    let device = ben.group.device();
    let old = anna.state().unwrap();
    let stolen =
        old.devices().find(|(_, id, _)| *id == device).unwrap().2.exchange_public_key().to_owned();
    ben.group.keys().rotate_device_key().unwrap();
    let bundle = export(&ben.group);
    import(&anna, &bundle);
    assert!(!anna.state().unwrap().recipients().contains(&stolen));
    pay(&anna, &mut rng);
    let bundle = export(&anna);
    assert!(import(&ben.group, &bundle).is_complete());
    // Twice more: the keys that are in use are at hand, older ones are gone.
    for _ in 0..2 {
        ben.group.keys().rotate_device_key().unwrap();
        exchange(&[&anna, &ben.group]);
        pay(&anna, &mut rng);
    }
    exchange(&[&anna, &ben.group]);
    assert_eq!(ben.group.bundles().missing_topics().unwrap(), []);
}

#[test]
fn envelopes_without_a_key_wait_and_are_asked_for() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let (ben, cleo) = (add(&anna, "Ben", 2), add(&anna, "Cleo", 3));
    exchange(&[&anna, &ben.group, &cleo.group]);
    anna.keys().rotate_group_key(0).unwrap();
    pay(&anna, &mut rng);
    let bundle = export(&anna);
    // The wraps get lost on the way.
    let kept = records(&bundle).into_iter().filter(|record| record[0] != 2);
    let without: Vec<u8> = kept.flat_map(|record| frame(&record)).collect();
    let report = import(&ben.group, &without);
    assert!(report.waiting > 0 && report.not_kept == 0);
    assert_eq!(report.unknown_topics.len(), 1);
    let wanted = ben.group.bundles().missing_topics().unwrap();
    assert_eq!(wanted.len(), 1);
    // Anna begins another epoch, whose box would do; but Ben asks for this one.
    import(&anna, &export(&ben.group));
    anna.keys().rotate_group_key(0).unwrap();
    let answer = export(&anna);
    let handed: BTreeSet<Topic> = records(&answer)
        .iter()
        .filter_map(|record| KeyEnvelope::parse(record).ok().map(|e| e.topic()))
        .collect();
    assert!(handed.contains(&wanted[0]) && handed.len() == 2);
    // The wrap alone opens what waits.
    let wraps = records(&answer).into_iter().filter(|record| record[0] == 2);
    let wraps: Vec<u8> = wraps.flat_map(|record| frame(&record)).collect();
    let report = import(&ben.group, &wraps);
    assert!(report.added > 0 && report.waiting == 0, "{report:?}");
    import(&ben.group, &answer);
    assert_eq!(digest(&ben.group), digest(&anna));
}

/// A key to which no admitted entry belongs is handed out to nobody, and stays asked for.
#[test]
fn a_key_that_does_not_go_out_stays_asked_for() {
    let folder = Folder::new(1);
    let anna = anna(&folder);
    export(&anna);
    let raw = folder.raw();
    let key = EpochKey::from_bytes(anna.id(), [7; 32]);
    let row = (key.topic().as_bytes().to_vec(), key.expose_secret().to_vec());
    raw.execute("INSERT INTO epochs (grp, topic, secret) VALUES (1, ?1, ?2)", row).unwrap();
    raw.execute("UPDATE epochs SET wanted = 1", []).unwrap();
    export(&anna);
    let wanted: Vec<[u8; 32]> = raw
        .prepare("SELECT topic FROM epochs WHERE wanted = 1")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(wanted, [*key.topic().as_bytes()]);
}

#[test]
fn a_full_quarantine_loses_nothing_for_good() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let (ben, eve) = (add(&anna, "Ben", 2), add(&anna, "Eve", 3));
    exchange(&[&anna, &ben.group, &eve.group]);
    anna.keys().rotate_group_key(0).unwrap();
    record(&anna, 2_050, 410, &mut rng);
    let bundle = export(&anna);
    let kept = records(&bundle).into_iter().filter(|record| record[0] != 2);
    let without: Vec<u8> = kept.flat_map(|record| frame(&record)).collect();
    let few = import(&eve.group, &without);
    assert_eq!(few.waiting, 64, "no entry here names the topic");
    assert!(few.not_kept > 1_900 && !few.is_complete(), "{few:?}");
    // Ben has the entry that begins the epoch.
    let epoch = anna.state().unwrap().usable_epochs().next().unwrap().0;
    let named = entries(&anna).into_iter().find(|entry| decode(entry).id() == epoch).unwrap();
    assert_eq!(added(&ben.group.entries().ingest(&[named]).unwrap()), [epoch]);
    let report = import(&ben.group, &without);
    assert_eq!(report.waiting, 2_000);
    assert!(report.not_kept > 40 && !report.is_complete(), "{report:?}");
    // What waits, waits once; what did not fit is told again.
    let again = import(&ben.group, &without);
    assert_eq!((again.waiting, again.not_kept), (report.waiting, report.not_kept));
    // With the key, the bundle brings all, and empties the quarantine.
    let report = import(&ben.group, &bundle);
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(digest(&ben.group), digest(&anna));
    assert_sound(&ben.group);
}

#[test]
fn bundles_come_in_any_order_and_any_number_of_times() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let ben = add(&anna, "Ben", 2);
    let mut bundles = Vec::new();
    for _ in 0..4 {
        record(&anna, 20, 20, &mut rng);
        bundles.push(export(&anna));
        anna.keys().rotate_group_key(0).unwrap();
    }
    let mut all: Vec<Vec<u8>> = bundles.iter().flat_map(|bundle| records(bundle)).collect();
    all.extend(all.clone());
    rng.shuffle(&mut all);
    let shuffled: Vec<u8> = all.iter().flat_map(|record| frame(record)).collect();
    let report = import(&ben.group, &shuffled);
    assert!(report.is_complete(), "{report:?}");
    assert_sound(&ben.group);
    let last = import(&ben.group, &bundles[3]);
    assert_eq!((last.added, last.is_complete()), (0, true));
    // What waited for its past is passed on under the epoch under which it came.
    let envelopes = |bundle: &[u8]| -> BTreeSet<Vec<u8>> {
        records(bundle).into_iter().filter(|record| record[0] == 1).collect()
    };
    assert!(envelopes(&export(&ben.group)).is_superset(&envelopes(&bundles[3])));
}

#[test]
fn a_damaged_bundle_gives_what_is_intact_and_says_what_is_missing() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    record(&anna, 60, 20, &mut rng);
    let bundle = export(&anna);
    let count = entries(&anna).len() as u64;
    for (seed, spoil) in [(11, 1), (12, 2), (13, 3)] {
        let ben = add(&anna, "Ben", seed);
        let bundle = if seed == 11 { bundle.clone() } else { export(&anna) };
        let _ = count;
        let fresh = export(&anna);
        let mut damaged = fresh.clone();
        match spoil {
            1 => damaged.truncate(fresh.len() / 2),
            2 => damaged[fresh.len() / 3..fresh.len() / 3 + 2000].fill(0),
            _ => {
                damaged.drain(fresh.len() / 2..fresh.len() / 2 + 777);
            }
        }
        let report = import(&ben.group, &damaged);
        assert!(!report.is_complete() && !report.missing.is_empty(), "{report:?}");
        let here: BTreeSet<EntryId> =
            entries(&anna).iter().map(|e| common::decode(e).id()).collect();
        assert!(report.missing.is_subset(&here));
        assert!(report.missing.len() < here.len(), "something is intact");
        assert!(import(&ben.group, &fresh).is_complete());
        assert_eq!(digest(&ben.group), digest(&anna));
        drop(bundle);
    }
}

#[test]
fn what_is_needed_is_told_also_by_a_bundle_of_which_no_entry_comes() {
    const ENVELOPE: u8 = 1;
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let ben = add(&anna, "Ben", 11);
    let before = export(&anna);
    assert!(import(&ben.group, &before).is_complete());
    let first = pay(&anna, &mut rng);
    let with_first = export(&anna);
    pay(&anna, &mut rng);
    let all = records(&export(&anna));
    let before = records(&before);
    let new = |record: &&Vec<u8>| record[0] == ENVELOPE && !before.contains(record);
    let with_first = records(&with_first);
    let lost: Vec<&Vec<u8>> = with_first.iter().filter(new).collect();
    assert_eq!(lost.len(), 1);

    let report = import(&ben.group, &framed(all.iter().filter(|record| !lost.contains(record))));
    assert_eq!((report.incomplete, &report.needed), (1, &BTreeSet::from([first])));
    // The same bundle, of which nothing but the list of its entries is intact.
    let report = import(&ben.group, &framed(all.iter().filter(|record| record[0] != ENVELOPE)));
    assert_eq!((report.incomplete, &report.needed), (1, &BTreeSet::from([first])));
}

#[test]
fn a_cancelled_import_goes_on_where_it_stopped() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    record(&anna, 2600, 650, &mut rng);
    let ben = add(&anna, "Ben", 2);
    let bundle = export(&anna);
    let mut stop = |step: Progress| {
        if step.done >= 2_304 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let cancelled = ben.group.bundles().import(&mut &bundle[..], &mut stop);
    assert!(matches!(cancelled, Err(StoreError::Cancelled)));
    assert_sound(&ben.group);
    let report = import(&ben.group, &bundle);
    assert!(report.is_complete() && report.duplicates >= 1_900, "{report:?}");
    assert_eq!(digest(&ben.group), digest(&anna));
    let mut never = |_: Progress| ControlFlow::Break(());
    let cancelled = anna.bundles().export(Since::Beginning, &mut Vec::new(), &mut never);
    assert!(matches!(cancelled, Err(StoreError::Cancelled)));
}

#[test]
fn an_epoch_is_renewed_by_age_and_on_request() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    pay(&anna, &mut rng);
    assert_eq!(topics(&export(&anna)).len(), 1, "the first export begins the first epoch");
    assert!(!anna.keys().rotate_group_key(u64::MAX).unwrap(), "young enough");
    assert_eq!(topics(&export(&anna)).len(), 1);
    assert!(anna.keys().rotate_group_key(0).unwrap());
    pay(&anna, &mut rng);
    assert_eq!(topics(&export(&anna)).len(), 2);
    assert_sound(&anna);
}

#[test]
fn a_deleted_group_leaves_no_key_behind() {
    let folder = Folder::new(1);
    let anna = anna(&folder);
    export(&anna);
    anna.keys().rotate_device_key().unwrap();
    export(&anna);
    let names = || {
        let keys = std::fs::read_to_string(folder.keys()).unwrap();
        let names = keys.lines().filter_map(|line| line.split_once(' ').map(|(n, _)| n.to_owned()));
        let kept = ["group-ledger", "entropy"];
        let of_group = |n: &String| !n.starts_with("database-") && !kept.contains(&&**n);
        names.filter(of_group).collect::<Vec<_>>()
    };
    assert_eq!(names().len(), 3, "device, exchange, handed out: {:?}", names());
    let id = anna.id();
    anna.store.delete_group(id).unwrap();
    assert_eq!(names(), [""; 0]);
    drop(anna);
    let raw = folder.raw();
    for table in ["epochs", "sealed", "came_under", "quarantine"] {
        let rows = raw.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0));
        assert_eq!(rows, Ok(0), "{table}");
    }
}

#[test]
fn a_summary_fits_into_a_qr_code_and_asks_for_nothing_twice() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let ben = add(&anna, "Ben", 2);
    exchange(&[&anna, &ben.group]);
    for _ in 0..5 {
        pay(&anna, &mut rng);
    }
    let bytes = ben.group.bundles().summary().unwrap().to_bytes();
    assert_eq!(bytes.len(), 42, "one chain: Ben wrote nothing");
    let summary = Summary::from_bytes(anna.id(), &bytes).unwrap();
    let mut news = Vec::new();
    let exported = anna.bundles().export(Since::Known(&summary), &mut news, &mut go_on).unwrap();
    assert_eq!(exported.entries, 5);
    assert!(import(&ben.group, &news).is_complete());
    let summary = ben.group.bundles().summary().unwrap();
    let exported = anna.bundles().export(Since::Known(&summary), &mut Vec::new(), &mut go_on);
    assert_eq!(exported.unwrap().entries, 0);
}

#[test]
fn the_phrase_alone_opens_a_bundle() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let ben = add(&anna, "Ben", 2);
    record(&anna, 10, 10, &mut rng);
    let bundle = export(&anna);
    import(&ben.group, &bundle);
    let entropy = RootEntropy::from_bytes(common::people::secret(&ben._folder, "entropy"));
    let all = records(&bundle);
    let wraps: Vec<KeyEnvelope> =
        all.iter().filter_map(|record| KeyEnvelope::parse(record).ok()).collect();
    let phrase: Vec<ExchangeKey> = (0..64).map(|index| entropy.recovery_key(index)).collect();
    let found: Vec<EpochKey> =
        wraps.iter().filter_map(|wrap| wrap.open(anna.id(), &phrase).unwrap()).collect();
    assert_eq!(found.len(), 1);
    let opens = |record: &Vec<u8>| {
        Envelope::parse(record).ok().map(|envelope| found[0].open(&envelope).unwrap().id())
    };
    let opened = all.iter().filter_map(opens).count();
    assert_eq!(opened, entries(&anna).len());
}
