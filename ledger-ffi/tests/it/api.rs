//! The bindings' calls, from Rust: they convert, and report errors as codes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use ledger_ffi::{
    Act, Blame, CallbackError, Change, ChangeListener, Details, ErrorCode, Expense, ExpenseFilter,
    FoundBy, InvitePolicy, Ledger, LedgerError, LedgerGroup, Part, ProgressListener,
    RequestOutcome, Role, SecretStore, TestClock, Transfer, Verdict, WorkProgress,
};

#[derive(Default)]
struct Keychain {
    secrets: Mutex<BTreeMap<String, Vec<u8>>>,
    fails: Mutex<Option<CallbackError>>,
}

impl Keychain {
    fn check(&self) -> Result<(), CallbackError> {
        self.fails.lock().unwrap().map_or(Ok(()), Err)
    }
}

impl SecretStore for Keychain {
    fn get(&self, name: String) -> Result<Option<Vec<u8>>, CallbackError> {
        self.check()?;
        Ok(self.secrets.lock().unwrap().get(&name).cloned())
    }

    fn set(&self, name: String, secret: Vec<u8>) -> Result<(), CallbackError> {
        self.check()?;
        self.secrets.lock().unwrap().insert(name, secret);
        Ok(())
    }

    fn remove(&self, name: String) -> Result<(), CallbackError> {
        self.check()?;
        self.secrets.lock().unwrap().remove(&name);
        Ok(())
    }
}

struct Flat {
    folder: tempfile::TempDir,
    keychain: Arc<Keychain>,
    ledger: Ledger,
    group: Arc<LedgerGroup>,
    anna: String,
    ben: String,
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

impl Flat {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keychain = Arc::new(Keychain::default());
        let ledger =
            Ledger::open(&path(folder.path(), "db"), keychain.clone(), true, None, None).unwrap();
        let group = ledger.create_group("Flat", "Anna").unwrap();
        let anna = group.info().unwrap().me.unwrap();
        let ben = group.add_placeholder("Ben").unwrap();
        Self { folder, keychain, ledger, group, anna, ben }
    }

    fn dinner(&self) -> Expense {
        let part = |member: &String, minor_units| Part { member: member.clone(), minor_units };
        Expense {
            date: "2026-11-21".into(),
            description: "Dinner".into(),
            currency: "EUR".into(),
            minor_units: 2500,
            payers: vec![part(&self.anna, 2500)],
            shares: vec![part(&self.anna, 1000), part(&self.ben, 1500)],
            category: Some("food".into()),
            note: None,
            origin: None,
        }
    }

    fn balances(&self) -> Vec<i64> {
        let rows = self.group.balances().unwrap();
        rows.into_iter().map(|row| row.balance.minor_units).collect()
    }
}

fn code<T>(result: Result<T, LedgerError>) -> ErrorCode {
    result.err().expect("this should have failed").code()
}

#[test]
fn an_expense_is_recorded_corrected_paid_back_and_cancelled() {
    let flat = Flat::new();
    let dinner = flat.group.record_expense(flat.dinner()).unwrap();
    assert_eq!(flat.balances(), [1500, -1500]);

    let row = flat.group.expenses(None, None, 50).unwrap().remove(0);
    assert_eq!((&row.id, &row.shown, row.is_cancelled), (&dinner, &dinner, false));
    let Details::Expense { mut expense } = row.details else { panic!("an expense") };
    assert_eq!(expense.payers, flat.dinner().payers);
    assert_eq!(expense.category, flat.dinner().category);
    for share in &mut expense.shares {
        share.minor_units = if share.member == flat.anna { 500 } else { 2000 };
    }
    let correction = flat.group.correct(&dinner, Details::Expense { expense }).unwrap();
    assert_eq!(flat.balances(), [2000, -2000]);

    let plan = flat.group.settle_up().unwrap();
    assert_eq!(plan.len(), 1);
    let transfer = flat
        .group
        .record_transfer(Transfer {
            date: "2026-11-22".into(),
            description: String::new(),
            currency: plan[0].money.currency.clone(),
            minor_units: plan[0].money.minor_units,
            from_member: plan[0].from_member.clone(),
            to_member: plan[0].to_member.clone(),
            origin: None,
        })
        .unwrap();
    assert_eq!(flat.balances(), [0, 0]);
    flat.group.endorse(&transfer, true, Some("thanks".into())).unwrap();
    let opinions = flat.group.opinions(&transfer).unwrap();
    assert_eq!((&opinions[0].member, opinions[0].confirms), (&flat.anna, true));

    flat.group.cancel(&transfer, Some("typo".into())).unwrap();
    assert_eq!(flat.balances(), [2000, -2000]);
    let history = flat.group.history(&dinner, None, 50).unwrap();
    let roles: Vec<Role> = history.iter().map(|row| row.role).collect();
    assert_eq!(roles, [Role::Correction, Role::Original]);
    assert_eq!(history[0].id, correction);

    let found = |by| {
        let filter = ExpenseFilter { by: Some(by), ..ExpenseFilter::default() };
        flat.group.expenses(Some(filter), None, 50).unwrap().len()
    };
    assert_eq!(found(FoundBy::Text { words: "dinn".into() }), 1);
    assert_eq!(found(FoundBy::Category { name: "food".into() }), 1);
    assert_eq!(found(FoundBy::Currency { code: "JPY".into() }), 0);
    assert_eq!(found(FoundBy::Member { id: flat.ben.clone() }), 2);

    let activity = flat.group.activity(None, 100).unwrap();
    assert!(activity.iter().all(|row| row.verdict == Verdict::Applied));
    assert_eq!(activity[0].remark.as_deref(), Some("typo"));
    assert_eq!(activity[0].target.as_ref(), Some(&transfer));
    let second = flat.group.activity(Some(activity[0].cursor.clone()), 1).unwrap();
    assert_eq!(second[0], activity[1]);
    let verification = flat.group.verify(None).unwrap();
    assert_eq!((verification.problems.len(), verification.entries), (0, 7));
    assert_eq!(verification.state_digest, Some(flat.group.state_digest().unwrap()));
}

#[test]
fn acts_are_shown_then_signed() {
    let flat = Flat::new();
    let proposal = flat.group.propose(Act::RenameGroup { name: "House".into() }).unwrap();
    assert!(proposal.text().unwrap().contains("House"));
    flat.group.sign(&proposal).unwrap();
    assert_eq!(flat.group.info().unwrap().name, "House");
    let removal = Act::Remove { member: flat.anna.clone(), since: None };
    let error = flat.group.propose(removal).err().unwrap();
    let LedgerError::Failed { code, blame, rule, .. } = &error;
    assert_eq!((*code, *blame), (ErrorCode::WouldBeVoid, Blame::You));
    assert_eq!(rule.as_deref(), Some("target-is-owner"));
    flat.group.propose(Act::Leave).unwrap();
}

#[test]
fn whoever_watches_is_told_until_it_stops() {
    struct Listener(mpsc::Sender<Change>);
    impl ChangeListener for Listener {
        fn on_change(&self, change: Change) -> Result<(), CallbackError> {
            self.0.send(change).map_err(|_| CallbackError::Failed)
        }
    }
    let flat = Flat::new();
    let (sender, receiver) = mpsc::channel();
    let watch = flat.ledger.watch(Arc::new(Listener(sender))).unwrap();
    flat.group.record_expense(flat.dinner()).unwrap();
    let change = receiver.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!((change.new_entries, change.balances, change.members), (1, true, false));
    watch.stop().unwrap();
    assert!(watch.is_stopped().unwrap());
    // The thread ends, and lets go of the listener.
    assert!(receiver.recv_timeout(Duration::from_secs(60)).is_err());
    flat.group.record_expense(flat.dinner()).unwrap();

    let (sender, receiver) = mpsc::channel();
    let watch = flat.ledger.watch(Arc::new(Listener(sender))).unwrap();
    flat.ledger.shut_down().unwrap();
    assert!(receiver.recv_timeout(Duration::from_secs(60)).is_err());
    assert!(watch.is_stopped().unwrap());
}

#[test]
fn long_work_can_be_stopped_and_listeners_may_fail() {
    struct After(AtomicU64, Result<bool, CallbackError>);
    impl ProgressListener for After {
        fn on_progress(&self, _: WorkProgress) -> Result<bool, CallbackError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            self.1
        }
    }
    let flat = Flat::new();
    let verify = |answer| {
        let listener = Arc::new(After(AtomicU64::new(0), answer));
        let result = flat.group.verify(Some(listener.clone()));
        (result, listener.0.load(Ordering::Relaxed))
    };
    assert!(matches!(verify(Ok(true)), (Ok(_), calls) if calls >= 1));
    let (stopped, calls) = verify(Ok(false));
    assert_eq!((code(stopped), calls), (ErrorCode::Cancelled, 1));
    let (failed, calls) = verify(Err(CallbackError::Failed));
    assert_eq!((code(failed), calls), (ErrorCode::CallbackFailed, 1));
    let backup = path(flat.folder.path(), "backup");
    flat.ledger.backup(&backup, None).unwrap();
    assert_eq!(code(flat.ledger.backup(&backup, None)), ErrorCode::File);
    let copy = Ledger::open(&backup, flat.keychain.clone(), false, None, None).unwrap();
    assert_eq!(copy.groups(None, 10).unwrap(), flat.ledger.groups(None, 10).unwrap());
}

#[test]
fn failures_have_codes() {
    let flat = Flat::new();
    let group = &flat.group;
    let folder = flat.folder.path();
    let open = |name: &str, keys: Arc<Keychain>| {
        Ledger::open(&path(folder, name), keys, false, None, None)
    };
    assert_eq!(code(open("nowhere", flat.keychain.clone())), ErrorCode::NotFound);
    assert_eq!(code(open("db", Arc::default())), ErrorCode::WrongKey);
    *flat.keychain.fails.lock().unwrap() = Some(CallbackError::Locked);
    assert_eq!(code(open("db", flat.keychain.clone())), ErrorCode::SecretsFailed);
    assert_eq!(code(group.record_expense(flat.dinner())), ErrorCode::SecretsFailed);
    *flat.keychain.fails.lock().unwrap() = None;

    let with = |change: &dyn Fn(&mut Expense)| {
        let mut expense = flat.dinner();
        change(&mut expense);
        code(group.record_expense(expense))
    };
    assert_eq!(with(&|e| e.date = "yesterday".into()), ErrorCode::InvalidDate);
    assert_eq!(with(&|e| e.currency = "euro".into()), ErrorCode::InvalidCurrency);
    assert_eq!(with(&|e| e.minor_units = -1), ErrorCode::InvalidAmount);
    assert_eq!(with(&|e| e.minor_units = 1), ErrorCode::InvalidEntry);
    assert_eq!(with(&|e| e.shares[0].member = "anna".into()), ErrorCode::InvalidId);
    assert_eq!(with(&|e| e.shares[0].member = "00".repeat(32)), ErrorCode::UnknownMember);
    assert_eq!(with(&|e| e.shares[0].member = flat.ben.clone()), ErrorCode::DuplicateMember);
    assert_eq!(with(&|e| e.origin = Some(vec![1])), ErrorCode::InvalidId);
    assert_eq!(code(group.cancel(&"00".repeat(32), None)), ErrorCode::UnknownEntry);
    assert_eq!(code(group.expenses(None, Some("x".into()), 1)), ErrorCode::InvalidCursor);
    assert_eq!(code(flat.ledger.group(&"00".repeat(32))), ErrorCode::UnknownGroup);
    assert_eq!(code(group.import_splitwise(b"hello".to_vec(), None)), ErrorCode::InvalidImport);
    assert_eq!(code(group.add_placeholder("")), ErrorCode::InvalidEntry);

    let other = flat.ledger.create_group("Trip", "Anna").unwrap();
    assert!(other.balances().unwrap().is_empty());
    flat.ledger.delete_group(&other.id().unwrap()).unwrap();
    assert_eq!(code(other.balances()), ErrorCode::UnknownGroup);
    assert_eq!(code(other.expenses(None, None, 1)), ErrorCode::UnknownGroup);

    flat.ledger.shut_down().unwrap();
    assert_eq!(code(group.balances()), ErrorCode::Closed);
    assert_eq!(code(group.info()), ErrorCode::Closed);
    assert_eq!(code(flat.ledger.groups(None, 1)), ErrorCode::Closed);
    open("db", flat.keychain.clone()).unwrap();
}

#[test]
fn a_ledger_in_memory_comes_out_the_same() {
    let story = || {
        let clock = Arc::new(TestClock::new(1_700_000_000_000, 7).unwrap());
        let ledger = Ledger::in_memory(clock.clone()).unwrap();
        let group = ledger.create_group("Flat", "Anna").unwrap();
        clock.set(1_700_000_060_000).unwrap();
        group.add_placeholder("Ben").unwrap();
        let newest = group.activity(None, 1).unwrap().remove(0);
        assert_eq!(newest.timestamp_ms, 1_700_000_060_000);
        ledger.suspend().unwrap();
        assert_eq!(code(group.info()), ErrorCode::Suspended);
        ledger.resume().unwrap();
        assert!(ledger.check(None).unwrap().is_empty());
        (group.id().unwrap(), group.state_digest().unwrap())
    };
    assert_eq!(story(), story());
}

#[test]
fn a_joiner_is_admitted_and_a_phrase_restores_the_person() {
    let flat = Flat::new();
    let clock = Arc::new(TestClock::new(1_700_000_000_000, 7).unwrap());
    let other = Ledger::in_memory(clock.clone()).unwrap();
    let policy = InvitePolicy {
        label: "Cleo".into(),
        asks: true,
        uses: Some(1),
        expires_ms: None,
        claims: None,
    };
    let link = flat.group.invite(policy, "https://example.org/join").unwrap();
    let request = other.join(&link, "Cleo").unwrap();
    let outcome = flat.ledger.receive_request(request).unwrap();
    assert_eq!(outcome, RequestOutcome::Waiting { group: flat.group.id().unwrap() });
    let waiting = flat.group.requests().unwrap();
    let pending = other.joins().unwrap();
    assert_eq!(waiting[0].info().unwrap().fingerprint, pending[0].fingerprint);
    assert!(flat.group.propose_admission(&waiting[0]).unwrap().is_none());
    let answer = flat.group.admit(&waiting[0], None).unwrap().answer;
    let joined = other.finish_join(answer).unwrap();
    assert_eq!(joined.id().unwrap(), flat.group.id().unwrap());
    let names: Vec<String> =
        flat.group.members().unwrap().into_iter().map(|member| member.name).collect();
    assert_eq!(names, ["Anna", "Ben", "Cleo"]);
    let invite = flat.group.invites().unwrap().remove(0);
    assert_eq!(invite.info().unwrap().used, 1);
    flat.group.cancel_invite(&invite).unwrap();
    assert_eq!(code(flat.group.invite_link(&invite, "")), ErrorCode::UnknownInvite);
    assert_eq!(code(other.join("hello", "Cleo")), ErrorCode::InvalidMessage);

    let words = flat.ledger.reveal_phrase().unwrap();
    let phone = Ledger::in_memory(clock).unwrap();
    assert_eq!(code(phone.restore_phrase("zoo zoo")), ErrorCode::InvalidPhrase);
    phone.restore_phrase(&words).unwrap();
    assert_eq!(phone.reveal_phrase().unwrap(), words);
    assert_eq!(code(other.restore_phrase(&words)), ErrorCode::OtherPerson);
}
