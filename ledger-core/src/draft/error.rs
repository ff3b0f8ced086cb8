//! Errors of drafts, in the words of whoever wanted to record something.

use core::fmt;

use crate::base::id::MemberId;
use crate::base::limits::{MAX_AMOUNT, MAX_DEVICES, MAX_ENTRY_BYTES, MAX_MEMBERS, MAX_REFS};
use crate::base::name::NameError;
use crate::base::rule::{Refusal, Rule};
use crate::payload::SettingError;

/// Error of a draft that cannot become an entry. The caller is at fault; nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// The member is not in the group.
    #[error("member {} is not in this group; use an id that the group lists", .0.short())]
    UnknownMember(MemberId),
    /// One member stands twice among the payers or the shares.
    #[error("member {} is listed twice; add the two parts up", .0.short())]
    DuplicateMember(MemberId),
    /// The group is full.
    #[error("a group has at most {MAX_MEMBERS} members with keys, and as many without")]
    TooManyMembers,
    /// The member has the greatest number of devices that is allowed.
    #[error("a member has at most {MAX_DEVICES} devices; revoke one that is not used")]
    TooManyDevices,
    /// The draft names more members and entries than an entry can refer to.
    #[error("an entry refers to at most {MAX_REFS} others")]
    TooManyRefs,
    /// The signing device is not the device of the position.
    #[error("the device is not enrolled in this group")]
    ForeignDevice,
    /// A name is not one that this library writes.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A setting is out of bounds.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The entry would break a rule of the format. The text says which bound was missed; whoever
    /// records something knows neither the entry, which does not exist, nor the rule.
    #[error("{}", InWords(.0))]
    Rule(#[from] Refusal),
}

/// The refusal of one's own draft, without the id of an entry that nobody has.
struct InWords<'a>(&'a Refusal);

impl fmt::Display for InWords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(refusal) = self;
        match refusal.rule() {
            Rule::P3 => f.write_str("a text is too long, or a name is empty")?,
            Rule::P4 => f.write_str("a day is from 0001-01-01 to 9999-12-31")?,
            Rule::P6 => write!(f, "an amount is from 1 to {MAX_AMOUNT} minor units")?,
            Rule::P7 => f.write_str(
                "what the payers paid and what the shares sum to are not both the amount, each of \
                 them at least 1 minor unit",
            )?,
            Rule::P8 => f.write_str("who gives and who receives a transfer are one person")?,
            Rule::H1 => {
                write!(f, "an entry has at most {MAX_ENTRY_BYTES} bytes with all its texts")?
            }
            Rule::H4 => write!(f, "an entry refers to at most {MAX_REFS} others")?,
            rule => f.write_str(rule.text())?,
        }
        if let Some(detail) = refusal.detail() {
            let joint = if matches!(refusal.rule(), Rule::P4 | Rule::P6) { ", not" } else { ":" };
            write!(f, "{joint} {detail}")?;
        }
        f.write_str(match refusal.rule() {
            Rule::P3 => "; shorten it, or write the name",
            Rule::P4 => "; choose another day",
            Rule::P6 => "; write an amount within that",
            Rule::P7 => "; let them sum up",
            Rule::P8 => "; name two people",
            Rule::H1 => "; shorten texts, or leave notes out",
            Rule::H4 => "; name fewer people",
            _ => "",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::EntryId;

    #[test]
    fn a_draft_that_breaks_a_rule_says_what_to_do_and_names_no_entry() {
        let id = EntryId::from_bytes([7; 32]);
        let text = |rule, detail: Option<&str>| {
            let refusal = match detail {
                Some(detail) => Refusal::with_detail(rule, detail),
                None => Refusal::new(rule),
            };
            DraftError::from(refusal.in_entry(id)).to_string()
        };
        assert_eq!(
            text(Rule::P6, Some("0")),
            "an amount is from 1 to 1000000000000000 minor units, not 0; write an amount within that"
        );
        assert_eq!(
            text(Rule::P3, Some("5000 bytes, at most 4096 are allowed")),
            "a text is too long, or a name is empty: 5000 bytes, at most 4096 are allowed; shorten it, or \
             write the name"
        );
        for rule in Rule::ALL {
            for detail in [None, Some("7")] {
                let text = text(*rule, detail);
                assert!(!text.contains(&id.to_string()) && !text.contains("breaks"), "{text}");
                assert!(!text.split(' ').any(|word| word == rule.code()), "{text}");
            }
        }
    }
}
