"""The six steps: from a history to verdicts and slots (SPEC 6), agreed heads (5.3), as of (7.3)."""
import copy

from payload import ORIGIN
from history import BIND, CARD, CLAIM, MONEY, History, introduces, money_of
from keys import digest

APPLIED, UNKNOWN = 0, 1
INTRODUCTIONS = ("add-member", "placeholder", "claim", "adopt")


class Resolution:
    def __init__(self, history):
        self.history = history
        self.all = sorted(history.statements.values(), key=lambda s: s.order)
        # Step 1: owner statements are accepted unless they have a fault.
        self.statement_verdicts = {s.id: s.fault or APPLIED for s in self.all if s.is_owners()}
        # Step 2: of these, removals and binds cut.
        self.hard = [s for s in self.accepted() if s.kind in ("remove", "bind")]
        # Step 3: self statements.
        mine = [s for s in self.all if not s.is_owners()]
        self.statement_verdicts |= {s.id: self.self_statement(s) for s in mine}
        self.own = [s for s in self.accepted() if s.kind in ("revoke", "leave")]
        # Step 4: introductions, then self statements of generations that are not accepted.
        self.cuts = {i: self.cut(e) for i, e in history.entries.items()}
        self.members, self.claims = set(), set()
        while self.accept_more():
            pass
        for s in mine:
            passed = self.statement_verdicts[s.id] == APPLIED
            if passed and not self.generation_accepted(s.generation):
                self.statement_verdicts[s.id] = 50
        # Step 5: everything else; carriers have the verdict of their statement.
        self.verdicts = {i: self.verdict(e) for i, e in history.entries.items()}
        # Step 6.
        self.slots = self.find_slots()

    def accepted(self):
        return [s for s in self.all if self.statement_verdicts.get(s.id) == APPLIED]

    # Steps 2 and 3

    def concerns(self, cut, generation):
        """Whether a hard cut concerns a generation."""
        if self.history.starts[generation].member != cut.body["member"]:
            return False
        if generation[0] != BIND:
            return True
        bind = self.history.statements[generation[1]]
        if bind is cut or cut.is_within(bind):
            return False
        return not (cut.kind == "bind" and bind.order > cut.order)

    def self_statement(self, statement):
        if statement.fault:
            return statement.fault
        start = self.history.starts.get(statement.generation)
        if start is None or start.entries.isdisjoint(statement.within):
            return 30
        if start.root != statement.signer:
            return 31
        for cut in self.hard:
            if self.concerns(cut, statement.generation) and not statement.is_within(cut):
                return 40
        return APPLIED

    def own_cuts(self, kind, generation, device):
        found = [s for s in self.own if s.kind == kind and s.generation == generation]
        return [s for s in found if kind == "leave" or s.body["device"] == device]

    def cut(self, entry):
        history = self.history
        enrolment = history.author[entry.id]
        generation, device = history.generation(enrolment), history.device(enrolment)
        if any(self.concerns(c, generation) and entry.id not in c.within for c in self.hard):
            return 40
        if any(entry.id not in c.within for c in self.own_cuts("revoke", generation, device)):
            return 41
        past = history.past[entry.id]
        if any(not c.carriers.isdisjoint(past) for c in self.own_cuts("leave", generation, device)):
            return 42
        return None

    # Step 4

    def generation_accepted(self, generation):
        kind, name = generation
        if kind == CARD:
            return name in self.members
        if kind == CLAIM:
            return name in self.claims
        return self.statement_verdicts.get(name) == APPLIED

    def enrolment_accepted(self, enrolment):
        if not isinstance(enrolment, tuple) and self.statement_verdicts[enrolment] != APPLIED:
            return False
        return self.generation_accepted(self.history.generation(enrolment))

    def standing(self, entry):
        """APPLIED, or the reason why the author of an entry may not write it: a cut, or 60."""
        if self.cuts[entry.id]:
            return self.cuts[entry.id]
        return APPLIED if self.enrolment_accepted(self.history.author[entry.id]) else 60

    def introduction(self, entry):
        if self.history.faults[entry.id]:
            return self.history.faults[entry.id]
        if entry.kind in ("add-member", "placeholder") and introduces(entry) in self.members:
            return APPLIED
        return self.standing(entry)

    def accept_more(self):
        """Runs one round of the fixpoint. Returns False once a round adds nothing."""
        before = len(self.members), len(self.claims)
        genesis = self.history.genesis
        self.members.add(introduces(genesis))
        self.members |= set(carried_over(genesis))
        self.members |= {s.body["member"] for s in self.accepted() if s.kind == "bind"}
        for entry in self.history.entries.values():
            if entry.kind not in INTRODUCTIONS or self.introduction(entry) != APPLIED:
                continue
            if entry.kind == "claim":
                self.claims.add(entry.id)
            elif entry.kind == "adopt":
                self.members.add(self.history.named(entry.payload["target"], entry))
            else:
                self.members.add(introduces(entry))
        return before != (len(self.members), len(self.claims))

    # Agreed heads

    def agreed_heads(self):
        """The heads of the entries that are not idle."""
        kept = {i for i, e in self.history.entries.items() if self.standing(e) == APPLIED}
        covered = set().union(*(self.history.past[i] for i in kept))
        return sorted(kept - covered)

    # As of an earlier point

    def as_of(self, last):
        """What the entries up to this one in the total order say, with the verdicts of all."""
        history = History(self.history.genesis)
        for entry in sorted(self.history.entries.values(), key=lambda e: e.order):
            if entry.order <= last.order:
                history.offer(entry)
        then = copy.copy(self)
        then.history = history
        come = history.statements
        then.all = sorted(come.values(), key=lambda s: s.order)
        then.hard = [come[s.id] for s in self.hard if s.id in come]
        then.own = [come[s.id] for s in self.own if s.id in come]
        then.verdicts = {i: self.verdicts[i] for i in history.entries}
        then.members = {m for e in history.entries.values() for m in then.accepts(e)}
        then.slots = then.find_slots()
        return then

    def accepts(self, entry):
        """The members whom an entry makes accepted, if it is applied."""
        if self.verdicts[entry.id] != APPLIED:
            return []
        if entry.kind == "genesis":
            return [introduces(entry), *carried_over(entry)]
        if entry.kind == "adopt":
            return [self.history.named(entry.payload["target"], entry)]
        if entry.kind == "statement":
            statement = self.history.statement_of(entry)
            return [statement.body["member"]] if statement.kind == "bind" else []
        return [introduces(entry)] if introduces(entry) else []

    def on_day(self, day):
        """The same, with those slots only that show something dated up to this day."""
        then = copy.copy(self)
        then.slots = {original: entry for original, entry in self.slots.items()
                      if entry and money_of(entry)["date"] <= day}
        return then

    # Steps 5 and 6

    def verdict(self, entry):
        if entry.kind == "unknown":
            return UNKNOWN
        if entry.kind == "statement":
            return self.statement_verdicts[self.history.statement_of(entry).id]
        if entry.kind in INTRODUCTIONS:
            return self.introduction(entry)
        return self.history.faults[entry.id] or self.standing(entry)

    def slot_of(self, entry):
        """The slot of an entry: an origin, or the id of an original without one."""
        if entry.kind in MONEY:
            return origin_of(entry) or entry.id
        if entry.kind == "copy":
            original = self.history.entries[entry.ref("original")]
            return self.slot_of(original) if original.kind in MONEY else original.id
        return self.slot_of(self.history.entries[entry.ref("target")])

    def find_slots(self):
        """The entry whose content counts, or None, by slot."""
        parts = {}
        for entry in sorted(self.history.entries.values(), key=lambda e: e.order):
            kinds = MONEY + ("copy", "correction", "cancellation", "restoration")
            if entry.kind in kinds and self.verdicts[entry.id] == APPLIED:
                parts.setdefault(self.slot_of(entry), []).append(entry)
        return {original: effective(entries) for original, entries in parts.items()}


def origin_of(entry):
    fields = dict(entry.payload["more"] or [])
    return fields.get(ORIGIN)


def effective(entries):
    """The entry whose content counts, from one slot's applied entries in the total order."""
    shown = [e for e in entries if e.kind in MONEY] or [e for e in entries if e.kind == "copy"]
    endings = [e.kind for e in entries if e.kind in ("cancellation", "restoration")]
    if not shown or endings[-1:] == ["cancellation"]:
        return None
    corrections = [e for e in entries if e.kind == "correction"]
    return corrections[-1] if corrections else shown[0]


def carried_over(genesis):
    """The names of the old group's people in a successor's genesis entry, by MemberId."""
    old = genesis.payload["predecessor"]
    opening = old["opening"][1:] if old else []
    return {digest("member", o["raw"]): o["card"]["name"] for o in opening}
