//! `ledger new`, `record` and `pay`: creating a group, and recording in it.

use std::collections::BTreeMap;
use std::io::Write;

use ledger_core::{
    Amount, Balance, Currency, Date, Direction, Expense, HintError, MemberId, PaidIn, Transaction,
    Transfer,
};
use ledger_store::{Group, NewEntry};

use crate::args::{New, Pay, Record};
use crate::context::{People, open, open_or_create, the_group};
use crate::failure::Failure;
use crate::parts::{Circle, Participant, amount, check_name, name_and_value, said, whole};
use crate::settings::name_device;
use crate::sharing::Sharing;
use crate::show::one_line;

pub(crate) fn new(arguments: &New, out: &mut dyn Write) -> Result<(), Failure> {
    let others: Vec<&str> = arguments.others.iter().map(String::as_str).collect();
    let device_name = arguments.device_name.iter().map(String::as_str);
    let names = [arguments.name.as_str(), arguments.me.as_str()];
    for name in others.iter().copied().chain(names).chain(device_name) {
        check_name(name)?;
    }
    let store = open_or_create(&arguments.location)?;
    let group = store.create_group_with(&arguments.name, &arguments.me, &others)?;
    name_device(&group, group.device(), arguments.device_name.as_ref())?;
    writeln!(out, "created {}, group {}", one_line(&arguments.name), group.id())?;
    Ok(())
}

pub(crate) fn record(arguments: &Record, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.location)?;
    let group = the_group(&store, &arguments.location)?;
    let expense = expense(&group, arguments)?;
    keep(&group, expense, out)
}

/// The expense that the options describe.
pub(crate) fn expense(group: &Group, arguments: &Record) -> Result<Transaction, Failure> {
    let state = group.state()?;
    let (people, weights) = (People::of(&state), group.settings().current()?.default_weights);
    let members = Members { people: &people, shared_by: Vec::new(), weights };
    let currency = arguments.currency;
    if let Some(size) = arguments.amount.strip_prefix('-') {
        let text = format!("no amount is negative; for a refund write --refund and {size}");
        return Err(Failure::Usage(text));
    }
    let total = whole(&arguments.amount, currency)?;
    let day = date(arguments.on)?;
    let turn = split_turn(&arguments.sharing, &arguments.description, day, total.minor_units());
    let mut shares = Vec::new();
    for (who, share) in arguments.sharing.shares(&members, total, currency, turn)? {
        shares.push((members.people.find(&who.name)?, share));
    }
    let payers = payers(group, &members, &arguments.by, total, currency)?;
    let mut expense =
        Expense::new(day, &arguments.description, currency, total).payers(payers).shares(shares);
    // For who corrects the expense: the rule, as far as the entry can tell it.
    expense.keep_rule(&arguments.sharing.rule(&members, currency)?);
    if arguments.refund {
        expense = expense.direction(Direction::Incoming);
    }
    expense.category = said("--category", arguments.category.as_ref())?.cloned();
    expense.note = said("--note", arguments.note.as_ref())?.cloned();
    let hint = |error: HintError| Failure::Usage(error.to_string());
    if !arguments.tag.is_empty() {
        expense.hints.set_tags(arguments.tag.iter().map(String::as_str)).map_err(hint)?;
    }
    if let [paid, code] = arguments.currency_paid.as_slice() {
        let paid = paid_in(paid, code, total, currency)?;
        expense.hints.set_paid_in(Some(&paid)).map_err(hint)?;
    }
    Ok(Transaction::Expense(expense))
}

/// The transfer to a member that the options describe, as far as they mean one.
pub(crate) fn transfer(
    group: &Group,
    to: &str,
    arguments: &Record,
) -> Result<Transaction, Failure> {
    let people = People::of(&*group.state()?);
    let Record { sharing, refund, category, note, tag, currency_paid, by, .. } = arguments;
    let is_shared = sharing.is_said() || sharing.turn().is_some();
    let of_expenses = [
        (is_shared, "an option about shares, such as --for,"),
        (*refund, "--refund"),
        (category.is_some(), "--category"),
        (note.is_some(), "--note"),
        (!tag.is_empty(), "--tag"),
        (!currency_paid.is_empty(), "--currency-paid"),
    ];
    if let Some((_, option)) = of_expenses.iter().find(|(is_said, _)| *is_said) {
        return Err(Failure::Usage(format!("{option} has no effect on a transfer")));
    }
    let from = match by.as_slice() {
        [] => payer(group, &people, None)?,
        [one] => payer(group, &people, Some(one))?,
        _ => {
            return Err(Failure::Usage("one member gives a transfer; say --by once".to_owned()));
        }
    };
    let amount = whole(&arguments.amount, arguments.currency)?;
    let (day, to) = (date(arguments.on)?, people.find(to)?);
    let transfer = Transfer::new(day, arguments.currency, amount, from, to);
    Ok(Transaction::Transfer(transfer.description(&arguments.description)))
}

/// What was paid in another currency, with the rate by which it is the total.
pub(crate) fn paid_in(
    paid: &str,
    code: &str,
    total: Amount,
    own: Currency,
) -> Result<PaidIn, Failure> {
    let currency: Currency =
        code.parse().map_err(|error| Failure::Usage(format!("{code:?}: {error}")))?;
    if currency == own {
        return Err(Failure::Usage("--currency-paid names another currency".to_owned()));
    }
    let amount = amount(paid, currency)?;
    if amount.is_zero() {
        let text = "--currency-paid says how much was paid, which is more than zero";
        return Err(Failure::Usage(text.to_owned()));
    }
    let whole =
        |units: u64, others: u32| u128::from(units).checked_mul(10u128.checked_pow(others)?);
    let (numerator, denominator) = (
        whole(total.minor_units(), currency.exponent()),
        whole(amount.minor_units(), own.exponent()),
    );
    let (mut a, mut b) = (numerator.unwrap_or(0), denominator.unwrap_or(0));
    while let Some(rest) = a.checked_rem(b) {
        (a, b) = (b, rest);
    }
    let reduced = |n: Option<u128>| n.and_then(|n| u64::try_from(n.checked_div(a)?).ok());
    let rate = reduced(numerator).zip(reduced(denominator));
    let rate =
        rate.ok_or_else(|| Failure::Usage("no rate makes one amount of the other".into()))?;
    Ok(PaidIn { currency, amount, rate, source: String::new() })
}

/// The number of `--turn`, or else one by which the member who pays a cent more changes from
/// expense to expense: a hash of what the expense is. A count of expenses or entries could favour
/// somebody, as when each dinner is confirmed once and two share it.
pub(crate) fn split_turn(sharing: &Sharing, description: &str, day: Date, units: u64) -> u64 {
    sharing.turn().unwrap_or_else(|| {
        let (day, units) = (day.yyyymmdd().to_be_bytes(), units.to_be_bytes());
        let bytes = description.bytes().chain(day).chain(units);
        // FNV-1a.
        let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        // The low bits of FNV mix little, and a turn counts by them.
        bytes.fold(0xcbf2_9ce4_8422_2325, mix) >> 32
    })
}

/// Members of a group, by their labels.
pub(crate) struct Members<'a> {
    pub(crate) people: &'a People,
    /// Those who share what names nobody; everybody who was not removed and did not leave if there
    /// are none.
    pub(crate) shared_by: Vec<MemberId>,
    /// Default weights of the group.
    pub(crate) weights: BTreeMap<MemberId, u64>,
}

impl Circle for Members<'_> {
    fn has(&self, name: &str) -> bool {
        self.people.find(name).is_ok()
    }

    fn participant(&self, name: &str) -> Result<Participant, Failure> {
        let member = Some(self.people.find(name)?);
        Ok(Participant { member, name: name.to_owned() })
    }

    fn everybody(&self) -> Option<Vec<Participant>> {
        let shares = |member: &MemberId| match self.shared_by.as_slice() {
            [] => !self.people.is_gone(*member),
            some => some.contains(member),
        };
        let present = self.people.in_order().filter(shares);
        let participant = |member| {
            let name = self.people.label(member).to_owned();
            Participant { member: Some(member), name }
        };
        Some(present.map(participant).collect())
    }

    fn default_weights(&self) -> Option<Vec<(Participant, u64)>> {
        if self.weights.is_empty() {
            return None;
        }
        let weighted = |name: Participant| {
            let weight = name.member.and_then(|member| self.weights.get(&member));
            (name, weight.copied().unwrap_or(1))
        };
        Some(self.everybody()?.into_iter().map(weighted).collect())
    }
}

/// Who paid how much: the amounts of `--by` sum to the total, and one payer without an amount
/// paid what the others leave of it.
pub(crate) fn payers(
    group: &Group,
    members: &Members<'_>,
    by: &[String],
    total: Amount,
    currency: Currency,
) -> Result<Vec<(MemberId, Amount)>, Failure> {
    if by.is_empty() {
        return Ok(vec![(payer(group, members.people, None)?, total)]);
    }
    let usage = |text: String| Err(Failure::Usage(text));
    let mut payers: Vec<(MemberId, Amount)> = Vec::new();
    let mut rest = None;
    let mut sum = Balance::ZERO;
    for text in by {
        let (name, value) = name_and_value(text, members)?;
        let member = members.people.find(&name)?;
        if payers.iter().any(|(other, _)| *other == member)
            || rest.as_ref().is_some_and(|(other, _)| *other == member)
        {
            return usage(format!("{name} is listed twice among the payers"));
        }
        let Some(value) = value else {
            if let Some((_, other)) = rest.replace((member, name.clone())) {
                return usage(format!(
                    "{other} and {name} paid without an amount; only one payer can pay the rest"
                ));
            }
            continue;
        };
        let paid = amount(&value, currency)?;
        if paid.is_zero() {
            return usage(format!("{name} paid nothing; leave --by {text:?} out"));
        }
        sum = sum.plus(paid.into());
        payers.push((member, paid));
    }
    let left = Balance::from(total).minus(sum);
    let written = |balance: Balance| balance.format(currency);
    match rest {
        Some((member, _)) if payers.is_empty() => payers.push((member, total)),
        Some((member, name)) => match u64::try_from(left.minor_units()) {
            Ok(units @ 1..) => {
                payers.push((member, Amount::from_minor_units(units).unwrap_or(total)))
            }
            _ => {
                let (sum, total) = (written(sum), written(total.into()));
                return usage(format!(
                    "the other payers paid {sum} of {total}, so {name} paid nothing"
                ));
            }
        },
        None if left.is_zero() => {}
        None => {
            let (gap, word) = match left < Balance::ZERO {
                true => (left.negated(), "more"),
                false => (left, "less"),
            };
            let (sum, gap, total) = (written(sum), written(gap), written(total.into()));
            return usage(format!("the payers paid {sum}, {gap} {word} than {total}"));
        }
    }
    Ok(payers)
}

pub(crate) fn pay(arguments: &Pay, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.location)?;
    let group = the_group(&store, &arguments.location)?;
    let people = People::of(&*group.state()?);
    let details = Transaction::Transfer(
        Transfer::new(
            date(arguments.on)?,
            arguments.currency,
            whole(&arguments.amount, arguments.currency)?,
            payer(&group, &people, arguments.by.as_deref())?,
            people.find(&arguments.to)?,
        )
        .description("Payment"),
    );
    keep(&group, details, out)
}

fn keep(group: &Group, details: Transaction, out: &mut dyn Write) -> Result<(), Failure> {
    for id in group.entries().append(vec![NewEntry::Record(details)])? {
        writeln!(out, "recorded {id}")?;
    }
    Ok(())
}

fn payer(group: &Group, people: &People, by: Option<&str>) -> Result<MemberId, Failure> {
    match by {
        Some(name) => people.find(name),
        None => group.me()?.ok_or_else(|| {
            Failure::Usage("this device has no member; name the payer with --by".to_owned())
        }),
    }
}

/// The day of `--on`, or else today in this time zone.
pub(crate) fn date(on: Option<Date>) -> Result<Date, Failure> {
    if let Some(date) = on {
        return Ok(date);
    }
    let today = jiff::Zoned::now().date().to_string();
    today
        .parse()
        .map_err(|_| Failure::Usage("the clock is wrong; give the day with --on".to_owned()))
}
