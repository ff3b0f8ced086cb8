"""From verdicts to members, devices, balances and the state digest (SPEC 7)."""
from authority import APPLIED, carried_over
from cbor import write
from history import introduces, money_of
from keys import digest
from payload import is_incoming, money_refs


class State:
    def __init__(self, resolution):
        self.resolution = resolution
        self.history = resolution.history
        self.accepted = resolution.accepted()
        self.applied = [e for i, e in self.history.entries.items()
                        if resolution.verdicts[i] == APPLIED]
        self.name = self.last_name("rename-group", lambda s: True)
        self.name = self.name or self.history.genesis.payload["group_name"]
        self.current = sorted(g for g in self.history.starts if self.is_current(g))
        self.members = [self.describe(m) for m in sorted(resolution.members | self.referred())]
        self.devices = self.find_devices()
        self.balances = self.find_balances()

    def last_name(self, kind, about):
        names = [s.body["name"] for s in self.accepted if s.kind == kind and about(s)]
        return names[-1] if names else None

    def is_current(self, generation):
        cut = any(self.resolution.concerns(c, generation) for c in self.resolution.hard)
        return self.resolution.generation_accepted(generation) and not cut

    def referred(self):
        """Everybody to whom an applied entry refers."""
        found = set()
        for entry in self.applied:
            indexes = money_refs(money_of(entry)) if money_of(entry) else []
            if entry.kind in ("adopt", "claim"):
                indexes.append(entry.payload["target"])
            found |= {self.history.named(index, entry) for index in indexes}
            if entry.kind == "statement":
                statement = self.history.statement_of(entry)
                if statement.generation:
                    found.add(self.history.starts[statement.generation].member)
                elif "member" in statement.body:
                    found.add(statement.body["member"])
        return found

    def card_name(self, member):
        names = carried_over(self.history.genesis)
        for entry in self.history.entries.values():
            if introduces(entry):
                names[introduces(entry)] = entry.payload["card"]["name"]
        return names[member]

    def describe(self, member):
        def about(statement):
            return self.history.starts[statement.generation].member == member

        concerned = [s for s in self.accepted if s.body.get("member") == member]
        binds = [s for s in concerned if s.kind == "bind"]
        removals = [s for s in concerned if s.kind == "remove"]
        return [
            member,
            self.last_name("rename", about) or self.card_name(member),
            int(member in self.resolution.members),
            int(any(not any(r.is_within(b) for b in binds) for r in removals)),
            [list(g) for g in self.current if self.history.starts[g].member == member],
        ]

    def find_devices(self):
        enrolments = list(self.history.starts)
        # Of two enrolments of one key in one generation the last counts: a statement after
        # the card, then the larger digest.
        enrolments += sorted(s.id for s in self.history.statements.values() if s.kind == "enrol")
        found = {}
        for enrolment in enrolments:
            generation, device = self.history.generation(enrolment), None
            if generation in self.history.starts and self.resolution.enrolment_accepted(enrolment):
                device = self.history.device(enrolment)
                cuts = [self.resolution.own_cuts(k, generation, device) for k in ("revoke", "leave")]
                if generation in self.current and not any(cuts):
                    keys = self.rotated(generation, device) or self.history.certificate(enrolment)
                    found[generation, device] = [keys["exchange_generation"], keys["exchange"]]
        return [[list(g), device, *found[g, device]] for g, device in sorted(found)]

    def rotated(self, generation, device):
        """The rotation in force of a device, whichever enrolment its chain belongs to."""
        own = [e for e in self.applied if e.kind == "rotation" and e.header["device"] == device
               and self.history.generation(self.history.author[e.id]) == generation]
        return max(own, key=lambda e: e.order).payload if own else None

    def rotations_in_force(self):
        """The last applied rotation of each device that may write (SPEC 4.10, 7.1)."""
        last = {}
        for entry in sorted(self.applied, key=lambda e: e.order):
            if entry.kind == "rotation":
                enrolment = self.history.author[entry.id]
                last[self.history.generation(enrolment), self.history.device(enrolment)] = entry
        writing = {(tuple(generation), device) for generation, device, *_ in self.devices}
        return [entry for device, entry in last.items() if device in writing]

    def settings(self):
        """The settings in force, as [field, subject, value] (SPEC 4.15)."""
        last = {}
        for entry in sorted(self.applied, key=lambda e: e.order):
            if entry.kind == "setting":
                field, subject = entry.payload["field"], entry.payload["subject"]
                author = self.history.member(self.history.author[entry.id])
                if field == 2 and subject != author:
                    continue
                if field == 4 and (author, subject) not in self.users():
                    continue
                last[field, subject] = entry.payload["value"]
        return [[*key, value] for key, value in sorted(last.items())]

    def users(self):
        """The devices that may write (SPEC 7.1), each with the member of its generation."""
        return {(self.history.starts[tuple(g)].member, device) for g, device, *_ in self.devices}

    def speaks(self):
        """What devices that may write read, as [device, version, features] (SPEC 4.17)."""
        last = {}
        for entry in sorted(self.applied, key=lambda e: e.order):
            if entry.kind == "speaks":
                last[entry.header["device"]] = [entry.payload["version"], entry.payload["features"]]
        writing = {device for _, device, *_ in self.devices}
        return [[key, *said] for key, said in sorted(last.items()) if key in writing]

    def usable_epochs(self):
        """The ids of usable epoch entries, the last in order first (SPEC 11.2)."""
        history = self.history
        enrolments = {history.enrols(e) for e in history.entries.values()} - {None}
        enrolments |= set(history.starts)
        enrolled = {(history.generation(e), history.device(e)) for e in enrolments}
        cuts = [s for s in self.accepted if s.kind in ("remove", "bind", "leave")
                or s.kind == "revoke" and (s.generation, s.body["device"]) in enrolled]
        known = [{e.id} for e in self.rotations_in_force()] + [s.carriers for s in cuts]
        usable = [e for e in self.applied if e.kind == "epoch"
                  and all(any(c in history.past[e.id] for c in some) for some in known)]
        return [e.id for e in sorted(usable, key=lambda e: e.order, reverse=True)]

    def recipients(self):
        """The X25519 keys to which an epoch key is wrapped (SPEC 11.4)."""
        keys = {exchange for *_, exchange in self.devices}
        for generation in self.current:
            device = self.history.starts[generation].certificate["device"]
            if not self.resolution.own_cuts("leave", generation, device):
                keys.add(self.history.starts[generation].recovery)
        return sorted(keys)

    def find_balances(self):
        sums = {}

        def shift(currency, member, part):
            sums[currency, member] = sums.get((currency, member), 0) + part

        old = self.history.genesis.payload["predecessor"]
        for opening in old["opening"] if old else []:
            member = digest("member", opening["raw"]) if opening["raw"] else self.history.owner
            for currency, balance in opening["balances"]:
                shift(currency, member, balance)
        for entry in filter(None, self.resolution.slots.values()):
            money = money_of(entry)
            if "payers" in money:
                parts = [(ref, part) for ref, part in money["payers"]]
                parts += [(ref, -part) for ref, part in money["shares"]]
                if is_incoming(money):
                    parts = [(ref, -part) for ref, part in parts]
            else:
                parts = [(money["from"], money["amount"]), (money["to"], -money["amount"])]
            for ref, part in parts:
                shift(money["currency"], self.history.named(ref, entry), part)
        return [[c, m, b] for (c, m), b in sorted(sums.items()) if b]

    def digest(self):
        balances = [[c, m, b.to_bytes(16, "big", signed=True)] for c, m, b in self.balances]
        state = [self.history.group, self.name, self.members, self.devices, balances]
        return digest("state", write(state))

    def all_heads(self):
        """The entries that are no dependency of another one (SPEC 1.1)."""
        named = {d for e in self.history.entries.values() for d in e.dependencies}
        return sorted(i for i in self.history.entries if i not in named)
