"""The set of admitted entries, and what follows from each one's own past (SPEC 1.1, 5, 6.1)."""
from keys import STATEMENT_KINDS, OWNER_KINDS, digest
from payload import money_refs

CARD, CLAIM, BIND = 0, 1, 2  # how a generation is started
MONEY = ("expense", "transfer")


class Statement:
    def __init__(self, statement_id, fields, within, clock):
        self.id = statement_id
        self.kind = STATEMENT_KINDS[fields["kind"]]
        self.body = fields["body"]
        self.signer = fields["signer"]
        self.generation = fields["body"].get("generation")
        self.within = within  # the base and its past
        self.order = (1 + clock, statement_id)
        self.carriers = set()
        self.fault = None

    def is_owners(self):
        return self.kind in OWNER_KINDS

    def is_within(self, other):
        return not self.carriers.isdisjoint(other.within)


class Start:
    """A generation that some admitted entry starts: its member and its card's keys."""

    def __init__(self, member, card):
        self.member = member
        self.root = card["root"]
        self.certificate = card["certificate"]
        self.recovery = card["recovery"]
        self.entries = set()


def introduces(entry):
    """The member whom a ref to this entry names, or None."""
    if entry.kind in ("genesis", "add-member", "placeholder"):
        return digest("member", entry.payload["raw"])
    return None


class History:
    def __init__(self, genesis):
        self.group = genesis.id
        self.owner = introduces(genesis)
        self.owner_root = genesis.payload["card"]["root"]
        self.salt = genesis.payload["card"]["place"]
        self.genesis = genesis
        self.entries, self.past = {}, {}
        self.statements, self.starts = {}, {}
        self.author, self.faults = {}, {}
        self.known_keys = {}
        self.keep(genesis, (CARD, self.owner))

    # Admission

    def offer(self, entry):
        """Offers an entry. Returns (outcome, rule or missing ids)."""
        if entry.id in self.entries:
            return "duplicate", None
        if entry.header["kind"] == 0 or entry.header["group"] != self.group:
            return "refused", "A1"
        missing = {d for d in entry.dependencies if d not in self.entries}
        if missing:
            return "missing", sorted(missing)
        if entry.header["lamport"] != 1 + self.clock(entry.dependencies):
            return "refused", "A3"
        enrolment = self.chain(entry)
        if enrolment is None:
            return "refused", "A2"
        self.keep(entry, enrolment)
        return "admitted", None

    def clock(self, ids):
        return max((self.entries[i].header["lamport"] for i in ids), default=0)

    def closed(self, ids):
        """The set of these entries and their pasts."""
        return set(ids).union(*(self.past[i] for i in ids))

    def chain(self, entry):
        """Rule A2: the enrolment at the root of the entry's chain, if it has one."""
        back = self.entries[entry.header["backlink"]]
        if entry.header["seq"] > 0:
            follows = back.header["device"] == entry.header["device"]
            follows = follows and back.header["seq"] + 1 == entry.header["seq"]
            return self.author[back.id] if follows else None
        enrolment = None if back.kind == "genesis" else self.enrols(back)
        if enrolment is None or self.device(enrolment) != entry.header["device"]:
            return None
        return enrolment

    def enrols(self, entry):
        """An enrolment is named by a generation (its first device) or a StatementId."""
        if entry.kind == "statement":
            statement = self.statement_of(entry)
            if statement.kind == "enrol":
                start = self.starts.get(statement.generation)
                known = start is not None and not start.entries.isdisjoint(statement.within)
                return statement.id if known and start.root == statement.signer else None
            if statement.kind == "bind" and statement.signer != self.owner_root:
                return None
        started = self.begins(entry)
        return started and started[0]

    def device(self, enrolment):
        return self.certificate(enrolment)["device"]

    def certificate(self, enrolment):
        if isinstance(enrolment, tuple):
            return self.starts[enrolment].certificate
        return self.statements[enrolment].body["certificate"]

    def generation(self, enrolment):
        return enrolment if isinstance(enrolment, tuple) else self.statements[enrolment].generation

    def member(self, enrolment):
        return self.starts[self.generation(enrolment)].member

    def statement_of(self, entry):
        return self.statements[digest("act", entry.payload["raw"])]

    def named(self, index, entry):
        """The member whom the entry at an index of the refs introduces."""
        return introduces(self.entries[entry.header["refs"][index]])

    def begins(self, entry):
        """The generation that an entry starts, its member and card."""
        if entry.kind in ("genesis", "add-member"):
            return (CARD, introduces(entry)), introduces(entry), entry.payload["card"]
        if entry.kind == "claim":
            member = self.named(entry.payload["target"], entry)
            return member and ((CLAIM, entry.id), member, entry.payload["card"])
        if entry.kind == "statement":
            statement = self.statement_of(entry)
            if statement.kind == "bind":
                body = statement.body
                return (BIND, statement.id), body["member"], body["card"]
        return None

    def keep(self, entry, enrolment):
        self.entries[entry.id] = entry
        self.past[entry.id] = self.closed(entry.dependencies)
        self.author[entry.id] = enrolment
        if entry.kind == "statement":
            statement_id = digest("act", entry.payload["raw"])
            fields = entry.payload["statement"]
            if statement_id not in self.statements:
                within, clock = self.closed(fields["base"]), self.clock(fields["base"])
                new = Statement(statement_id, fields, within, clock)
                self.statements[statement_id] = new
                new.fault = self.statement_fault(entry, new)
            self.statements[statement_id].carriers.add(entry.id)
            self.faults[entry.id] = self.statements[statement_id].fault
        started = self.begins(entry)
        if started:
            generation, member, card = started
            self.starts.setdefault(generation, Start(member, card)).entries.add(entry.id)
        if entry.kind != "statement":
            self.faults[entry.id] = self.fault(entry)

    # Faults (6.1)

    def fault(self, entry):
        payload, kind = entry.payload, entry.kind
        author = self.member(self.author[entry.id])
        if kind == "add-member":
            return self.reused(entry, self.past[entry.id])
        if kind == "placeholder":
            if payload["card"]["place"] not in (self.group, self.salt):
                return 13
            if payload["card"]["introducer"] is None:
                return None if payload["card"]["place"] == self.salt else 13
            return None if payload["card"]["introducer"] == author else 14
        if kind in ("claim", "adopt"):
            target = self.entries[entry.ref("target")]
            if introduces(target) is None or self.faults[target.id] is not None:
                return 12
            if kind == "adopt":
                return 15 if introduces(target) == author else None
            if target.kind != "placeholder" or target.payload["card"]["introducer"] != author:
                return 14
            return self.reused(entry, self.past[entry.id])
        if kind in ("correction", "cancellation", "restoration", "endorsement", "copy"):
            field = "original" if kind == "copy" else "target"
            allowed = MONEY if kind == "copy" else MONEY + ("copy",)
            target = self.entries[entry.ref(field)]
            if kind == "endorsement" and target.kind == "correction":
                target = self.entries[target.ref("target")]
            if target.kind not in allowed:
                return 18
        if kind == "template" and payload["change"]:
            first = self.entries[entry.header["refs"][payload["change"]["target"]]]
            if first.kind != "template" or first.payload["change"]:
                return 18
        return self.money_fault(entry)

    def money_fault(self, entry):
        money = entry.payload["content"] if entry.kind == "template" else money_of(entry)
        if money is None:
            return None
        members = [self.named(index, entry) for index in money_refs(money)]
        if None in members:
            return 12
        return 17 if "from" in money and members[0] == members[1] else None

    def statement_fault(self, entry, statement):
        if statement.is_owners():
            if statement.signer != self.owner_root:
                return 10
            if statement.kind in ("remove", "bind"):
                member = statement.body["member"]
                if member == self.owner:
                    return 11
                met = [i for i in statement.within if introduces(self.entries[i]) == member]
                if statement.kind == "bind":
                    met = [i for i in met if self.faults[i] is None]
                if not met:
                    return 12
        if statement.kind in ("bind", "enrol"):
            return self.reused(entry, statement.within)
        return None

    def keys(self, entry):
        """The keys that an entry introduces, each with what it introduces them as."""
        if entry.id not in self.known_keys:
            self.known_keys[entry.id] = self.introduced_keys(entry)
        return self.known_keys[entry.id]

    def introduced_keys(self, entry):
        found = {}
        if entry.kind == "statement" and self.statement_of(entry).kind == "enrol":
            statement = self.statement_of(entry)
            found["device", statement.body["certificate"]["device"]] = statement.id
        started = self.begins(entry)
        if started:
            generation, _, card = started
            found["root", card["root"]] = generation
            found["device", card["certificate"]["device"]] = generation
        return found

    def reused(self, entry, past):
        own = self.keys(entry)
        for other in past if own else ():
            for key, introduced in self.keys(self.entries[other]).items():
                if own.get(key, introduced) != introduced:
                    return 16
        return None


def arrive(history, entries):
    """Offers entries in the order of arrival; what waits, again after each admission.

    Returns what became of each: (outcome, rule or missing ids) by id.
    """
    outcomes, waiting = {}, {}
    for entry in entries:
        offered = [entry]
        while offered:
            entry = offered.pop()
            outcome = history.offer(entry)
            if outcome[0] == "missing":
                waiting[entry.id] = entry
            if outcome[0] != "duplicate":
                outcomes[entry.id] = outcome
            if outcome[0] == "admitted":
                free = [e for e in waiting.values() if entry.id in e.dependencies]
                offered += free
                for other in free:
                    del waiting[other.id]
    return outcomes


def money_of(entry):
    if entry.kind in MONEY:
        return entry.payload
    if entry.kind in ("correction", "copy"):
        return entry.payload["content"]
    return None
