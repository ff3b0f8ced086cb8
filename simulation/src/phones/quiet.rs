//! The end of a history: everybody gets everything, and everything is checked.

use std::collections::BTreeSet;

use ledger_core::engine::Payload;
use ledger_core::seal::Topic;
use ledger_core::{DeviceId, Verdict};
use ledger_model::sim::arrival::violation;
use ledger_store::{Since, StoreError};

use super::check::{self, NOTHING_LOST};
use super::leaving::NOBODY;
use super::phone::Phone;
use super::play::{Play, STEPS, StepResult};

/// The most rounds of an exchange by summaries. A fork, or keys that are asked for, take one more each.
const MOST_ROUNDS: usize = 8;

/// How many bundles a device outside of the group imports as one file.
const JOINED: usize = 20;

impl Play {
    /// Ends the history: the phones exchange everything, and everything is checked.
    pub(super) fn quiet(&mut self) -> StepResult {
        let found = match self.rng.chance(50) {
            true => self.exchange_by_summaries()?,
            false => self.exchange_all()?,
        };
        if found.is_some() {
            return Ok(found);
        }
        let found = self.everywhere()?;
        if found.is_some() {
            return Ok(found);
        }
        let inside = self.inside()?;
        let found = self.stillness(&inside)?;
        if found.is_some() {
            return Ok(found);
        }
        if let Some(first) = inside.first() {
            self.note_doubles(*first)?;
            self.trace.note(self.phone(*first)?.digest()?.as_bytes());
            let found = self.count_lies(*first)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        match self.newcomer(&inside)? {
            None => self.phrase(&inside),
            found => Ok(found),
        }
    }

    /// Every phone gets whole bundles of all others.
    fn exchange_all(&mut self) -> StepResult {
        // Three rounds, as a phone exports in one round what it received in the one before.
        for _ in 0..3 {
            for from in 0..self.phones.len() {
                let sent = self.sent.len();
                let found = self.send(from, Since::Beginning)?;
                if found.is_some() {
                    return Ok(found);
                }
                // Nothing new, if somebody cut the phone off after it left.
                let Some(bundle) = self.sent.get(sent).cloned() else { continue };
                let all = self.phone(from)?.ids()?;
                for to in 0..self.phones.len() {
                    let (found, report) = self.import_and_report(to, &bundle)?;
                    let held = self.phone(to)?.ids()?;
                    let found = found.or(check::complete(&report, &all, &held));
                    if found.is_some() {
                        return Ok(found);
                    }
                }
            }
        }
        self.tally.add(STEPS, "quiet point after whole bundles", 1);
        Ok(None)
    }

    /// Every phone gets of all others what it lacks, as its summary says, until nobody has news.
    fn exchange_by_summaries(&mut self) -> StepResult {
        for _ in 0..MOST_ROUNDS {
            let mut news = 0;
            for from in 0..self.phones.len() {
                for to in (0..self.phones.len()).filter(|to| *to != from) {
                    let (sent, held) = (self.sent.len(), self.phone(from)?.ids()?.len());
                    let found = self.send_delta(from, to)?;
                    if found.is_some() {
                        return Ok(found);
                    }
                    news += self.phone(from)?.ids()?.len() - held;
                    let Some(bundle) = self.sent.get(sent).cloned() else { continue };
                    let (found, report) = self.import_and_report(to, &bundle)?;
                    if found.is_some() {
                        return Ok(found);
                    }
                    news += usize::try_from(report.added).unwrap_or(usize::MAX);
                }
            }
            if news == 0 {
                self.tally.add(STEPS, "quiet point after summaries alone", 1);
                return Ok(None);
            }
        }
        let detail = format!("summaries bring news after {MOST_ROUNDS} rounds");
        Ok(violation(NOTHING_LOST, detail))
    }

    /// The phones that may write, as a phone says that nobody cut.
    fn inside(&self) -> Result<Vec<usize>, StoreError> {
        let Some(first) = self.anchor(NOBODY) else { return Ok(Vec::new()) };
        let state = self.phone(first)?.group.state()?;
        // A leave may stay on the phone of somebody who can hand out nothing more.
        let is_inside = |phone: &Phone| {
            state.may_write(phone.device()) && !self.cut.silent.contains(&phone.device())
        };
        let numbered = self.phones.iter().enumerate();
        Ok(numbered.filter(|(_, phone)| is_inside(phone)).map(|(at, _)| at).collect())
    }

    /// Checks that everybody inside has everything, and nobody outside what was kept from them.
    fn everywhere(&self) -> StepResult {
        let at = self.inside()?;
        let all = || self.phones.iter().enumerate();
        let inside: Vec<&Phone> = all().filter(|(n, _)| at.contains(n)).map(|(_, p)| p).collect();
        let Some(first) = inside.first() else { return Ok(None) };
        let state = first.group.state()?;
        // A device outside of the group gets every bundle that ever left a phone.
        for (_, phone) in all().filter(|(number, _)| !at.contains(number)) {
            for bundles in self.sent.chunks(JOINED) {
                match phone.import(&bundles.concat()) {
                    Ok(_) | Err(StoreError::NoBundle) => {}
                    Err(error) => return Err(error),
                }
            }
            let found = self.withheld.check(phone)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        // Whom nobody introduced who counts, as their introducer was removed, never was inside.
        let is_introduced = |author: DeviceId| {
            let member = state.device_owner(author).and_then(|owner| state.member(owner));
            member.is_some_and(|member| member.is_introduced())
        };
        let goes_on = |author: DeviceId| {
            let hands_out = state.may_write(author) && !self.cut.silent.contains(&author);
            hands_out || self.cut.must_arrive(author) && is_introduced(author)
        };
        let written = self.written.iter().filter(|(_, author)| goes_on(**author));
        let written = written.map(|(id, _)| *id);
        // Under other topics come entries of people who were cut off, which nobody needs, or such as
        // are sealed anew: those of void epochs (SPEC §11.2).
        let needed = |device: &DeviceId| state.may_write(*device);
        let applied = applied_topics(&inside)?;
        let topics = self.topics.iter().filter(|(_, sealers)| sealers.iter().any(needed));
        let topics = topics.map(|(topic, _)| *topic).filter(|topic| applied.contains(topic));
        check::quiet(&inside, &written.collect(), &topics.collect())
    }
}

/// The topics that the applied epoch entries of these phones name.
fn applied_topics(phones: &[&Phone]) -> Result<BTreeSet<Topic>, StoreError> {
    let mut topics = BTreeSet::new();
    for phone in phones {
        for row in phone.group.lists().activity(None, u32::MAX)? {
            if let (Payload::Epoch(epoch), Verdict::Applied) =
                (row.entry.decoded().payload(), row.verdict)
            {
                topics.insert(epoch.topic());
            }
        }
    }
    Ok(topics)
}
