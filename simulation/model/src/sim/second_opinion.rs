//! A second opinion on steps 1 to 5, by a different algorithm: a search for a proof that an entry is
//! applied.
//!
//! It uses nothing of `cuts`, `introductions`, `resolve` or `past`. Pasts are sets found by walking.
//! [`ended`](crate::sim::arrival::ended) decides the cuts on a generation. The least fixpoint is a
//! search for a finite proof, in which a member may not occur twice on one branch.

use std::collections::{BTreeMap, BTreeSet};

use crate::entry::{Body, Card, Digest, Entry, Generation, Holder, Id, Kind, MemberId, Statement};
use crate::history::History;

/// An enrolment: generation, device, and the statement unless the card did it.
type Author = (Generation, u32, Option<Digest>);

/// The second opinion on a set of entries.
pub struct Second<'a> {
    history: &'a History,
    entries: BTreeMap<Id, &'a Entry>,
    past: BTreeMap<Id, BTreeSet<Id>>,
    statements: BTreeMap<Digest, &'a Statement>,
}

impl<'a> Second<'a> {
    /// Reads the entries.
    pub fn new(history: &'a History) -> Second<'a> {
        let entries: BTreeMap<Id, &Entry> =
            history.admitted.iter().map(|a| (a.entry.id, &a.entry)).collect();
        let statements =
            entries.values().filter_map(|e| e.statement()).map(|s| (s.digest, s)).collect();
        let mut second = Second { history, entries, past: BTreeMap::new(), statements };
        let mut order: Vec<(u64, Id)> =
            second.entries.values().map(|e| (e.lamport, e.id)).collect();
        order.sort_unstable();
        for (_, id) in order {
            let deps = second.entries.get(&id).map(|e| e.dependencies()).unwrap_or_default();
            let past = second.below(&deps);
            second.past.insert(id, past);
        }
        second
    }

    /// The given entries and all before them.
    fn below(&self, ids: &BTreeSet<Id>) -> BTreeSet<Id> {
        let pasts = ids.iter().filter_map(|id| self.past.get(id)).flatten();
        ids.iter().chain(pasts).copied().collect()
    }

    fn good(&self, id: Id) -> bool {
        self.history.get(id).is_some_and(|a| a.faults.is_empty())
    }

    fn carriers(&self, digest: Digest) -> BTreeSet<Id> {
        let carries = |e: &&&Entry| e.statement().is_some_and(|s| s.digest == digest);
        self.entries.values().filter(carries).map(|e| e.id).collect()
    }

    fn good_statement(&self, digest: Digest) -> bool {
        self.carriers(digest).iter().all(|&id| self.good(id))
    }

    fn order(&self, s: &Statement) -> (u64, Digest) {
        let clocks = s.base.iter().filter_map(|id| self.entries.get(id)).map(|e| e.lamport);
        (clocks.max().unwrap_or(0), s.digest)
    }

    /// What a card, claim or bind starts.
    fn start(&self, e: &Entry) -> Option<(Generation, MemberId, Card)> {
        match &e.kind {
            Kind::Genesis { card, .. } | Kind::Add { card } => {
                Some((Generation::Card(card.id), card.id, *card))
            }
            Kind::Claim { member, card } => Some((Generation::Claim(e.id), *member, *card)),
            Kind::Statement(s) => match s.body {
                Body::Bind { member, card } => Some((Generation::Bind(s.digest), member, card)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Member and root key of a generation.
    fn generation(&self, generation: Generation) -> Option<(MemberId, u32)> {
        let mut starts = self.entries.values().filter_map(|e| self.start(e));
        let (_, member, card) =
            starts.find(|(g, _, c)| *g == generation && matches!(c.of, Holder::Person { .. }))?;
        match card.of {
            Holder::Person { root, .. } => Some((member, root)),
            Holder::Placeholder { .. } => None,
        }
    }

    /// "The one at the root of their backlink chain."
    fn author(&self, e: &Entry) -> Option<Author> {
        let mut at = e;
        while at.seq > 0 {
            at = self.entries.get(&at.backlink?)?;
        }
        let root = match at.backlink {
            Some(id) => self.entries.get(&id)?,
            None => at,
        };
        if let Some(Body::Enrol { generation, device }) = root.statement().map(|s| s.body) {
            return Some((generation, device, root.statement().map(|s| s.digest)));
        }
        self.start(root).map(|(generation, _, _)| (generation, e.device, None))
    }

    /// The bases, with their pasts, of the removals and binds on a generation.
    fn cuts(&self, generation: Generation) -> Vec<BTreeSet<Id>> {
        let Some((of, _)) = self.generation(generation) else { return Vec::new() };
        let own = match generation {
            Generation::Bind(d) => self.statements.get(&d).copied(),
            _ => None,
        };
        let knows = |b: &Statement, cut: &Statement| {
            !self.below(&b.base).is_disjoint(&self.carriers(cut.digest))
        };
        let ends = |s: &&&Statement| match (s.body, own) {
            (Body::Remove { member }, Some(b)) => member == of && !knows(b, s),
            (Body::Bind { member, .. }, Some(b)) => member == of && self.order(s) > self.order(b),
            (Body::Remove { member } | Body::Bind { member, .. }, None) => member == of,
            _ => false,
        };
        let all = self.statements.values().filter(|s| self.good_statement(s.digest));
        all.filter(ends).map(|s| self.below(&s.base)).collect()
    }

    /// Step 3 without the generation's start.
    fn self_statement(&self, s: &Statement) -> bool {
        let Some(generation) = s.body.generation() else { return false };
        let base = self.below(&s.base);
        let carriers = self.carriers(s.digest);
        let begins = |e: &&&Entry| {
            base.contains(&e.id) && self.start(e).is_some_and(|(g, _, _)| g == generation)
        };
        self.good_statement(s.digest)
            && self.entries.values().any(|e| begins(&e))
            && self.generation(generation).is_some_and(|(_, root)| root == s.signer)
            && self.cuts(generation).iter().all(|cut| !cut.is_disjoint(&carriers))
    }

    /// Nothing (hard cut, revocation, leave) cuts the entry.
    fn uncut(&self, e: &Entry, (generation, device, _): Author) -> bool {
        let past = self.past.get(&e.id).cloned().unwrap_or_default();
        let own = |s: &&Statement| match s.body {
            Body::Revoke { .. } if s.body == (Body::Revoke { generation, device }) => {
                self.self_statement(s) && !self.below(&s.base).contains(&e.id)
            }
            Body::Leave { generation: g } if g == generation => {
                self.self_statement(s) && !past.is_disjoint(&self.carriers(s.digest))
            }
            _ => false,
        };
        self.cuts(generation).iter().all(|cut| cut.contains(&e.id))
            && !self.statements.values().any(own)
    }

    /// The author is accepted and nothing cuts the entry.
    fn stands(&self, e: &Entry, branch: &BTreeSet<MemberId>) -> bool {
        let Some(author) = self.author(e) else { return false };
        self.good(e.id) && self.uncut(e, author) && self.enrolled(author, branch)
    }

    fn enrolled(&self, (generation, _, statement): Author, branch: &BTreeSet<MemberId>) -> bool {
        let act = statement.and_then(|d| self.statements.get(&d));
        act.is_none_or(|s| self.self_statement(s)) && self.started(generation, branch)
    }

    fn started(&self, generation: Generation, branch: &BTreeSet<MemberId>) -> bool {
        match generation {
            Generation::Card(card) => self.member(card, branch),
            Generation::Claim(id) => self.entries.get(&id).is_some_and(|e| self.stands(e, branch)),
            Generation::Bind(digest) => self.good_statement(digest),
        }
    }

    /// Whether there is a proof that the member is introduced, using no member of this branch.
    pub fn member(&self, member: MemberId, branch: &BTreeSet<MemberId>) -> bool {
        let is_bind =
            |s: &&Statement| matches!(s.body, Body::Bind { member: m, .. } if m == member);
        let bound = self.statements.values().any(|s| is_bind(s) && self.good_statement(s.digest));
        if bound || self.history.owner().is_some_and(|(owner, _)| owner == member) {
            return true;
        }
        let mut longer = branch.clone();
        longer.insert(member)
            && self.entries.values().any(|e| match e.kind {
                Kind::Add { card } | Kind::Placeholder { card } => {
                    card.id == member && self.stands(e, &longer)
                }
                Kind::Adopt { member: m } => m == member && self.stands(e, &longer),
                _ => false,
            })
    }

    /// Whether the entry is applied.
    pub fn applied(&self, e: &Entry) -> bool {
        let none = BTreeSet::new();
        match &e.kind {
            Kind::Genesis { .. } => true,
            Kind::Statement(s) => match s.body.generation() {
                None => self.good(e.id),
                Some(generation) => self.self_statement(s) && self.started(generation, &none),
            },
            Kind::Add { card } | Kind::Placeholder { card } => {
                self.good(e.id) && self.member(card.id, &none)
            }
            _ => self.stands(e, &none),
        }
    }
}
