import Foundation
import GroupLedger

func createsAGroup(_ flat: Flat) throws {
    let overview = try only(flat.ledger.groups())
    try same(overview.name, "Flat")
    try same(overview.me, flat.anna)
    try same(overview.members, 2)
    try same(overview.balances, [])
    try check(overview.lastActivity > Date(timeIntervalSince1970: 1_700_000_000))
    let members = try flat.group.members()
    try same(members.map(\.label), ["Anna", "Ben"])
    try same(members.map(\.isMe), [true, false])
    try check(members[1].isPlaceholder)
    let device = try only(flat.group.devices())
    try check(device.isThisDevice && device.member == flat.anna)
    let kinds = flat.keys.all.keys.map { String($0.split(separator: "-")[0]) }
    try same(kinds.sorted(), ["database", "device", "entropy"])
}

func recordsAnExpense(_ flat: Flat) throws {
    let total = try Money(Decimal(25), "EUR")
    flat.dinner = try flat.record(
        Expense.equal(
            date: "2026-11-21", description: "Dinner", total: total, paidBy: flat.anna,
            sharedBy: [flat.anna, flat.ben], category: "food"))
    try same(flat.balances(), ["12.50", "-12.50"])
    let row = try only(flat.group.expenses())
    try same([row.id, row.shown], [flat.dinner, flat.dinner])
    try check(!row.isCancelled)
    try same(row.details.description, "Dinner")
    try same(row.total.decimal, Decimal(25))
    let balance = try only(only(flat.ledger.groups()).balances)
    try same(balance, Money(currency: "EUR", minorUnits: 1250, exponent: 2))
}

func correctsIt(_ flat: Flat) throws {
    let dearer = try flat.expense(3000, description: "Dinner and wine")
    let correction = try flat.group.correct(
        original: flat.dinner, details: .expense(expense: dearer))
    try same(flat.balances(), ["15.00", "-15.00"])
    let row = try only(flat.group.expenses())
    try same([row.id, row.shown], [flat.dinner, correction])
    let history = try flat.group.history(original: flat.dinner)
    try same(history.map(\.role), [.correction, .original])
    try same(history[0].details?.description, "Dinner and wine")
    let newest = try only(flat.group.activity(limit: 1))
    try same([newest.totalBefore?.minorUnits, newest.total?.minorUnits], [2500, 3000])
    try same(newest.before?.description, "Dinner")
}

func paysAndConfirms(_ flat: Flat) throws {
    let payment = try only(flat.group.settleUp())
    try same([payment.fromMember, payment.toMember], [flat.ben, flat.anna])
    flat.payment = try flat.group.recordTransfer(transfer: payment.transfer(date: "2026-11-22"))
    try same(flat.balances(), ["0.00", "0.00"])
    _ = try flat.group.endorse(target: flat.payment, confirms: true, note: "thanks")
    let opinion = try only(flat.group.opinions(original: flat.payment))
    try check(opinion.member == flat.anna && opinion.confirms && opinion.note == "thanks")
}

func cancels(_ flat: Flat) throws {
    _ = try flat.group.cancel(original: flat.payment, reason: "it bounced")
    try same(flat.balances(), ["15.00", "-15.00"])
    try same(only(flat.group.expenses().filter(\.isCancelled)).id, flat.payment)
    let newest = try only(flat.group.activity(limit: 1))
    try same(newest.kind, .cancellation)
    try same([newest.target, newest.remark], [flat.payment, "it bounced"])
    try same(newest.totalBefore?.minorUnits, 1500)
}

func findsAndPages(_ flat: Flat) throws {
    for day in 1...7 {
        try flat.record(flat.expense(date: "2026-10-0\(day)", category: "rent"))
    }
    func found(_ filter: ExpenseFilter) throws -> Int {
        try flat.group.expenses(filter: filter, limit: 100).count
    }
    try same(found(ExpenseFilter()), 9)
    try same(found(ExpenseFilter(by: .text(words: "wi din"))), 1)
    try same(found(ExpenseFilter(by: .category(name: "rent"))), 7)
    try same(found(ExpenseFilter(by: .currency(code: "JPY"))), 0)
    try same(found(ExpenseFilter(by: .member(id: flat.ben))), 9)
    try same(found(ExpenseFilter(fromDate: "2026-10-02", toDate: "2026-10-04")), 3)
    var (pages, after): ([Int], String?) = ([], nil)
    while case let page = try flat.group.expenses(after: after, limit: 4), !page.isEmpty {
        pages.append(page.count)
        after = page.last?.cursor
    }
    try same(pages, [4, 4, 1])
    try same(flat.group.voidEntries(), [])
    try same(Set(flat.group.activity(limit: 100).map(\.author)), [flat.anna])
    try same(day("2026-10-02")?.month, 10)
    try same(day(of: Date(timeIntervalSince1970: 0), in: TimeZone(secondsFromGMT: 0)!), "1970-01-01")
}

func showsActsBeforeSigning(_ flat: Flat) throws {
    let group = flat.group
    let outdated = try group.propose(act: .remove(member: flat.ben, since: nil))
    try check(outdated.text().contains("Remove Ben"))
    _ = try group.sign(proposal: group.propose(act: .rename(name: "Ben")))
    try same(group.members().map(\.label), ["Ben", "Ben (2)"])
    try same(codeOf { _ = try group.sign(proposal: outdated) }, .proposalOutdated)
    _ = try group.sign(proposal: group.propose(act: .renameGroup(name: "House")))
    try same(group.info().name, "House")
    let removal = try group.propose(act: .remove(member: flat.ben, since: nil))
    try same(removal.fingerprint(), nil)
    try same(removal.voids() + removal.revives(), [])
    _ = try group.sign(proposal: removal)
    try check(group.members()[1].isRemoved)
}

func tellsWhatChanges(_ flat: Flat) async throws {
    let changes = try flat.ledger.changes()
    var iterator = changes.makeAsyncIterator()
    try flat.record(flat.expense())
    let first = await iterator.next()
    try same(first?.group, flat.group.id())
    try check(first?.newEntries == 1 && first?.balances == true && first?.members == false)
    // Both are joined while nobody reads.
    try flat.record(flat.expense())
    _ = try flat.group.addPlaceholder(name: "Cleo")
    var change = await iterator.next()
    while change?.members == false { change = await iterator.next() }
    try same(change?.members, true)
    let reader = Task {
        for await _ in changes {}
        return true
    }
    reader.cancel()
    try await same(reader.value, true)
}

func verifiesAndCancelsALongCheck(_ flat: Flat) async throws {
    let group = flat.group
    let rows = try (0..<1000).map { Details.expense(expense: try flat.expense(100 + $0)) }
    try same(group.recordAll(all: rows).count, 1000)
    let progress = Calls()
    let verification = try group.verify(listener: progress)
    try same(verification.problems, [])
    try same(verification.entries, group.info().entries)
    try same(verification.stateDigest, group.stateDigest())
    try check(progress.seen.contains { $0.done == verification.entries })
    let stopping = Calls { $0 < 3 }
    try same(codeOf { _ = try group.verify(listener: stopping) }, .cancelled)
    try same(stopping.seen.count, 3)
    // The task that waits is cancelled, and so the check.
    let reached = DispatchSemaphore(value: 0)
    let goOn = DispatchSemaphore(value: 0)
    let task = Task {
        try await longWork(onProgress: { progress in
            if progress.done == 0 && reached.signal() >= 0 { goOn.wait() }
        }) { try group.verify(listener: $0) }
    }
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
        DispatchQueue.global().async {
            reached.wait()
            task.cancel()
            for _ in 0..<16 { goOn.signal() }
            done.resume()
        }
    }
    do {
        _ = try await task.value
        throw Surprise(description: "the check was not cancelled")
    } catch is CancellationError {}
}

func backsUp(_ flat: Flat) throws {
    let copy = flat.folder + "/copy.db"
    let progress = Calls()
    try flat.ledger.backup(path: copy, listener: progress)
    try check(!progress.seen.isEmpty)
    let other = try Ledger.open(path: copy, secrets: flat.keys, create: false)
    try same(other.group(id: flat.group.id()).agreement(), flat.group.agreement())
    try other.shutDown()
}

func countsMoneyToTheCent(_ flat: Flat) throws {
    try same(Money(Decimal(string: "12.5")!, "EUR").minorUnits, 1250)
    try same(Money(Decimal(string: "1.234")!, "KWD").decimal, Decimal(string: "1.234"))
    try same(codeOf { _ = try Money(Decimal(string: "1.505")!, "EUR") }, .invalidAmount)
    try same(["EUR", "JPY", "KWD"].map { try currencyExponent(currency: $0) }, [2, 0, 3])
    try same(splitEqually(minorUnits: 1000, parts: 3, turn: 1), [333, 334, 333])
    try flat.record(flat.expense(7, currency: "JPY"))
    let yen = try flat.group.balances().map(\.balance).filter { $0.currency == "JPY" }
    try same(yen.map { try formatMoney(money: $0) }.sorted(), ["-3", "0", "3"])
}

func servesSeveralThreads(_ flat: Flat) async throws {
    let before = try flat.group.info().entries
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        for _ in 0..<4 {
            tasks.addTask {
                try await onLedger {
                    for _ in 0..<25 {
                        try flat.record(flat.expense())
                        _ = try flat.group.balances()
                        _ = try flat.group.expenses(limit: 5)
                    }
                }
            }
        }
        try await tasks.waitForAll()
    }
    try same(flat.group.info().entries, before + 100)
}

func livesInMemory(_ flat: Flat) throws {
    func story() throws -> [String] {
        let clock = try TestClock(nowMs: 1_763_700_000_000, seed: 7)
        let group = try Ledger.inMemory(clock: clock).createGroup(name: "Flat", myName: "Anna")
        try clock.set(nowMs: 1_763_700_060_000)
        _ = try group.addPlaceholder(name: "Ben")
        let newest = try only(group.activity(limit: 1))
        try same(newest.timestamp, Date(timeIntervalSince1970: 1_763_700_060))
        return [try group.id(), try group.stateDigest()]
    }
    try same(story(), story())
}

func changesTheAppKey(_ flat: Flat) throws {
    let (keys, path) = (Keys(), flat.folder + "/sealed.db")
    let (old, new) = (Data(count: 32), Data(repeating: 2, count: 32))
    let ledger = try Ledger.open(path: path, secrets: keys, appKey: old)
    let group = try ledger.createGroup(name: "Flat", myName: "Anna")
    let before = keys.all
    try ledger.changeAppKey(appKey: new)
    try same(keys.all.filter { before[$0.key] != $0.value }.map { $0.key }, ["wrapping-key"])
    _ = try group.addPlaceholder(name: "Ben")
    try ledger.shutDown()
    for wrong in [old, nil] {
        try same(
            codeOf { _ = try Ledger.open(path: path, secrets: keys, appKey: wrong) }, .wrongAppKey)
    }
    let again = try Ledger.open(path: path, secrets: keys, appKey: new)
    try same(again.group(id: group.id()).members().count, 2)
    try again.shutDown()
}

func suspendsAndResumes(_ flat: Flat) throws {
    try flat.ledger.checkpoint()
    try flat.ledger.suspend()
    try same(codeOf { _ = try flat.group.info() }, .suspended)
    try flat.ledger.resume()
    try same(flat.ledger.check(), [])
    try flat.ledger.rebuild()
    try check(!flat.ledger.supportDump().contains("Flat"))
}

func changesTheKey(_ flat: Flat) throws {
    let older = flat.folder + "/older.db"
    try flat.ledger.backup(path: older)
    let (agreed, keys) = (try flat.group.agreement(), flat.keys.all)
    try flat.ledger.rekey()
    let changed = keys.filter { flat.keys.all[$0.key] != $0.value }.keys
    try same(changed.map { $0.split(separator: "-")[0] }, ["database"])
    try same(flat.group.agreement(), agreed)
    try flat.record(flat.expense())
    // What was copied before opens with the key of then.
    try Ledger.open(path: older, secrets: Keys(keys), create: false).shutDown()
}

func invitesAndAdmits(_ flat: Flat) throws {
    let (other, answer) = try answered(flat)
    try same(other.finishJoin(answer: answer).id(), flat.group.id())
    try same(flat.group.members().last?.name, "Cleo 0")
    try same(flat.group.invites().map { try $0.info().used }, [1])
    try same(flat.group.foundSuccessor(name: "New house").info().name, "New house")
}

func restoresThePerson(_ flat: Flat) throws {
    let words = try flat.ledger.revealPhrase()
    try same(words.split(separator: " ").count, 24)
    let phone = try memory()
    try phone.restorePhrase(typed: words)
    try same(phone.revealPhrase(), words)
}

func doesNotLeak(_ flat: Flat) throws {
    func work(_ calls: Int) throws -> Int {
        for _ in 0..<(calls / 5) {
            _ = try flat.group.balances()
            _ = try flat.group.expenses(limit: 5)
            _ = try codeOf { _ = try flat.group.history(original: nobody) }
            _ = try flat.ledger.group(id: flat.group.id()).info()
            _ = try parseMoney(text: "12.50", currency: "EUR")
        }
        let statm = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        return Int(statm.split(separator: " ")[1])! * 4096
    }
    let sizes = try (0..<4).map { _ in try work(10_000) }
    let grown = zip(sizes.dropFirst(), sizes).map { $0 - $1 }
    // A leak grows each time.
    try check(grown.min()! < 1 << 20, "10,000 calls cost \(grown) bytes")
}

func refusesCallsAfterClosing(_ flat: Flat) throws {
    let watch = try flat.ledger.watch(listener: Nothing())
    try flat.ledger.shutDown()
    try flat.ledger.shutDown()
    try same(codeOf { _ = try flat.group.balances() }, .closed)
    try same(codeOf { _ = try flat.ledger.groups() }, .closed)
    try same(codeOf { _ = try flat.group.info() }, .closed)
    try check(watch.isStopped())
}

func opensAgain(_ flat: Flat) throws {
    let again = try Ledger.open(path: flat.path, secrets: flat.keys, create: false)
    let id = try flat.group.id()
    let group = try again.group(id: id)
    try group.prepare(listener: Calls())
    try same(group.info().name, "House")
    try same(group.stateDigest().count, 64)
    try again.deleteGroup(id: id)
    try same(codeOf { _ = try again.group(id: id) }, .unknownGroup)
    try again.shutDown()
}
