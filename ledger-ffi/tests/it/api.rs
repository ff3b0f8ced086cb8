//! Calls of the bindings, from Rust: values are converted, and errors are codes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use ledger_store::{Environment as _, SystemEnvironment};

use ledger_ffi::{
    Blame, CallbackError, Change, ChangeListener, Condition, Direction, EntryId, ErrorCode,
    Expense, ExpenseFilter, GroupId, Instant, InvitePolicy, Ledger, LedgerError, LedgerGroup,
    MemberId, Part, ProgressListener, RecurrenceRule, RecurrenceUnit, RequestOutcome, SecretStore,
    StatementIntent, Transaction, Transfer, Verdict, VersionKind, WorkProgress,
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
    anna: MemberId,
    ben: MemberId,
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

impl Flat {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keychain = Arc::new(Keychain::default());
        let ledger =
            Ledger::open(&path(folder.path(), "db"), keychain.clone(), true, None, None, None)
                .unwrap();
        let group = ledger.create_group("Flat", "Anna").unwrap();
        let anna = group.info().unwrap().me.unwrap();
        let ben = group.entries().add_placeholder("Ben").unwrap();
        Self { folder, keychain, ledger, group, anna, ben }
    }

    fn dinner(&self) -> Expense {
        let part = |member, minor_units| Part { member, minor_units };
        Expense {
            date: "2026-11-21".parse().unwrap(),
            description: "Dinner".into(),
            currency: "EUR".into(),
            minor_units: 2500,
            payers: vec![part(self.anna, 2500)],
            shares: vec![part(self.anna, 1000), part(self.ben, 1500)],
            category: Some("food".into()),
            note: None,
            direction: None,
            origin: None,
            split: None,
            hints: None,
        }
    }

    fn balances(&self) -> Vec<i64> {
        let rows = self.group.balances().now().unwrap();
        rows.into_iter().map(|row| row.balance.minor_units).collect()
    }
}

fn code<T>(result: Result<T, LedgerError>) -> ErrorCode {
    result.err().expect("this should have failed").code()
}

/// An app from before directions sends none, and corrects the description of a refund only.
#[test]
fn a_correction_without_a_direction_keeps_the_one_shown() {
    let flat = Flat::new();
    let direction = Some(Direction::Incoming);
    let refund =
        flat.group.entries().record_expense(Expense { direction, ..flat.dinner() }).unwrap();
    let before = flat.balances();
    let correct = |direction: Option<Direction>| {
        let expense = Expense { direction, description: "Back".into(), ..flat.dinner() };
        flat.group.entries().correct(refund, Transaction::Expense { expense }).unwrap();
        flat.balances()
    };
    assert_eq!(correct(None), before);
    assert_ne!(correct(Some(Direction::Outgoing)), before);
    assert_ne!(correct(None), before, "that of the content shown, not of the original");
    assert_eq!(correct(Some(Direction::Incoming)), before);
}

/// As with a correction: an app that knows no directions changes the amount of a refund only.
#[test]
fn a_change_of_what_recurs_keeps_the_direction() {
    let flat = Flat::new();
    let recurring = flat.group.recurring();
    let monthly = RecurrenceRule { unit: RecurrenceUnit::Months, every: 1 };
    let on = |day: &str, direction| {
        let expense = Expense { direction, date: day.parse().unwrap(), ..flat.dinner() };
        Transaction::Expense { expense }
    };
    let (incoming, outgoing) = (Some(Direction::Incoming), Some(Direction::Outgoing));
    let series = recurring.begin(on("2126-01-31", incoming), monthly, None).unwrap();
    let change = |day: &str, direction| {
        recurring.change(series, day.parse().unwrap(), on(day, direction), None).unwrap();
        let rows = recurring.series(day.parse().unwrap()).unwrap();
        let Transaction::Expense { expense } = &rows[0].transaction else { panic!("an expense") };
        expense.direction
    };
    assert_eq!(change("2126-02-01", None), incoming);
    assert_eq!(change("2126-03-01", outgoing), outgoing);
    assert_eq!(change("2126-04-01", None), outgoing, "what holds on the day, not what began");
    assert_eq!(change("2126-02-01", None), incoming, "before what was planned for March");
    recurring.end(series, "2126-02-28".parse().unwrap()).unwrap();
    assert_eq!(change("2126-09-01", None), outgoing, "what lists show of a series that has ended");
    let unknown = recurring.change(
        EntryId::from_bytes([7; 32]),
        "2126-02-01".parse().unwrap(),
        on("2126-02-01", None),
        None,
    );
    assert_eq!(code(unknown), ErrorCode::UnknownEntry);
}

#[test]
fn a_refund_turns_the_signs_and_nothing_is_negative() {
    let flat = Flat::new();
    flat.group.entries().record_expense(flat.dinner()).unwrap();
    let direction = Some(Direction::Incoming);
    flat.group.entries().record_expense(Expense { direction, ..flat.dinner() }).unwrap();
    assert_eq!(flat.balances(), [0, 0]);
    let rows = flat.group.lists().expenses(None, None, 50).unwrap();
    let read = rows.into_iter().map(|row| match row.transaction {
        Transaction::Expense { expense } => (expense.direction, expense.minor_units),
        Transaction::Transfer { .. } => panic!("an expense"),
    });
    let amount = flat.dinner().minor_units;
    let expected = [Some(Direction::Incoming), Some(Direction::Outgoing)];
    assert_eq!(read.collect::<Vec<_>>(), expected.map(|direction| (direction, amount)));
}

#[test]
fn balances_are_counted_in_one_currency_by_rates_of_the_app() {
    let flat = Flat::new();
    flat.group.entries().record_expense(flat.dinner()).unwrap();
    let yen = Expense { currency: "JPY".into(), ..flat.dinner() };
    flat.group.entries().record_expense(yen).unwrap();
    let none = flat.group.balances().in_currency("EUR", vec![]).unwrap_err();
    assert_eq!(none.code(), ErrorCode::InvalidRate);
    assert!(none.to_string().contains("JPY/EUR"), "{none}");
    let rate = ledger_ffi::parse_rate("EUR", "JPY", "160").unwrap();
    assert_eq!((rate.numerator, rate.denominator), (160, 1));
    let found = flat.group.balances().in_currency("EUR", vec![rate.clone()]).unwrap();
    let units: Vec<i64> = found.balances.iter().map(|row| row.balance.minor_units).collect();
    // 15.00 EUR and 1500 JPY, which are 9.375 EUR: Anna's +24.375 and Ben's -24.375 round down to
    // 2437 and -2438, and the unit left over goes to the smaller id, which comes first.
    let expected = if flat.anna < flat.ben { [2438, -2438] } else { [-2437, 2437] };
    assert_eq!(units, expected);
    assert_eq!((found.payments.len(), &found.rates[..]), (1, &[rate.clone()][..]));
    let zero = ledger_ffi::ExchangeRate { numerator: 0, ..rate.clone() };
    let itself = ledger_ffi::ExchangeRate { quote: "EUR".into(), ..rate.clone() };
    for wrong in [vec![zero], vec![itself], vec![rate.clone(), rate.clone()]] {
        let error = flat.group.balances().in_currency("EUR", wrong).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidRate, "{error}");
    }
    let unknown = flat.group.balances().in_currency("Euro", vec![rate]).unwrap_err();
    assert_eq!(unknown.code(), ErrorCode::InvalidCurrency);
}

#[test]
fn an_expense_is_recorded_corrected_paid_back_and_cancelled() {
    let flat = Flat::new();
    let dinner = flat.group.entries().record_expense(flat.dinner()).unwrap();
    assert_eq!(flat.balances(), [1500, -1500]);

    let lists = flat.group.lists();
    let row = lists.expenses(None, None, 50).unwrap().remove(0);
    assert_eq!((row.id, row.current_version, row.is_cancelled), (dinner, dinner.entry(), false));
    let Transaction::Expense { mut expense } = row.transaction else { panic!("an expense") };
    assert_eq!(expense.payers, flat.dinner().payers);
    assert_eq!(expense.category, flat.dinner().category);
    for share in &mut expense.shares {
        share.minor_units = if share.member == flat.anna { 500 } else { 2000 };
    }
    let correction =
        flat.group.entries().correct(dinner, Transaction::Expense { expense }).unwrap();
    assert_eq!(flat.balances(), [2000, -2000]);

    let plan = flat.group.balances().settle_up().unwrap();
    assert_eq!(plan.len(), 1);
    let transfer = flat
        .group
        .entries()
        .record_transfer(Transfer {
            date: "2026-11-22".parse().unwrap(),
            description: String::new(),
            currency: plan[0].money.currency.clone(),
            minor_units: plan[0].money.minor_units,
            from_member: plan[0].from_member,
            to_member: plan[0].to_member,
            origin: None,
            hints: None,
        })
        .unwrap();
    assert_eq!(flat.balances(), [0, 0]);
    flat.group.entries().dispute(transfer, None, None).unwrap();
    assert!(!lists.reviews(transfer).unwrap()[0].confirms);
    flat.group.entries().confirm(transfer, Some("thanks".into()), None).unwrap();
    let reviews = lists.reviews(transfer).unwrap();
    assert_eq!((reviews.len(), reviews[0].member, reviews[0].confirms), (1, flat.anna, true));

    flat.group.entries().cancel(transfer, Some("typo".into())).unwrap();
    assert_eq!(flat.balances(), [2000, -2000]);
    let history = lists.history(dinner, None, 50).unwrap();
    let kinds: Vec<VersionKind> = history.iter().map(|row| row.kind).collect();
    assert_eq!(kinds, [VersionKind::Correction, VersionKind::Original]);
    assert_eq!(history[0].id, correction);

    let found = |condition| {
        let filter = ExpenseFilter { conditions: vec![condition], ..ExpenseFilter::default() };
        lists.expenses(Some(filter), None, 50).unwrap().len()
    };
    assert_eq!(found(Condition::Text { words: "dinn".into() }), 1);
    assert_eq!(found(Condition::Category { name: "food".into() }), 1);
    assert_eq!(found(Condition::Currency { code: "JPY".into() }), 0);
    assert_eq!(found(Condition::Member { id: flat.ben }), 2);

    let activity = lists.activity(None, 100).unwrap();
    assert!(activity.iter().all(|row| row.verdict == Verdict::Applied));
    assert_eq!(activity[0].remark.as_deref(), Some("typo"));
    assert_eq!(activity[0].expense, Some(transfer));
    let second = lists.activity(Some(activity[0].cursor.clone()), 1).unwrap();
    assert_eq!(second[0], activity[1]);
    let verification = flat.group.maintenance().verify_history(None).unwrap();
    assert_eq!((verification.problems.len(), verification.entries), (0, 8));
    assert_eq!(verification.state_digest, Some(flat.group.state_digest().unwrap()));
}

#[test]
fn statements_are_shown_then_signed() {
    let flat = Flat::new();
    let proposal = flat
        .group
        .statements()
        .propose(StatementIntent::RenameGroup { name: "House".into() })
        .unwrap();
    assert!(proposal.text().unwrap().contains("House"));
    flat.group.statements().sign(&proposal).unwrap();
    assert_eq!(flat.group.info().unwrap().name, "House");
    let removal = StatementIntent::Remove { member: flat.anna, since: None };
    let error = flat.group.statements().propose(removal).err().unwrap();
    let LedgerError::Failed { code, blame, rule, .. } = &error;
    assert_eq!((*code, *blame), (ErrorCode::WouldBeVoid, Blame::You));
    assert_eq!(rule.as_deref(), Some("target-is-owner"));
    flat.group.statements().propose(StatementIntent::Leave).unwrap();
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
    flat.group.entries().record_expense(flat.dinner()).unwrap();
    let change = receiver.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!((change.new_entries, change.balances, change.members), (1, true, false));
    watch.stop().unwrap();
    assert!(watch.is_stopped().unwrap());
    // The thread ends, and lets go of the listener.
    assert!(receiver.recv_timeout(Duration::from_secs(60)).is_err());
    flat.group.entries().record_expense(flat.dinner()).unwrap();

    let (sender, receiver) = mpsc::channel();
    let watch = flat.ledger.watch(Arc::new(Listener(sender))).unwrap();
    flat.ledger.close().unwrap();
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
        let result = flat.group.maintenance().verify_history(Some(listener.clone()));
        (result, listener.0.load(Ordering::Relaxed))
    };
    assert!(matches!(verify(Ok(true)), (Ok(_), calls) if calls >= 1));
    let (stopped, calls) = verify(Ok(false));
    assert_eq!((code(stopped), calls), (ErrorCode::Cancelled, 1));
    let (failed, calls) = verify(Err(CallbackError::Failed));
    assert_eq!((code(failed), calls), (ErrorCode::CallbackFailed, 1));
    let backup = path(flat.folder.path(), "backup");
    let maintenance = flat.ledger.maintenance();
    maintenance.backup(&backup, None).unwrap();
    assert_eq!(code(maintenance.backup(&backup, None)), ErrorCode::File);
    let copy = Ledger::open(&backup, flat.keychain.clone(), false, None, None, None).unwrap();
    assert_eq!(copy.groups(None, 10).unwrap(), flat.ledger.groups(None, 10).unwrap());
}

#[test]
fn failures_have_codes() {
    let flat = Flat::new();
    let group = &flat.group;
    let folder = flat.folder.path();
    let open = |name: &str, keys: Arc<Keychain>| {
        Ledger::open(&path(folder, name), keys, false, None, None, None)
    };
    assert_eq!(code(open("nowhere", flat.keychain.clone())), ErrorCode::NotFound);
    assert_eq!(code(open("db", Arc::default())), ErrorCode::WrongKey);
    *flat.keychain.fails.lock().unwrap() = Some(CallbackError::Locked);
    assert_eq!(code(open("db", flat.keychain.clone())), ErrorCode::SecretsFailed);
    assert_eq!(code(group.entries().record_expense(flat.dinner())), ErrorCode::SecretsFailed);
    *flat.keychain.fails.lock().unwrap() = None;

    let with = |change: &dyn Fn(&mut Expense)| {
        let mut expense = flat.dinner();
        change(&mut expense);
        code(group.entries().record_expense(expense))
    };
    assert_eq!(with(&|e| e.currency = "euro".into()), ErrorCode::InvalidCurrency);
    assert_eq!(with(&|e| e.minor_units = -1), ErrorCode::InvalidAmount);
    assert_eq!(with(&|e| e.minor_units = 1), ErrorCode::InvalidEntry);
    let nobody = MemberId::from_bytes([0; 32]);
    assert_eq!(with(&|e| e.shares[0].member = nobody), ErrorCode::UnknownMember);
    assert_eq!(with(&|e| e.shares[0].member = flat.ben), ErrorCode::DuplicateMember);
    assert_eq!(with(&|e| e.origin = Some(vec![1])), ErrorCode::InvalidId);
    let nothing = EntryId::from_bytes([0; 32]);
    assert_eq!(code(group.entries().cancel(nothing.into(), None)), ErrorCode::UnknownEntry);
    assert_eq!(code(group.lists().expenses(None, Some("x".into()), 1)), ErrorCode::InvalidCursor);
    let nowhere = GroupId::from_bytes([0; 32]);
    assert_eq!(code(flat.ledger.group(nowhere)), ErrorCode::UnknownGroup);
    assert_eq!(code(group.import_splitwise(b"hello".to_vec(), None)), ErrorCode::InvalidImport);
    let unreadable = "Date,Description,Category,Cost,Currency,Be\tn\n".as_bytes().to_vec();
    assert_eq!(code(group.import_splitwise(unreadable, None)), ErrorCode::InvalidImport);
    assert_eq!(code(group.entries().add_placeholder("")), ErrorCode::InvalidEntry);

    let other = flat.ledger.create_group("Trip", "Anna").unwrap();
    assert!(other.balances().now().unwrap().is_empty());
    flat.ledger.delete_group(other.id().unwrap()).unwrap();
    assert_eq!(code(other.balances().now()), ErrorCode::UnknownGroup);
    assert_eq!(code(other.lists().expenses(None, None, 1)), ErrorCode::UnknownGroup);

    flat.ledger.close().unwrap();
    assert_eq!(code(group.balances().now()), ErrorCode::Closed);
    assert_eq!(code(group.info()), ErrorCode::Closed);
    assert_eq!(code(flat.ledger.groups(None, 1)), ErrorCode::Closed);
    open("db", flat.keychain.clone()).unwrap();
}

#[test]
fn a_ledger_in_memory_has_keys_and_a_clock_of_its_own() {
    let story = || {
        let before = Instant::from_ms(SystemEnvironment.now_ms());
        let ledger = Ledger::in_memory().unwrap();
        let group = ledger.create_group("Flat", "Anna").unwrap();
        group.entries().add_placeholder("Ben").unwrap();
        let newest = group.lists().activity(None, 1).unwrap().remove(0);
        assert!(newest.timestamp >= before && newest.timestamp.ms() < before.ms() + 3_600_000);
        ledger.suspend().unwrap();
        assert_eq!(code(group.info()), ErrorCode::Suspended);
        ledger.resume().unwrap();
        assert!(ledger.maintenance().check_database(None).unwrap().is_empty());
        assert_eq!(group.members().unwrap().len(), 2);
        (group.id().unwrap(), group.state_digest().unwrap())
    };
    let (one, other) = (story(), story());
    assert!(one.0 != other.0 && one.1 != other.1);
}

#[test]
fn a_joiner_is_admitted_and_a_phrase_restores_the_person() {
    let flat = Flat::new();
    let other = Ledger::in_memory().unwrap();
    let policy = InvitePolicy {
        note: "Cleo".into(),
        requires_approval: true,
        max_uses: Some(1),
        expires_at: None,
        for_member: None,
    };
    let invites = flat.group.invites();
    let link = invites.create(policy, "https://example.org/join").unwrap();
    let request = other.joining().join(&link, "Cleo").unwrap();
    let outcome = flat.ledger.joining().receive_request(request).unwrap();
    assert_eq!(outcome, RequestOutcome::Waiting { group: flat.group.id().unwrap() });
    let waiting = invites.join_requests().unwrap();
    let pending = other.joining().pending_joins().unwrap();
    assert_eq!(waiting[0].info().unwrap().fingerprint, pending[0].fingerprint);
    assert!(invites.propose_admission(&waiting[0]).unwrap().is_none());
    let welcome = invites.admit(&waiting[0], None).unwrap().welcome;
    let joined = other.joining().enter(welcome).unwrap();
    assert_eq!(joined.id().unwrap(), flat.group.id().unwrap());
    let names: Vec<String> =
        flat.group.members().unwrap().into_iter().map(|member| member.name).collect();
    assert_eq!(names, ["Anna", "Ben", "Cleo"]);
    let invite = invites.list().unwrap().remove(0);
    assert_eq!(invite.info().unwrap().used, 1);
    invites.cancel(&invite).unwrap();
    assert_eq!(code(invites.link(&invite, "")), ErrorCode::UnknownInvite);
    assert_eq!(code(other.joining().join("hello", "Cleo")), ErrorCode::InvalidMessage);

    let words = flat.ledger.recovery().reveal_phrase().unwrap();
    let phone = Ledger::in_memory().unwrap().recovery();
    assert_eq!(code(phone.restore_phrase("zoo zoo")), ErrorCode::InvalidPhrase);
    phone.restore_phrase(&words).unwrap();
    assert_eq!(phone.reveal_phrase().unwrap(), words);
    assert_eq!(code(other.recovery().restore_phrase(&words)), ErrorCode::OtherPerson);
}
