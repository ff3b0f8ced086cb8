//! Valid entries of each kind.

use ledger_core::engine::{Admission, Draft, Ledger, MemoryIndex, NewGroup, VerifiedEntry};
use ledger_core::keys::{DeviceKey, RootEntropy, SignedCard, SignedDevice};
use ledger_core::statement::{Generation, NewStatement};
use ledger_core::{
    Amount, Currency, Date, Direction, Expense, Hints, Itemised, MemberId, Origin, PaidIn, Receipt,
    Recurrence, RecurrenceUnit, Setting, SettingValue, Speaks, Split, SplitItem, Transaction,
    Transfer,
};

/// The device's keys: the Ed25519 seed, then the X25519 secret.
pub(crate) const DEVICE: [u8; 64] = [5; 64];

/// The founder's entropy.
const ENTROPY: [u8; 32] = [6; 32];

/// One entry of each kind, and some variants, with names for the files.
pub(crate) fn everything() -> Vec<(&'static str, VerifiedEntry)> {
    let mut author = Author::found();
    let state = author.ledger.state();
    let anna = state.members()[0].0;
    let ben = Draft::placeholder(state, anna, "Ben", [8; 16]).unwrap();
    author.write("placeholder", ben);
    let ben = author.ledger.state().members()[1].0;

    let amount = |units| Amount::from_minor_units(units).unwrap();
    let expense = Expense::new(
        Date::from_ymd(2024, 2, 29).unwrap(),
        "Pizza",
        Currency::from_code("EUR").unwrap(),
        amount(3000),
    )
    .paid_by(anna, amount(3000))
    .share(anna, amount(1500))
    .share(ben, amount(1500));
    let full = expense
        .clone()
        .category("Food")
        .note("with olives")
        .payers([(anna, amount(1000)), (ben, amount(2000))])
        .origin(Origin::from_bytes([3; 16]));
    let mut hints = Hints::default();
    hints.set(63, *b"of a later version").unwrap();
    let refund = expense.clone().direction(Direction::Incoming).hints(hints);
    let mut nothing = expense.clone().payers([]).shares([]);
    nothing.amount = Amount::ZERO;
    let transfer = Transaction::Transfer(
        Transfer::new(
            expense.date,
            Currency::from_code("JPY").unwrap(),
            amount(1_000_000_000_000_000),
            ben,
            anna,
        )
        .description("paid back"),
    );
    let record = |author: &mut Author, name, details: &Transaction| {
        let draft = Draft::record(author.ledger.state(), details).unwrap();
        author.write(name, draft);
    };
    let hinted = hinted(expense.clone());
    let rent = Transaction::Expense(expense.clone());
    record(&mut author, "expense", &Transaction::Expense(expense));
    let original = author.written.last().unwrap().1.id();
    record(&mut author, "expense-full", &Transaction::Expense(full.clone()));
    record(&mut author, "expense-zero", &Transaction::Expense(nothing));
    record(&mut author, "transfer", &transfer);
    for (name, details) in
        [("correction", Transaction::Expense(full)), ("correction-to-transfer", transfer)]
    {
        let draft = Draft::correction(author.ledger.state(), original, &details).unwrap();
        author.write(name, draft);
    }
    // Two entries at one position: a fork, which the merge joins.
    let at = author.ledger.next_position(author.device.id()).unwrap();
    let silent = Draft::cancellation(original, None).sign(&author.device, &at, 0).unwrap();
    author.write("cancellation", Draft::cancellation(original, Some("twice".to_owned())));
    author.admit("cancellation-silent", silent);
    author.write("merge", Draft::merge());
    author.write("restoration", Draft::restoration(original));
    let copied = author.written[4].1.id();
    let said = author.ledger.state().transaction_of(author.written[4].1.decoded()).unwrap();
    let draft = Draft::copy(author.ledger.state(), copied, &said).unwrap();
    author.write("copy", draft);
    author.write("endorsement", Draft::endorsement(copied, true, Some("yes".to_owned())));
    let exchange = DeviceKey::from_bytes(&[9; 64]).exchange_public_key();
    author.write("rotation", Draft::rotation(1, exchange));
    record(&mut author, "refund", &Transaction::Expense(refund));
    author.write("speaks", Draft::speaks(Speaks::new(1, [1_024, 70_000]).unwrap()));
    let bill = Itemised::new()
        .item(SplitItem::new("Pizza", amount(700)).shared_by(anna, 1).shared_by(ben, 2))
        .tip(amount(50));
    let (day, euro) = (Date::from_ymd(2024, 2, 29).unwrap(), Currency::from_code("EUR").unwrap());
    let split = Expense::new(day, "Bill", euro, amount(750)).paid_by(anna, amount(750));
    let split = split.split(&Split::Items(bill), 0).unwrap();
    record(&mut author, "expense-items", &Transaction::Expense(split));
    let dora = Draft::person_from_file(author.ledger.state(), [7; 32], "Dora", [4; 16]).unwrap();
    author.write("person-from-file", dora);
    record(&mut author, "expense-hinted", &hinted);
    recurring(&mut author, &rent);
    settings(&mut author, anna, ben);
    people(&mut author, anna, ben);
    author.written
}

/// The expense with every hint that this version reads.
fn hinted(mut expense: Expense) -> Transaction {
    let dollars = PaidIn {
        currency: Currency::from_code("USD").unwrap(),
        amount: Amount::from_minor_units(3300).unwrap(),
        rate: (10, 11),
        source: "bank".to_owned(),
    };
    let media_type = "image/jpeg".to_owned();
    let receipt = Receipt { blob: [1; 32], size: 70_000, media_type, key: [2; 32] };
    expense.hints.set_tags(["trip", "food"]).unwrap();
    expense.hints.set_paid_in(Some(&dollars)).unwrap();
    expense.hints.set_receipts(&[receipt]).unwrap();
    Transaction::Expense(expense)
}

/// A series, and a change of it.
fn recurring(author: &mut Author, rent: &Transaction) {
    let monthly = Recurrence::new(RecurrenceUnit::Months, 1).unwrap();
    let draft = Draft::template(author.ledger.state(), rent, monthly, Some(12)).unwrap();
    author.write("template", draft);
    let (series, state) = (author.written.last().unwrap().1.id(), author.ledger.state());
    let draft = Draft::template_change(state, series, (6, 5), rent, monthly, None).unwrap();
    author.write("template-change", draft);
}

/// A setting of each field, one that takes a value away, and one of a field that nobody knows.
fn settings(author: &mut Author, anna: MemberId, ben: MemberId) {
    let euro = Currency::from_code("EUR").unwrap();
    let device = author.device.id();
    let relays = vec!["https://a.example".to_owned(), "https://b.example".to_owned()];
    for (name, value) in [
        ("setting-currency", SettingValue::DefaultCurrency(Some(euro))),
        ("setting-unit", SettingValue::DefaultCurrency(Some(Currency::unit("beers", 0).unwrap()))),
        ("setting-no-currency", SettingValue::DefaultCurrency(None)),
        ("setting-weight", SettingValue::DefaultWeight { member: ben, weight: Some(2) }),
        ("setting-relays", SettingValue::Relays { member: anna, relays }),
        (
            "setting-device-name",
            SettingValue::DeviceName { device, name: Some("Phone".to_owned()) },
        ),
        ("setting-categories", SettingValue::Categories(vec!["rent".to_owned()])),
    ] {
        author.write(name, Draft::setting(Setting::new(&value).unwrap()));
    }
    author.write("setting-unknown", Draft::setting(Setting::from_parts(99, b"x", b"y")));
}

/// Introductions and statements.
fn people(author: &mut Author, anna: MemberId, ben: MemberId) {
    let group = author.ledger.group();
    let card = |number: u8| {
        let entropy = RootEntropy::from_bytes([number; 32]);
        let device = DeviceKey::from_bytes(&[number; 64]);
        SignedCard::new(group, "Cleo", &entropy, 0, &device).unwrap()
    };
    let cleo = card(20);
    let draft = Draft::add_member(author.ledger.state(), &cleo).unwrap();
    author.write("add-member", draft);
    let draft = Draft::claim(author.ledger.state(), ben, &card(21)).unwrap();
    author.write("claim", draft);
    let draft = Draft::adopt(author.ledger.state(), cleo.card().member()).unwrap();
    author.write("adopt", draft);
    let generation = Generation::Card(anna);
    let root = RootEntropy::from_bytes(ENTROPY).root_key(0);
    let tablet = DeviceKey::from_bytes(&[22; 64]);
    let device = SignedDevice::new(group, &root, &tablet).unwrap();
    author.statement("act-enrol", &NewStatement::Enrol { generation, device: &device });
    author.statement("act-revoke", &NewStatement::Revoke { generation, device: tablet.id() });
    author.statement("act-rename", &NewStatement::Rename { generation, name: "Anne" });
    author.statement("act-remove", &NewStatement::Remove { member: cleo.card().member() });
    author.statement("act-bind", &NewStatement::Bind { member: ben, card: &card(23) });
    author.statement("act-rename-group", &NewStatement::RenameGroup { name: "House" });
    author.statement("act-leave", &NewStatement::Leave { generation });
}

struct Author {
    device: DeviceKey,
    ledger: Ledger,
    index: MemoryIndex,
    written: Vec<(&'static str, VerifiedEntry)>,
}

impl Author {
    fn found() -> Self {
        let device = DeviceKey::from_bytes(&DEVICE);
        let entropy = RootEntropy::from_bytes(ENTROPY);
        let group = NewGroup::new("Flat", "Anna", &entropy, 0, [7; 32]);
        let genesis = group.create(&device, 1_700_000_000_000).unwrap();
        let mut index = MemoryIndex::new();
        let ledger = Ledger::begin(&genesis, &mut index).unwrap();
        Self { device, ledger, index, written: vec![("genesis", genesis)] }
    }

    fn write(&mut self, name: &'static str, draft: Draft) {
        let at = self.ledger.next_position(self.device.id()).unwrap();
        let entry = draft.sign(&self.device, &at, 1_700_000_000_000).unwrap();
        self.admit(name, entry);
    }

    fn admit(&mut self, name: &'static str, entry: VerifiedEntry) {
        self.written.push((name, entry.clone()));
        let admission = self.ledger.admit(entry, &self.index).unwrap();
        let Admission::Admitted(entry) = admission else { panic!("{name}: {admission:?}") };
        let replayed = self.ledger.replay(&entry, &self.index).unwrap();
        self.index.insert(&entry, &replayed);
    }

    fn statement(&mut self, name: &'static str, statement: &NewStatement<'_>) {
        let root = RootEntropy::from_bytes(ENTROPY).root_key(0);
        let heads: Vec<_> = self.ledger.frontier().heads().collect();
        let draft =
            Draft::statement(&root, self.ledger.group(), statement, heads, [1; 16]).unwrap();
        self.write(name, draft);
    }
}
