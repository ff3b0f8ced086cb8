//! Options that say how an amount is shared, the same for `ledger split` and `record`.

use std::collections::BTreeMap;

use clap::{ArgMatches, Args, Command, FromArgMatches, Id, ValueEnum};
use ledger_core::{Amount, Balance, Currency, Itemised, MemberId, Split, SplitItem};

use crate::failure::Failure;
use crate::parts::{
    Circle, Part, Participant, adjustment, amount, each, name_and_value, needed, percent, plain,
    usage, weighted, without_value,
};
use crate::record::Members;

/// Rule of sharing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rule {
    /// The same for everybody
    Equal,
    /// By weights, such as --for Ben=2; a name alone weighs 1
    Weights,
    /// By percentages that sum to 100, such as --for Ben=33.5%
    Percent,
    /// As stated, such as --for Ben=4.50
    Exact,
    /// Equal, and more or less for some, such as --for Ben=+2.50
    Adjust,
    /// By the items of a receipt: --item "TEXT" AMOUNT --for NAME[=WEIGHT]
    Items,
}

impl Rule {
    fn name(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Weights => "weights",
            Self::Percent => "percent",
            Self::Exact => "exact",
            Self::Adjust => "adjust",
            Self::Items => "items",
        }
    }
}

#[derive(Debug, Args)]
struct Options {
    /// How it is shared [default: equal, or items if there are any]
    #[arg(long, value_enum, value_name = "RULE")]
    split: Option<Rule>,
    /// Who takes part, and with what; may be said several times
    ///
    /// Without a value for an equal split; else the weight, percentage, amount or adjustment.
    /// After --item it is about that item. A member whose own name reads like NAME=PART, as Ben=2,
    /// is written with one more =, as Ben=2=.
    #[arg(long = "for", value_name = "NAME[=PART]")]
    whom: Vec<String>,
    /// An item of the receipt, which those of the next --for share; may be said several times
    #[arg(long, num_args = 2, value_names = ["TEXT", "AMOUNT"])]
    item: Vec<String>,
    /// Tax on top of the items, in proportion to what each one's items sum to
    #[arg(long, value_name = "AMOUNT")]
    tax: Option<String>,
    /// Tip, in the same proportion
    #[arg(long, value_name = "AMOUNT")]
    tip: Option<String>,
    /// Service charge, in the same proportion
    #[arg(long, value_name = "AMOUNT")]
    service: Option<String>,
    /// What is taken off the sum, in the same proportion
    #[arg(long, value_name = "AMOUNT")]
    discount: Option<String>,
    /// Whose turn it is to get an odd cent first, counted among those with an equal claim
    ///
    /// They are counted in the order of the ids that `members --json` shows; names without
    /// a ledger alphabetically.
    #[arg(long, value_name = "N")]
    turn: Option<u64>,
}

/// Options of sharing, each --for with the item that it follows.
#[derive(Debug)]
pub(crate) struct Sharing {
    options: Options,
    /// Those of --for before the first item.
    whom: Vec<String>,
    items: Vec<ItemOption>,
}

#[derive(Debug)]
struct ItemOption {
    text: String,
    amount: String,
    whom: Vec<String>,
}

impl FromArgMatches for Sharing {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let options = Options::from_arg_matches(matches)?;
        let places = |id| matches.indices_of(id).into_iter().flatten();
        let mut items = Vec::new();
        // Every item has two values, and so two places.
        for (values, place) in options.item.chunks_exact(2).zip(places("item").step_by(2)) {
            if let [text, amount] = values {
                let (text, amount) = (text.clone(), amount.clone());
                items.push((place, ItemOption { text, amount, whom: Vec::new() }));
            }
        }
        let mut before = Vec::new();
        for (name, place) in options.whom.iter().zip(places("whom")) {
            let item = items.iter_mut().rfind(|(item, _)| *item < place);
            item.map_or(&mut before, |(_, item)| &mut item.whom).push(name.clone());
        }
        let items = items.into_iter().map(|(_, item)| item).collect();
        Ok(Self { options, whom: before, items })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Sharing {
    fn group_id() -> Option<Id> {
        Options::group_id()
    }

    fn augment_args(command: Command) -> Command {
        Options::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Options::augment_args_for_update(command)
    }
}

impl Sharing {
    /// The number of `--turn`.
    pub(crate) fn turn(&self) -> Option<u64> {
        self.options.turn
    }

    /// Whether any of the options is there that say who shares what; `--turn` does not.
    pub(crate) fn is_said(&self) -> bool {
        let Options { split, whom, item, tax, tip, service, discount, turn: _ } = &self.options;
        let amounts = [tax, tip, service, discount];
        let amount = amounts.iter().any(|amount| amount.is_some());
        split.is_some() || amount || !(whom.is_empty() && item.is_empty())
    }

    /// Computes the shares, in the order in which the options name people first.
    pub(crate) fn shares(
        &self,
        circle: &dyn Circle,
        total: Amount,
        currency: Currency,
        turn: u64,
    ) -> Result<Vec<(Participant, Amount)>, Failure> {
        let mut request = Request { circle, currency, named: Vec::new() };
        let split = self.split(&mut request)?;
        let shares = split.shares(total, currency, turn);
        let shares = shares.map_err(|error| Failure::Usage(error.to_string()))?;
        let mut shares: BTreeMap<Participant, Amount> = shares.into_iter().collect();
        let named = request.named.into_iter();
        Ok(named.filter_map(|name| shares.remove_entry(&name)).collect())
    }

    /// The rule that the options say, with members in place of names.
    pub(crate) fn rule(
        &self,
        members: &Members<'_>,
        currency: Currency,
    ) -> Result<Split<MemberId>, Failure> {
        let mut request = Request { circle: members, currency, named: Vec::new() };
        self.split(&mut request)?.try_map(|who| members.people.find(&who.name))
    }

    fn split(&self, request: &mut Request<'_>) -> Result<Split<Participant>, Failure> {
        let rule = match self.options.split {
            Some(rule) => rule,
            None if self.items.is_empty() => Rule::Equal,
            None => Rule::Items,
        };
        self.expect_effect(rule)?;
        if rule == Rule::Items {
            return self.itemised(request).map(Split::Items);
        }
        if rule == Rule::Equal
            && self.whom.is_empty()
            && self.options.split.is_none()
            && let Some(weights) = request.circle.default_weights()
        {
            request.named.extend(weights.iter().map(|(name, _)| name.clone()));
            return Ok(Split::Weights(weights));
        }
        let parts = match self.whom.as_slice() {
            [] if rule == Rule::Equal => request.everybody("--for says who takes part")?,
            [] => {
                let rule = rule.name();
                return usage(format!("--split {rule} needs --for, which says who takes part"));
            }
            whom => request.parts(whom)?,
        };
        let currency = request.currency;
        Ok(match rule {
            Rule::Equal => Split::Equal(each(parts, without_value)?),
            Rule::Exact => Split::Exact(each(parts, |name, value| {
                let text = needed(&name, value, "amount")?;
                Ok((name, amount(&text, currency)?))
            })?),
            Rule::Percent => Split::Percent(each(parts, |name, value| {
                let text = needed(&name, value, "percentage")?;
                Ok((name, percent(&text)?))
            })?),
            Rule::Adjust => Split::Adjust(each(parts, |name, value| {
                Ok((name, value.map_or(Ok(Balance::ZERO), |text| adjustment(&text, currency))?))
            })?),
            Rule::Weights | Rule::Items => Split::Weights(plain(each(parts, weighted)?)),
        })
    }

    /// Refuses options that the rule would ignore.
    fn expect_effect(&self, rule: Rule) -> Result<(), Failure> {
        let Options { tax, tip, service, discount, turn, .. } = &self.options;
        let extras = [("tax", tax), ("tip", tip), ("service", service), ("discount", discount)];
        let extra = extras.iter().find(|(_, value)| value.is_some()).map(|(name, _)| *name);
        let items = (!self.items.is_empty()).then_some("item");
        match (rule, extra.or(items)) {
            (Rule::Items, _) if self.items.is_empty() => {
                usage("--split items needs --item \"TEXT\" AMOUNT".to_owned())
            }
            (Rule::Items, _) => match self.whom.first() {
                None => Ok(()),
                Some(name) => usage(format!(
                    "--for {name:?} stands before the first --item; it belongs after the item"
                )),
            },
            (_, Some(name)) => {
                let rule = rule.name();
                usage(format!("--{name} has no effect with --split {rule}, but with items"))
            }
            (Rule::Exact, None) if turn.is_some() => usage(
                "--turn has no effect with --split exact, which leaves no odd cent".to_owned(),
            ),
            _ => Ok(()),
        }
    }

    fn itemised(&self, request: &mut Request<'_>) -> Result<Itemised<Participant>, Failure> {
        let currency = request.currency;
        let extra = |value: &Option<String>| match value {
            Some(text) => amount(text, currency),
            None => Ok(Amount::ZERO),
        };
        let Options { tax, tip, service, discount, .. } = &self.options;
        let mut itemised = Itemised::new()
            .tax(extra(tax)?)
            .tip(extra(tip)?)
            .service(extra(service)?)
            .discount(extra(discount)?);
        for option in &self.items {
            let weights = request.circle.default_weights().filter(|_| option.whom.is_empty());
            let parts = match (option.whom.as_slice(), weights) {
                (_, Some(weights)) => {
                    request.named.extend(weights.iter().map(|(name, _)| name.clone()));
                    weights
                }
                ([], None) => {
                    let missing =
                        format!("--for after --item {:?} says who shares it", option.text);
                    plain(each(request.everybody(&missing)?, weighted)?)
                }
                (whom, None) => plain(each(request.parts(whom)?, weighted)?),
            };
            let mut item = SplitItem::new(&option.text, amount(&option.amount, currency)?);
            for (name, weight) in parts {
                item = item.shared_by(name, weight);
            }
            itemised = itemised.item(item);
        }
        Ok(itemised)
    }
}

/// What the options mean among certain people, in a currency.
struct Request<'a> {
    circle: &'a dyn Circle,
    currency: Currency,
    /// Who was named, in this order.
    named: Vec<Participant>,
}

impl Request<'_> {
    fn parts(&mut self, whom: &[String]) -> Result<Vec<Part>, Failure> {
        let mut parts = Vec::new();
        for text in whom {
            let (name, value) = name_and_value(text, self.circle)?;
            let participant = self.circle.participant(&name)?;
            self.named.push(participant.clone());
            parts.push((participant, value));
        }
        Ok(parts)
    }

    fn everybody(&mut self, missing: &str) -> Result<Vec<Part>, Failure> {
        let Some(names) = self.circle.everybody() else { return usage(missing.to_owned()) };
        self.named.extend_from_slice(&names);
        Ok(names.into_iter().map(|name| (name, None)).collect())
    }
}
