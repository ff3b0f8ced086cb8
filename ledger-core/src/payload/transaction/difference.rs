//! Differences between two versions of a transaction.

use std::collections::BTreeMap;

use super::{Expense, PaidIn, Receipt, Transaction, Transfer};
use crate::base::id::MemberId;
use crate::money::{Amount, Currency, Date, Direction, Split};

/// A difference between two versions of a transaction, as a correction makes it: one field, with its
/// content before and after. Values are for apps that write in their users' language;
/// [`Difference::text`] writes in English.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// An expense became a transfer, or a transfer an expense.
    Kind {
        /// Whether it is a transfer now.
        is_transfer: bool,
    },
    /// An expense became a refund or income, or was one.
    Direction {
        /// The direction before.
        before: Direction,
        /// The direction now.
        after: Direction,
    },
    /// The day.
    Date {
        /// The day before.
        before: Date,
        /// The day now.
        after: Date,
    },
    /// The description.
    Description {
        /// The description before.
        before: String,
        /// The description now.
        after: String,
    },
    /// The category.
    Category {
        /// The category before.
        before: Option<String>,
        /// The category now.
        after: Option<String>,
    },
    /// The note.
    Note {
        /// The note before.
        before: Option<String>,
        /// The note now.
        after: Option<String>,
    },
    /// The tags.
    Tags {
        /// The tags before, ascending.
        before: Vec<String>,
        /// The tags now, ascending.
        after: Vec<String>,
    },
    /// What was paid in another currency.
    PaidIn {
        /// What was paid before.
        before: Option<PaidIn>,
        /// What is paid now.
        after: Option<PaidIn>,
    },
    /// The receipts.
    Receipts {
        /// The receipts before.
        before: Vec<Receipt>,
        /// The receipts now.
        after: Vec<Receipt>,
    },
    /// The rule by which an expense was split, where shares alone do not tell it.
    Split {
        /// The rule before.
        before: Split<MemberId>,
        /// The rule now.
        after: Split<MemberId>,
    },
    /// The whole amount, or its currency.
    Total {
        /// The amount before, and its currency.
        before: (Amount, Currency),
        /// The amount now, and its currency.
        after: (Amount, Currency),
    },
    /// What a member paid, or received of a refund. Of a transfer: what the giver gave.
    Paid {
        /// The member.
        member: MemberId,
        /// The amount before, zero if the member paid nothing, and its currency.
        before: (Amount, Currency),
        /// The amount now, zero if the member pays nothing, and its currency.
        after: (Amount, Currency),
    },
    /// A member's share. Of a transfer: what the receiver got.
    Share {
        /// The member.
        member: MemberId,
        /// The share before, zero if there was none, and its currency.
        before: (Amount, Currency),
        /// The share now, zero if there is none, and its currency.
        after: (Amount, Currency),
    },
}

impl Difference {
    /// The difference as a word for programs, which keeps its meaning for ever: `kind`, `direction`,
    /// `date`, `description`, `category`, `note`, `tags`, `paid-in`, `receipts`, `split`, `total`, `paid`
    /// or `share`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Kind { .. } => "kind",
            Self::Direction { .. } => "direction",
            Self::Date { .. } => "date",
            Self::Description { .. } => "description",
            Self::Category { .. } => "category",
            Self::Note { .. } => "note",
            Self::Tags { .. } => "tags",
            Self::PaidIn { .. } => "paid-in",
            Self::Receipts { .. } => "receipts",
            Self::Split { .. } => "split",
            Self::Total { .. } => "total",
            Self::Paid { .. } => "paid",
            Self::Share { .. } => "share",
        }
    }

    /// The member whose part differs, of `paid` and `share`.
    #[must_use]
    pub const fn member(&self) -> Option<MemberId> {
        match self {
            Self::Paid { member, .. } | Self::Share { member, .. } => Some(*member),
            _ => None,
        }
    }

    /// The content before, as text: days as `2026-11-21`, money as `12.50 EUR`, a rule by its kind, and
    /// receipts by their number. `None` if there was none.
    #[must_use]
    pub fn before(&self) -> Option<String> {
        match self {
            Self::Kind { is_transfer } => Some(kind(!is_transfer).to_owned()),
            Self::Direction { before, .. } => Some(direction(*before).to_owned()),
            Self::Date { before, .. } => Some(before.to_string()),
            Self::Description { before, .. } => Some(before.clone()).filter(|s| !s.is_empty()),
            Self::Category { before, .. } | Self::Note { before, .. } => before.clone(),
            Self::Tags { before, .. } => list(before),
            Self::PaidIn { before, .. } => before.as_ref().map(paid_in),
            Self::Receipts { before, .. } => receipts(before),
            Self::Split { before, .. } => Some(before.kind().code().to_owned()),
            Self::Total { before, .. } => Some(money(*before)),
            Self::Paid { before, .. } | Self::Share { before, .. } => part(*before),
        }
    }

    /// The content now, as text: as [`Difference::before`].
    #[must_use]
    pub fn after(&self) -> Option<String> {
        match self {
            Self::Kind { is_transfer } => Some(kind(*is_transfer).to_owned()),
            Self::Direction { after, .. } => Some(direction(*after).to_owned()),
            Self::Date { after, .. } => Some(after.to_string()),
            Self::Description { after, .. } => Some(after.clone()).filter(|s| !s.is_empty()),
            Self::Category { after, .. } | Self::Note { after, .. } => after.clone(),
            Self::Tags { after, .. } => list(after),
            Self::PaidIn { after, .. } => after.as_ref().map(paid_in),
            Self::Receipts { after, .. } => receipts(after),
            Self::Split { after, .. } => Some(after.kind().code().to_owned()),
            Self::Total { after, .. } => Some(money(*after)),
            Self::Paid { after, .. } | Self::Share { after, .. } => part(*after),
        }
    }

    /// The difference in English, such as `the share of Ben was 6.00 EUR, is 4.00 EUR`. `label`
    /// names members.
    #[must_use]
    pub fn text(&self, label: impl Fn(MemberId) -> String) -> String {
        let field = match self {
            Self::Kind { .. } => "the kind".to_owned(),
            Self::Direction { .. } => "the money".to_owned(),
            Self::Date { .. } => "the day".to_owned(),
            Self::Description { .. } => "the description".to_owned(),
            Self::Category { .. } => "the category".to_owned(),
            Self::Note { .. } => "the note".to_owned(),
            Self::Tags { .. } => "the list of tags".to_owned(),
            Self::PaidIn { .. } => "what was paid in another currency".to_owned(),
            Self::Receipts { .. } => "the list of receipts".to_owned(),
            Self::Split { .. } => "the rule of the split".to_owned(),
            Self::Total { .. } => "the amount".to_owned(),
            Self::Paid { member, .. } => format!("what {} paid", label(*member)),
            Self::Share { member, .. } => format!("the share of {}", label(*member)),
        };
        let nothing = || "nothing".to_owned();
        let before = self.before().unwrap_or_else(nothing);
        let after = self.after().unwrap_or_else(nothing);
        if before == after {
            // Another rate, another picture, other weights.
            return format!("{field} stays {after}, with other details");
        }
        format!("{field} was {before}, is {after}")
    }
}

impl Transaction {
    /// The differences of a later version, field by field; none if both have the same content. Those
    /// of members come last, first what they paid, each in the order of their ids. The origin is no
    /// content, and neither is a hint that this version does not know. A rule of the split gives a
    /// difference where the shares do not tell it: not from one equal or exact split to another.
    ///
    /// ```
    /// use ledger_core::{Amount, Currency, Expense, MemberId, Transaction};
    /// # let (anna, ben) = (MemberId::from_bytes([1; 32]), MemberId::from_bytes([2; 32]));
    /// let (euro, total) = (Currency::from_code("EUR")?, Amount::from_minor_units(1200)?);
    /// let dinner = |shared_by: &[MemberId]| -> Result<Transaction, Box<dyn std::error::Error>> {
    ///     let dinner = Expense::new("2026-11-21".parse()?, "Dinner", euro, total);
    ///     Ok(dinner.paid_by(anna, total).split_equally(shared_by, 0).into())
    /// };
    /// let found = dinner(&[anna, ben])?.differences(&dinner(&[anna])?);
    /// assert_eq!(found[1].code(), "share");
    /// assert_eq!(found[1].text(|_| "Ben".into()), "the share of Ben was 6.00 EUR, is nothing");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn differences(&self, after: &Self) -> Vec<Difference> {
        let (old, new) = (Fields::new(self), Fields::new(after));
        let mut found = Vec::new();
        if old.is_transfer != new.is_transfer {
            found.push(Difference::Kind { is_transfer: new.is_transfer });
        }
        let direction = |of: &Self| of.direction();
        if direction(self) != direction(after) {
            let (before, after) = (direction(self), direction(after));
            found.push(Difference::Direction { before, after });
        }
        if old.date != new.date {
            found.push(Difference::Date { before: old.date, after: new.date });
        }
        if old.description != new.description {
            let (before, after) = (old.description.to_owned(), new.description.to_owned());
            found.push(Difference::Description { before, after });
        }
        let owned = |text: Option<&str>| text.map(str::to_owned);
        if old.category != new.category {
            let (before, after) = (owned(old.category), owned(new.category));
            found.push(Difference::Category { before, after });
        }
        if old.note != new.note {
            let (before, after) = (owned(old.note), owned(new.note));
            found.push(Difference::Note { before, after });
        }
        self.hint_differences(after, &mut found);
        let total = |of: &Self| (of.amount(), of.currency());
        if total(self) != total(after) {
            found.push(Difference::Total { before: total(self), after: total(after) });
        }
        let currencies = (self.currency(), after.currency());
        for (member, before, after) in changed(currencies, self.givers(), after.givers()) {
            found.push(Difference::Paid { member, before, after });
        }
        for (member, before, after) in changed(currencies, self.receivers(), after.receivers()) {
            found.push(Difference::Share { member, before, after });
        }
        found
    }

    /// Adds the differences of hints.
    fn hint_differences(&self, after: &Self, found: &mut Vec<Difference>) {
        let (old, new) = (self.hints(), after.hints());
        let plain = old.is_empty() && new.is_empty();
        if !plain && old.tags() != new.tags() {
            found.push(Difference::Tags { before: old.tags(), after: new.tags() });
        }
        if !plain && old.paid_in() != new.paid_in() {
            found.push(Difference::PaidIn { before: old.paid_in(), after: new.paid_in() });
        }
        if !plain && old.receipts() != new.receipts() {
            found.push(Difference::Receipts { before: old.receipts(), after: new.receipts() });
        }
        if let (Self::Expense(old), Self::Expense(new)) = (self, after)
            && let Some((before, after)) = old.other_rule(new)
        {
            found.push(Difference::Split { before, after });
        }
    }
}

/// The fields beside amounts and members.
struct Fields<'a> {
    is_transfer: bool,
    date: Date,
    description: &'a str,
    category: Option<&'a str>,
    note: Option<&'a str>,
}

impl<'a> Fields<'a> {
    /// Names every field of both types, so that a new one is not forgotten here.
    fn new(transaction: &'a Transaction) -> Self {
        match transaction {
            Transaction::Expense(Expense {
                date,
                description,
                category,
                note,
                currency: _,
                amount: _,
                payers: _,
                shares: _,
                direction: _,
                origin: _,
                hints: _,
            }) => Self {
                is_transfer: false,
                date: *date,
                description,
                category: category.as_deref(),
                note: note.as_deref(),
            },
            Transaction::Transfer(Transfer {
                date,
                description,
                currency: _,
                amount: _,
                from: _,
                to: _,
                origin: _,
                hints: _,
            }) => Self { is_transfer: true, date: *date, description, category: None, note: None },
        }
    }
}

type Money = (Amount, Currency);

/// The members whose parts differ, in the order of their ids.
fn changed(
    (old, new): (Currency, Currency),
    before: Vec<(MemberId, Amount)>,
    after: Vec<(MemberId, Amount)>,
) -> Vec<(MemberId, Money, Money)> {
    let mut parts: BTreeMap<MemberId, (Amount, Amount)> = BTreeMap::new();
    // No member stands twice among the payers or the shares (rules P7, P8).
    for (member, amount) in before {
        parts.entry(member).or_default().0 = amount;
    }
    for (member, amount) in after {
        parts.entry(member).or_default().1 = amount;
    }
    let parts = parts.into_iter().map(|(member, (a, b))| (member, (a, old), (b, new)));
    parts.filter(|(_, before, after)| before != after).collect()
}

fn kind(is_transfer: bool) -> &'static str {
    if is_transfer { "transfer" } else { "expense" }
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Outgoing => "spent",
        Direction::Incoming => "received",
    }
}

fn money((amount, currency): Money) -> String {
    format!("{} {currency}", amount.format(currency))
}

fn list(tags: &[String]) -> Option<String> {
    (!tags.is_empty()).then(|| tags.join(", "))
}

fn receipts(receipts: &[Receipt]) -> Option<String> {
    (!receipts.is_empty()).then(|| receipts.len().to_string())
}

fn paid_in(paid: &PaidIn) -> String {
    money((paid.amount, paid.currency))
}

fn part(part: Money) -> Option<String> {
    (!part.0.is_zero()).then(|| money(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(n: u8) -> MemberId {
        MemberId::from_bytes([n; 32])
    }

    fn amount(units: u64) -> Amount {
        Amount::from_minor_units(units).unwrap()
    }

    fn currency(code: &str) -> Currency {
        Currency::from_code(code).unwrap()
    }

    fn dinner() -> Expense {
        Expense::new("2026-11-21".parse().unwrap(), "Dinner", currency("EUR"), amount(1000))
            .category("food")
            .paid_by(member(1), amount(1000))
            .split_equally(&[member(1), member(2)], 0)
    }

    fn texts(before: impl Into<Transaction>, after: impl Into<Transaction>) -> Vec<String> {
        let found = before.into().differences(&after.into());
        found.iter().map(|one| one.text(|id| format!("M{}", id.as_bytes()[0]))).collect()
    }

    #[test]
    fn equal_contents_have_no_difference() {
        assert!(texts(dinner(), dinner()).is_empty());
        let mut other = dinner();
        other.shares.reverse();
        other.origin = Some(crate::Origin::from_bytes([1; 16]));
        assert!(texts(dinner(), other).is_empty(), "neither order nor origin is content");
        let mut later = dinner();
        later.hints.set(63, *b"of a later version").unwrap();
        assert!(texts(dinner(), later).is_empty(), "nobody can say what an unknown hint is");
    }

    #[test]
    fn a_refund_differs_in_its_direction() {
        let refund = dinner().direction(Direction::Incoming);
        assert_eq!(texts(dinner(), refund), ["the money was spent, is received"]);
    }

    #[test]
    fn hints_that_this_version_knows_are_content() {
        let mut after = dinner();
        after.hints.set_tags(["trip", "food"]).unwrap();
        let (currency, amount) = (currency("USD"), amount(1111));
        let source = "bank".to_owned();
        let mut paid = PaidIn { currency, amount, rate: (9, 10), source };
        after.hints.set_paid_in(Some(&paid)).unwrap();
        let receipt =
            |n| Receipt { blob: [n; 32], size: 9, media_type: "image/png".into(), key: [0; 32] };
        after.hints.set_receipts(&[receipt(1)]).unwrap();
        assert_eq!(
            texts(dinner(), after.clone()),
            [
                "the list of tags was nothing, is food, trip",
                "what was paid in another currency was nothing, is 11.11 USD",
                "the list of receipts was nothing, is 1",
            ]
        );
        let mut other = after.clone();
        other.hints.set_receipts(&[receipt(2)]).unwrap();
        paid.rate = (8, 9);
        other.hints.set_paid_in(Some(&paid)).unwrap();
        assert_eq!(
            texts(after.clone(), other),
            [
                "what was paid in another currency stays 11.11 USD, with other details",
                "the list of receipts stays 1, with other details",
            ]
        );
        // Bytes that say nothing are as no hint.
        let mut empty = dinner();
        empty.hints.set_tags([]).unwrap();
        assert!(texts(dinner(), empty.clone()).is_empty());
        assert_eq!(texts(after, empty).len(), 3);
    }

    #[test]
    fn the_rule_of_the_split_is_content_where_shares_do_not_tell_it() {
        let by = |rule: &Split<MemberId>| {
            let mut dinner = dinner().split(rule, 0).unwrap();
            dinner.keep_rule(rule);
            dinner
        };
        let weights = |one, other| Split::Weights(vec![(member(1), one), (member(2), other)]);
        assert_eq!(
            texts(dinner(), by(&weights(1, 1))),
            ["the rule of the split was equal, is weights"]
        );
        let same = by(&weights(1, 1));
        let doubled = texts(same.clone(), by(&weights(2, 2)));
        assert_eq!(doubled, ["the rule of the split stays weights, with other details"]);
        assert!(texts(same.clone(), same).is_empty());
        let alone = texts(dinner(), by(&Split::Equal(vec![member(1)])));
        assert_eq!(alone.len(), 2, "the shares tell it: {alone:?}");
        let exact = |one, other| {
            by(&Split::Exact(vec![(member(1), amount(one)), (member(2), amount(other))]))
        };
        assert_eq!(texts(exact(100, 900), exact(200, 800)).len(), 2, "the shares tell it");
    }

    #[test]
    fn each_field_is_named_once() {
        let mut after = dinner().note("late").paid_by(member(3), amount(200));
        after.date = "2026-11-22".parse().unwrap();
        after.description = "Supper".to_owned();
        after.category = None;
        after.amount = amount(1200);
        after.shares = vec![(member(2), amount(700)), (member(3), amount(500))];
        assert_eq!(
            texts(dinner(), after),
            [
                "the day was 2026-11-21, is 2026-11-22",
                "the description was Dinner, is Supper",
                "the category was food, is nothing",
                "the note was nothing, is late",
                "the amount was 10.00 EUR, is 12.00 EUR",
                "what M3 paid was nothing, is 2.00 EUR",
                "the share of M1 was 5.00 EUR, is nothing",
                "the share of M2 was 5.00 EUR, is 7.00 EUR",
                "the share of M3 was nothing, is 5.00 EUR",
            ]
        );
    }

    #[test]
    fn another_currency_changes_every_part() {
        let mut after = dinner();
        after.currency = currency("JPY");
        let found = texts(dinner(), after);
        assert_eq!(found[0], "the amount was 10.00 EUR, is 1000 JPY");
        assert_eq!(found.len(), 4, "{found:?}");
    }

    #[test]
    fn an_expense_that_becomes_a_transfer_says_so() {
        let transfer = Transfer::new(
            "2026-11-21".parse().unwrap(),
            currency("EUR"),
            amount(1000),
            member(1),
            member(2),
        );
        let found = texts(dinner(), transfer);
        assert_eq!(found[0], "the kind was expense, is transfer");
        assert_eq!(found.last().unwrap(), "the share of M2 was 5.00 EUR, is 10.00 EUR");
    }
}
