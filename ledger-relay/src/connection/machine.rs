//! The state machine itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ledger_core::relay::{AccessProof, Lane};
use ledger_core::seal::Topic;

use super::bucket::Bucket;
use super::job::{Job, Outcome};
use crate::bus::Hint;
use crate::frame::VERSION;
use crate::frame::{ClientHello, Code, Cursor, FrameError, PutResult, RelayHello, Reply, Request};
use crate::limits::{Limits, MAX_FRAME_RECORD_BYTES};
use crate::log::{LogError, Put};
use crate::ticket::{RelaySecret, Ticket};

/// What all connections of a relay have in common.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Hosts with ports under which clients dial this relay, in lower case. Proofs for any other
    /// name are refused.
    pub names: Vec<String>,
    /// The secret of tickets and challenges.
    pub secret: RelaySecret,
    /// The limits.
    pub limits: Limits,
    /// Who runs it.
    pub operator: String,
    /// Whom to tell of abuse.
    pub contact: String,
    /// Address of its policy.
    pub policy: String,
}

/// What the caller has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send a frame.
    Send(Vec<u8>),
    /// Have hints of the topic sent to this connection.
    Follow(Topic),
    /// End that.
    Unfollow(Topic),
    /// Tell those who follow the topic.
    Publish(Topic, Hint),
    /// Count a refusal.
    Refused(Code),
    /// Close the connection, when everything before it was sent.
    Close,
}

/// Connection of one client. The caller gives it frames and hints, does the jobs one after the
/// other, and carries out the outputs in their order before it does a job.
pub struct Connection {
    identity: Arc<Identity>,
    challenge: [u8; 32],
    address: [u8; 8],
    is_greeted: bool,
    is_closing: bool,
    credit: u64,
    proved: BTreeSet<Topic>,
    follows: BTreeMap<u64, Follow>,
    numbers: BTreeMap<Topic, u64>,
    /// Follows that may have records to send.
    ready: BTreeSet<u64>,
    request: Option<(Waiting, Job)>,
    running: Option<Waiting>,
    outputs: Vec<Output>,
    puts: Bucket,
    said: Bucket,
}

struct Follow {
    topic: Topic,
    entries: Cursor,
    keys: Cursor,
    /// Lanes that may have more.
    more: BTreeSet<Lane>,
    /// Whether the next record is larger than the credit.
    is_starved: bool,
    is_caught_up: bool,
    /// Whether a hint came since the last job began, which may have read too early.
    is_noticed: bool,
}

/// What the result of a job answers.
#[derive(Clone, Copy)]
enum Waiting {
    Follow { number: u64, topic: Topic, read: Cursor, keys: Cursor },
    Read { number: u64, lane: Lane },
    Get { number: u64 },
    Put { number: u64, topic: Topic },
}

impl Connection {
    /// Begins a connection, with the relay's hello as its first output. `address` stands for the
    /// client's network, `random` makes the challenge.
    #[must_use]
    pub fn new(identity: Arc<Identity>, address: [u8; 8], random: [u8; 8], now_ms: u64) -> Self {
        let challenge = identity.secret.challenge(now_ms, random);
        let limits = &identity.limits;
        let rate = limits.records_per_second;
        let hello = Reply::Hello(RelayHello {
            version: VERSION,
            features: vec!["say".to_owned()],
            challenge,
            time_ms: now_ms,
            limits: limits.told(),
            retention_days: 0,
            operator: identity.operator.clone(),
            contact: identity.contact.clone(),
            policy: identity.policy.clone(),
        });
        Self {
            challenge,
            address,
            is_greeted: false,
            is_closing: false,
            credit: 0,
            proved: BTreeSet::new(),
            follows: BTreeMap::new(),
            numbers: BTreeMap::new(),
            ready: BTreeSet::new(),
            request: None,
            running: None,
            outputs: vec![Output::Send(hello.encode())],
            puts: Bucket::new(rate, 1, rate.saturating_mul(10), now_ms),
            said: Bucket::new(limits.said_per_minute, 60, limits.said_per_minute, now_ms),
            identity,
        }
    }

    /// Whether the connection takes a frame now. A caller that reads none before bounds what a
    /// client can have waiting to one frame.
    #[must_use]
    pub fn accepts(&self) -> bool {
        self.request.is_none() && self.running.is_none() && !self.is_closing
    }

    /// Takes a frame.
    pub fn receive(&mut self, bytes: &[u8], now_ms: u64) {
        if self.is_closing {
            return;
        }
        match Request::decode(bytes) {
            Ok(Request::Hello(hello)) if !self.is_greeted => self.greet(&hello),
            Ok(Request::Hello(_)) => self.close(Code::Malformed),
            Ok(_) if !self.is_greeted => self.close(Code::Malformed),
            Ok(request) => self.take(request, now_ms),
            Err(FrameError::Unknown(kind)) => self.send(&Reply::Unknown { kind }),
            Err(FrameError::Length(_) | FrameError::Malformed(_)) => self.close(Code::Malformed),
        }
    }

    /// Takes a hint.
    pub fn notice(&mut self, topic: Topic, hint: Hint) {
        let Some((number, follow)) = self
            .numbers
            .get(&topic)
            .and_then(|number| self.follows.get_mut(number).map(|follow| (*number, follow)))
        else {
            return;
        };
        match hint {
            Hint::Head => {
                follow.more = [Lane::Entries, Lane::Keys].into();
                follow.is_noticed = true;
                self.ready.insert(number);
            }
            Hint::Said(body) => self.send(&Reply::Said { number, body: body.to_vec() }),
        }
    }

    /// The next job, if there is one. Its result must be given to [`Connection::complete`] before
    /// there is another.
    pub fn next_job(&mut self) -> Option<Job> {
        if self.running.is_some() || self.is_closing {
            return None;
        }
        if let Some((waiting, job)) = self.request.take() {
            self.running = Some(waiting);
            return Some(job);
        }
        let may_go = |number: &&u64| self.follows.get(number).is_some_and(|f| !f.is_starved);
        let number = *self.ready.iter().find(may_go)?;
        let follow = self.follows.get_mut(&number)?;
        follow.is_noticed = false;
        // Keys first, so that whoever follows can open what comes.
        let lane = *follow.more.last()?;
        let after = match lane {
            Lane::Entries => follow.entries.seq,
            Lane::Keys => follow.keys.seq,
        };
        let most = u64::try_from(MAX_FRAME_RECORD_BYTES).unwrap_or(u64::MAX);
        let job = Job::Read { topic: follow.topic, lane, after, max_bytes: self.credit.min(most) };
        self.running = Some(Waiting::Read { number, lane });
        // The next turn is another topic's: a long log does not hold up the others.
        self.ready.remove(&number);
        Some(job)
    }

    /// Takes the result of the job.
    pub fn complete(&mut self, result: Result<Outcome, LogError>) {
        let Some(waiting) = self.running.take() else { return };
        match (waiting, result) {
            (Waiting::Follow { number, topic, read, keys }, Ok(Outcome::Follow(heads, wrong))) => {
                if let Some(which) = wrong {
                    self.unfollow(number);
                    let (entries, keys) = (heads.entries, heads.keys);
                    return self.send(&Reply::Diverged { number, which, entries, keys });
                }
                let more = [Lane::Entries, Lane::Keys].into();
                let follow = Follow {
                    topic,
                    entries: read,
                    keys,
                    more,
                    is_starved: false,
                    is_caught_up: false,
                    is_noticed: false,
                };
                self.follows.insert(number, follow);
                self.ready.insert(number);
            }
            (Waiting::Read { number, lane }, Ok(Outcome::Read(batch))) => {
                let Some(follow) = self.follows.get_mut(&number) else { return };
                if !batch.more && !follow.is_noticed {
                    follow.more.remove(&lane);
                }
                follow.is_starved = batch.more && batch.records.is_empty();
                let is_done = follow.more.is_empty();
                if !is_done {
                    self.ready.insert(number);
                }
                let mut replies = Vec::new();
                if !batch.records.is_empty() {
                    match lane {
                        Lane::Entries => follow.entries = batch.last,
                        Lane::Keys => follow.keys = batch.last,
                    }
                    let bytes: usize = batch.records.iter().map(Vec::len).sum();
                    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
                    self.credit = self.credit.saturating_sub(bytes);
                    let (first, link) = (batch.first, batch.last.link);
                    replies.push(Reply::Records {
                        number,
                        lane,
                        first,
                        link,
                        records: batch.records,
                    });
                }
                if is_done && !follow.is_caught_up {
                    follow.is_caught_up = true;
                    let (entries, keys) = (follow.entries, follow.keys);
                    replies.push(Reply::CaughtUp { number, entries, keys });
                }
                replies.iter().for_each(|reply| self.send(reply));
            }
            (Waiting::Get { number }, Ok(Outcome::Get(found))) => {
                let (records, missing) = (found.records, found.missing);
                self.send(&Reply::Found { number, records, missing });
            }
            (Waiting::Put { number, topic }, Ok(Outcome::Put(results))) => {
                let refused = results.iter().filter_map(|result| match result {
                    PutResult::Refused(code, _) => Some(Output::Refused(*code)),
                    _ => None,
                });
                self.outputs.extend(refused);
                let has_new = results.iter().any(|r| matches!(r, PutResult::Stored(..)));
                self.send(&Reply::Stored { number, results });
                if has_new {
                    self.outputs.push(Output::Publish(topic, Hint::Head));
                }
            }
            (Waiting::Read { number, .. }, _) => {
                self.unfollow(number);
                self.fail(number);
            }
            (Waiting::Follow { number, .. }, _) => {
                self.unfollow(number);
                self.fail(number);
            }
            (Waiting::Get { number } | Waiting::Put { number, .. }, _) => self.fail(number),
        }
    }

    /// Takes what the caller has to do.
    pub fn outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }

    /// Ends the connection with a reason.
    pub fn close(&mut self, code: Code) {
        if self.is_closing {
            return;
        }
        self.outputs.push(Output::Refused(code));
        self.send(&Reply::refusal(None, code, None));
        self.is_closing = true;
        let numbers: Vec<u64> = self.follows.keys().copied().collect();
        numbers.into_iter().for_each(|number| self.unfollow(number));
        self.outputs.push(Output::Close);
    }

    /// Topics whose hints come to this connection.
    pub fn followed(&self) -> impl Iterator<Item = Topic> + '_ {
        self.numbers.keys().copied()
    }

    fn greet(&mut self, hello: &ClientHello) {
        if hello.versions.contains(&VERSION) {
            self.is_greeted = true;
        } else {
            self.close(Code::Version);
        }
    }

    fn take(&mut self, request: Request, now_ms: u64) {
        match request {
            Request::Hello(_) => {}
            Request::Prove { number, topic, challenge, proof } => {
                self.prove(number, topic, challenge, &proof, now_ms);
            }
            Request::Follow { number, topic, ticket, read, stored, keys } => {
                if !self.may(number, topic, ticket, now_ms) {
                    return;
                }
                // Following anew ends what the number or the topic meant before.
                self.unfollow(number);
                if let Some(before) = self.numbers.get(&topic).copied() {
                    self.unfollow(before);
                }
                let most = self.identity.limits.topics_per_connection;
                if u64::try_from(self.numbers.len()).is_ok_and(|len| len >= most) {
                    return self.refuse(number, Code::Topics, None);
                }
                self.numbers.insert(topic, number);
                self.outputs.push(Output::Follow(topic));
                let cursors = [(Lane::Entries, read), (Lane::Entries, stored), (Lane::Keys, keys)];
                let (read, keys) = (read.unwrap_or_default(), keys.unwrap_or_default());
                let waiting = Waiting::Follow { number, topic, read, keys };
                self.request = Some((waiting, Job::Follow { topic, cursors }));
            }
            Request::Unfollow { number } => self.unfollow(number),
            Request::Credit { bytes } => {
                let most = self.identity.limits.credit_bytes;
                self.credit = self.credit.saturating_add(bytes).min(most);
                self.follows.values_mut().for_each(|follow| follow.is_starved = false);
            }
            Request::Get { number, topic, ticket, ids } => {
                if self.may(number, topic, ticket, now_ms) {
                    self.request = Some((Waiting::Get { number }, Job::Get { topic, ids }));
                }
            }
            Request::Put { number, topic, ticket, records } => {
                if !self.may(number, topic, ticket, now_ms) {
                    return;
                }
                let count = u64::try_from(records.len()).unwrap_or(u64::MAX);
                if let Err(wait) = self.puts.take(count, now_ms) {
                    return self.refuse(number, Code::Rate, Some(wait));
                }
                let put = Put { topic, address: self.address, now_ms, records };
                self.request = Some((Waiting::Put { number, topic }, Job::Put(put)));
            }
            Request::Say { number, topic, ticket, body } => {
                if !self.may(number, topic, ticket, now_ms) {
                    return;
                }
                let is_own = body.split_first().is_some_and(|(form, rest)| {
                    *form == 4 && rest.first_chunk() == Some(topic.as_bytes())
                });
                if !is_own {
                    return self.refuse(number, Code::Record, None);
                }
                match self.said.take(1, now_ms) {
                    Ok(()) => {
                        let hint = Hint::Said(body.into());
                        self.outputs.push(Output::Publish(topic, hint));
                    }
                    Err(wait) => self.refuse(number, Code::Rate, Some(wait)),
                }
            }
        }
    }

    fn prove(
        &mut self,
        number: u64,
        topic: Topic,
        challenge: Option<[u8; 32]>,
        proof: &AccessProof,
        now_ms: u64,
    ) {
        let is_fresh = challenge.is_none_or(|one| self.identity.secret.is_fresh(&one, now_ms));
        let challenge = challenge.unwrap_or(self.challenge);
        let proves = |name: &String| proof.proves(topic, name, &challenge);
        if !is_fresh || !self.identity.names.iter().any(proves) {
            return self.refuse(number, Code::Proof, None);
        }
        let expires = (now_ms / 1_000).saturating_add(self.identity.limits.ticket_seconds);
        let expires = u32::try_from(expires).unwrap_or(u32::MAX);
        let ticket = self.identity.secret.ticket(topic, expires);
        self.remember(topic);
        self.send(&Reply::Ticket { number, ticket, expires: expires.into() });
    }

    /// Whether the client may use the topic; refuses the frame otherwise.
    fn may(&mut self, number: u64, topic: Topic, ticket: Option<Ticket>, now_ms: u64) -> bool {
        let is_valid = |ticket| self.identity.secret.is_valid(ticket, topic, now_ms);
        if self.proved.contains(&topic) {
            return true;
        }
        if ticket.is_some_and(is_valid) {
            self.remember(topic);
            return true;
        }
        self.refuse(number, Code::Ticket, None);
        false
    }

    /// Remembers that a topic was proved, within bounds: beyond them, each frame needs its ticket.
    fn remember(&mut self, topic: Topic) {
        let most = self.identity.limits.topics_per_connection;
        if u64::try_from(self.proved.len()).is_ok_and(|len| len < most) {
            self.proved.insert(topic);
        }
    }

    fn unfollow(&mut self, number: u64) {
        self.follows.remove(&number);
        self.ready.remove(&number);
        let topic = self.numbers.iter().find(|(_, found)| **found == number);
        if let Some(topic) = topic.map(|(topic, _)| *topic) {
            self.numbers.remove(&topic);
            self.outputs.push(Output::Unfollow(topic));
        }
    }

    fn fail(&mut self, number: u64) {
        self.refuse(number, Code::Failed, Some(1_000));
    }

    fn refuse(&mut self, number: u64, code: Code, retry_ms: Option<u64>) {
        self.outputs.push(Output::Refused(code));
        self.send(&Reply::refusal(Some(number), code, retry_ms));
    }

    fn send(&mut self, reply: &Reply) {
        self.outputs.push(Output::Send(reply.encode()));
    }
}
