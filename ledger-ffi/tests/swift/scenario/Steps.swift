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
    try check(members[0].isOwner && members[0].devices == 1 && members[0].joined != nil)
    let device = try only(flat.group.devices())
    try check(device.isThisDevice && device.member == flat.anna && device.enrolled != nil)
    let kinds = flat.keys.all.keys.map { String($0.split(separator: "-")[0]) }
    try same(kinds.sorted(), ["database", "device", "entropy"])
}

func recordsAnExpense(_ flat: Flat) throws {
    let total = try Money(Decimal(25), "EUR")
    flat.dinner = try flat.record(
        Expense.equal(
            date: dinnerDay, description: "Dinner", total: total, paidBy: flat.anna,
            sharedBy: [flat.anna, flat.ben], category: "food"))
    try same(flat.balances(), ["12.50", "-12.50"])
    let row = try only(flat.group.lists().expenses())
    try same(row.id, flat.dinner)
    try same(row.currentVersion.text, flat.dinner.text)
    try check(!row.isCancelled)
    try same(row.transaction.description, "Dinner")
    try same(row.transaction.date, dinnerDay)
    try same(row.total.decimal, Decimal(25))
    let balance = try only(only(flat.ledger.groups()).balances)
    try same(balance, Money(currency: "EUR", minorUnits: 1250, exponent: 2))
}

func correctsIt(_ flat: Flat) throws {
    let dearer = try flat.expense(3000, description: "Dinner and wine")
    let correction = try flat.group.entries().correct(
        expense: flat.dinner, transaction: .expense(expense: dearer))
    try same(flat.balances(), ["15.00", "-15.00"])
    let lists = flat.group.lists()
    let row = try only(lists.expenses())
    try same(row.id, flat.dinner)
    try same(row.currentVersion, correction)
    let history = try lists.history(expense: flat.dinner)
    try same(history.map(\.kind), [.correction, .original])
    try same(history[0].transaction?.description, "Dinner and wine")
    let newest = try only(lists.activity(limit: 1))
    try same(newest.expense, flat.dinner)
    try same([newest.totalBefore?.minorUnits, newest.total?.minorUnits], [2500, 3000])
    try same(newest.before?.description, "Dinner")
    let (before, after) = (newest.before!, newest.transaction!)
    let changes = try flat.group.lists().differences(before: before, after: after)
    try same(changes[0], .description(before: "Dinner", after: "Dinner and wine"))
    let english = try flat.group.lists().differencesInEnglish(before: before, after: after)
    try same(english[0], "the description was Dinner, is Dinner and wine")
}

func paysAndConfirms(_ flat: Flat) throws {
    let payment = try only(flat.group.balances().settleUp())
    try same([payment.fromMember, payment.toMember], [flat.ben, flat.anna])
    flat.payment = try flat.group.entries().recordTransfer(transfer: payment.transfer(date: Day("2026-11-22")!))
    try same(flat.balances(), ["0.00", "0.00"])
    _ = try flat.group.entries().dispute(expense: flat.payment)
    try check(!only(flat.group.lists().reviews(expense: flat.payment)).confirms)
    let shown = try only(flat.group.lists().expenses(limit: 100).filter { $0.id == flat.payment })
    _ = try flat.group.entries().confirm(expense: flat.payment, note: "thanks", version: shown.currentVersion)
    let review = try only(flat.group.lists().reviews(expense: flat.payment))
    try check(review.target == shown.currentVersion && review.current)
    try check(review.member == flat.anna && review.confirms && review.note == "thanks")
}

func cancels(_ flat: Flat) throws {
    _ = try flat.group.entries().cancel(expense: flat.payment, reason: "it bounced")
    try same(flat.balances(), ["15.00", "-15.00"])
    try same(only(flat.group.lists().expenses().filter(\.isCancelled)).id, flat.payment)
    _ = try flat.group.entries().restore(expense: flat.payment)
    try same(flat.balances(), ["0.00", "0.00"])
    _ = try flat.group.entries().cancel(expense: flat.payment, reason: "it bounced")
    let newest = try only(flat.group.lists().activity(limit: 1))
    try same(newest.kind, .cancellation)
    try same(newest.expense, flat.payment)
    try same(newest.remark, "it bounced")
    try same(newest.totalBefore?.minorUnits, 1500)
    let undone = try flat.group.entries().undo()
    try same(undone.act, newest.id)
    try same(undone.how, .restoration)
    try same(flat.group.entries().undo().how, .cancellation)
    try check(flat.group.lists().expense(entry: newest.id)?.isCancelled == true)
}

func findsAndPages(_ flat: Flat) throws {
    for day in 1...7 {
        try flat.record(flat.expense(date: Day(year: 2026, month: 10, day: day), category: "rent"))
    }
    let lists = flat.group.lists()
    let edited = try lists.expenses(limit: 100).first { $0.edit != nil }
    try check(edited?.edit?.author == flat.anna && edited?.edit?.lostEdits == 0)
    try check(lists.expenses(limit: 100).allSatisfy { $0.author == flat.anna && $0.reviews != nil })
    func found(_ filter: ExpenseFilter) throws -> Int {
        try lists.expenses(filter: filter, limit: 100).count
    }
    try same(found(ExpenseFilter()), 9)
    try same(found(ExpenseFilter(conditions: [.text(words: "wi din")])), 1)
    try same(found(ExpenseFilter(conditions: [.category(name: "rent")])), 7)
    try same(found(ExpenseFilter(conditions: [.currency(code: "JPY")])), 0)
    try same(found(ExpenseFilter(conditions: [.member(id: flat.ben)])), 9)
    let rentOfAnna: [Condition] = [.category(name: "rent"), .payer(id: flat.anna)]
    try same(found(ExpenseFilter(conditions: rentOfAnna)), 7)
    try same(found(ExpenseFilter(conditions: rentOfAnna + [.atMost(minorUnits: 1)])), 0)
    let months = try lists.totals(by: .month)
    try same(months.map(\.month), [Day("2026-10-01"), Day("2026-11-01")])
    let rent = try lists.totals(by: .category).first { $0.category == "rent" }
    try check(rent?.expenses == 7 && rent?.spent == months[0].spent)
    let people = try lists.totals(by: .member).map(\.paid.minorUnits)
    try same([people.reduce(0, +)], lists.totals(by: .currency).map(\.spent.minorUnits))
    try check(lists.categories().contains { $0.name == "rent" })
    let genesis = try lists.arrived(limit: 1)[0].id
    try check(flat.group.balances().asOf(point: .entry(id: genesis)).isEmpty)
    let openNow = try flat.group.balances().now().map(\.balance.minorUnits).filter { $0 != 0 }
    let now = try flat.group.balances().asOf(point: .day(day: Day("2026-12-31")!))
    try same(now.map(\.balance.minorUnits).sorted(), openNow.sorted())
    let secondOfOctober = AsOf.day(day: Day("2026-10-02")!)
    let then = try lists.statementAsOf(member: flat.anna, currency: "EUR", point: secondOfOctober)
    try same(then.map(\.balance.minorUnits), [2500, 1250])
    try same(found(ExpenseFilter(fromDate: Day("2026-10-02")!, toDate: Day("2026-10-04")!)), 3)
    var (pages, after): ([Int], String?) = ([], nil)
    while case let page = try lists.expenses(after: after, limit: 4), !page.isEmpty {
        pages.append(page.count)
        after = page.last?.cursor
    }
    try same(pages, [4, 4, 1])
    try same(lists.voidEntries(), [])
    try same(Set(lists.activity(limit: 100).map(\.author)), [flat.anna])
    let ofExpenses = try lists.expenses(limit: 1)[0].cursor
    try same(codeOf { _ = try lists.arrived(after: ofExpenses) }, .invalidCursor)
    let first = try lists.arrived(limit: 1)[0]
    let came = try [first] + lists.arrived(after: first.cursor, limit: 100)
    try same(UInt64(came.count), flat.group.info().entries)
    try check(came.allSatisfy(\.signedHere))
    try same(lists.unread(), Unread(entries: 0, isMore: false, read: nil))
    try flat.group.markRead(upto: came[3].cursor)
    try same(lists.unread().read, came[3].cursor)
    try flat.group.markRead()
    try same(lists.arrived(after: lists.unread().read), [])
    try same(Day("2026-10-02")?.components.month, 10)
    try same(Day("2026-10"), nil)
    let epoch = Day(of: Date(timeIntervalSince1970: 0), in: TimeZone(secondsFromGMT: 0)!)
    try same(epoch.description, "1970-01-01")
}

func showsStatementsBeforeSigning(_ flat: Flat) throws {
    let group = flat.group
    let outdated = try group.statements().propose(intent: .remove(member: flat.ben, since: nil))
    try check(outdated.text().contains("Remove Ben"))
    try same(outdated.statement(), .remove(member: flat.ben))
    _ = try group.statements().sign(proposal: group.statements().propose(intent: .rename(name: "Ben")))
    try same(group.members().map(\.label), ["Ben", "Ben (2)"])
    try same(codeOf { _ = try group.statements().sign(proposal: outdated) }, .proposalOutdated)
    _ = try group.statements().sign(proposal: group.statements().propose(intent: .renameGroup(name: "House")))
    try same(group.info().name, "House")
    let removal = try group.statements().propose(intent: .remove(member: flat.ben, since: nil))
    try same(removal.fingerprint(), nil)
    try same(removal.voids() + removal.revives(), [])
    _ = try group.statements().sign(proposal: removal)
    try check(group.members()[1].isRemoved)
}

func tellsWhatChanges(_ flat: Flat) async throws {
    let changes = try flat.ledger.changes()
    var iterator = changes.makeAsyncIterator()
    try flat.record(flat.expense())
    let first = await iterator.next()
    try same(first?.group, flat.group.id())
    try check(first?.newEntries == 1 && first?.balances == true && first?.members == false)
    try check(first?.arrivals.count == 1 && first?.arrivals.first?.signedHere == true)
    // Both are joined while nobody reads.
    try flat.record(flat.expense())
    _ = try flat.group.entries().addPlaceholder(name: "Cleo")
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
    let rows = try (0..<1000).map { Transaction.expense(expense: try flat.expense(100 + $0)) }
    try same(group.entries().recordAll(transactions: rows).count, 1000)
    let progress = Calls()
    let maintenance = group.maintenance()
    let verification = try maintenance.verifyHistory(listener: progress)
    try same(verification.problems, [])
    try same(verification.entries, group.info().entries)
    try same(verification.stateDigest, group.stateDigest())
    try check(progress.seen.contains { $0.done == verification.entries })
    let stopping = Calls { $0 < 3 }
    try same(codeOf { _ = try maintenance.verifyHistory(listener: stopping) }, .cancelled)
    try same(stopping.seen.count, 3)
    // The task that waits is cancelled, and so the check.
    let reached = DispatchSemaphore(value: 0)
    let goOn = DispatchSemaphore(value: 0)
    let task = Task {
        try await longWork(onProgress: { progress in
            if progress.done == 0 && reached.signal() >= 0 { goOn.wait() }
        }) { try maintenance.verifyHistory(listener: $0) }
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
    try flat.ledger.maintenance().backup(path: copy, listener: progress)
    try check(!progress.seen.isEmpty)
    let other = try Ledger.open(path: copy, secrets: flat.keys, create: false)
    try same(other.group(id: flat.group.id()).agreement(), flat.group.agreement())
    try other.close()
}

func countsMoneyToTheCent(_ flat: Flat) throws {
    try same(Money(Decimal(string: "12.5")!, "EUR").minorUnits, 1250)
    try same(Money(Decimal(string: "1.234")!, "KWD").decimal, Decimal(string: "1.234"))
    try same(codeOf { _ = try Money(Decimal(string: "1.505")!, "EUR") }, .invalidAmount)
    try same(["EUR", "JPY", "KWD", "beers/0"].map { try currencyExponent(currency: $0) }, [2, 0, 3, 0])
    try same(splitEqually(minorUnits: 1000, parts: 3, turn: 1), [333, 334, 333])
    let parts = [SplitPart(member: flat.anna, value: 1), SplitPart(member: flat.ben, value: 2)]
    let shares = try sharesOf(split: .weights(parts: parts), minorUnits: 900, currency: "EUR", turn: 0)
    try same(shares.map(\.minorUnits).sorted(), [300, 600])
    try flat.record(flat.expense(7, currency: "JPY"))
    let yen = try flat.group.balances().now().map(\.balance).filter { $0.currency == "JPY" }
    try same(yen.map { try formatMoney(money: $0) }.sorted(), ["-3", "0", "3"])
    let rate = try parseRate(base: "EUR", quote: "JPY", text: "160")
    let converted = try flat.group.balances().inCurrency(currency: "EUR", rates: [rate])
    try same(converted.balances.map(\.balance.minorUnits).reduce(0, +), 0)
    try same(converted.rates, [rate])
}

func keepsSettings(_ flat: Flat) throws {
    let settings = flat.group.settings()
    _ = try settings.setDefaultCurrency(currency: "EUR")
    _ = try settings.setDefaultWeight(member: flat.ben, weight: 2)
    _ = try settings.setCategories(categories: ["food", "rent"])
    _ = try settings.setRelays(relays: ["https://relay.example"])
    let found = try settings.current()
    try same(found.defaultCurrency, "EUR")
    try same(found.categories, ["food", "rent"])
    try same(found.defaultWeights, [DefaultWeight(member: flat.ben, weight: 2)])
    try same(found.relays, ["https://relay.example"])
    try same(found.proposedRelays, [])
    try same(flat.ledger.groups().first?.defaultCurrency, "EUR")
    let phone = try flat.group.devices()[0].id
    _ = try settings.setDeviceName(device: phone, name: "Anna's phone")
    try same(flat.group.devices()[0].name, "Anna's phone")
    _ = try settings.setDefaultWeight(member: flat.ben, weight: nil)
    try same(settings.current().defaultWeights, [])
}

func plansAnImport(_ flat: Flat) throws {
    let ledger = try Ledger.inMemory()
    let header = "Date,Description,Category,Cost,Currency,Anna,Ben\n"
    let tea = "2026-01-01,Tea,Food,4.00,EUR,2.00,-2.00\n"
    let cake = "2026-01-02,Cake,Food,6.00,EUR,3.00,-3.00\n"
    func plan(_ csv: String, _ target: ImportTarget) throws -> ImportPlan {
        try ledger.imports().planSplitwise(csv: Data(csv.utf8), target: target)
    }
    let look = ImportChoice(oldRows: .refuse)
    let first = try plan(header + tea + cake, .firstGroup(name: "Flat", me: 0))
    try same(first.preview(choice: look).newLines, [2, 3])
    try same(ledger.groups().count, 0)
    let done = try ledger.imports().apply(plan: first, choice: look)
    try same(done.summary.added, 2)
    try same(done.summary.differing, [])
    let dearer = tea.replacingOccurrences(of: "4.00,EUR,2.00,-2.00", with: "8.00,EUR,4.00,-4.00")
    let next = try plan(header + dearer, .group(group: done.group))
    let shown = try next.preview(choice: look)
    try same(shown.changed.map(\.line), [2])
    try same(shown.gone.count, 1)
    try same(shown.isOtherGroup, false)
    let replace = ImportChoice(oldRows: .replace)
    try same(next.preview(choice: replace).totals.map(\.differences), [[]])
    let summary = try ledger.imports().apply(plan: next, choice: replace).summary
    try same(summary.added, 1)
    try same(summary.replaced, 2)
    let balances = try ledger.group(id: done.group).balances().now().map(\.balance.minorUnits)
    try same(balances.sorted(), [-400, 400])
    // It is undone: what it replaced counts again.
    let undone = try ledger.imports().undo(group: done.group)
    try same([undone.cancelled, undone.restored, undone.kept], [1, 2, 0])
    let before = try ledger.group(id: done.group).balances().now().map(\.balance.minorUnits)
    try same(before.sorted(), [-500, 500])
    try same(ledger.group(id: done.group).lists().unfinishedImport(), nil)
    try same(ledger.groups().map(\.unfinishedImport), [nil])
    try same(ledger.isReadOnly(), false)
    // A file of another program is recognised.
    let bills =
        "date,what,bill_type,amount,currency,payer_name,payer_weight,owers\n"
        + "2026-03-01,Hut,Expense,80.0,XXX,Anna,1.0,\"Anna, Ben\"\n"
    let trip = try ledger.imports().plan(
        file: Data(bills.utf8), target: .newGroup(name: "Trip", me: 0), currency: "EUR")
    try same(trip.preview(choice: look).program, "ihatemoney")
    try same(trip.preview(choice: look).newLines, [2])
    let made = try ledger.imports().apply(plan: trip, choice: look).group
    let money = try ledger.group(id: made).balances().now().map(\.balance.minorUnits)
    try same(money.sorted(), [-4000, 4000])
}

func keepsRulesAndHints(_ flat: Flat) throws {
    let group = try Ledger.inMemory().createGroup(name: "Flat", myName: "Anna")
    let (anna, ben) = (try group.info().me!, try group.entries().addPlaceholder(name: "Ben"))
    let rule = Split.weights(parts: [
        SplitPart(member: anna, value: 2), SplitPart(member: ben, value: 1),
    ])
    let shares = try sharesOf(split: rule, minorUnits: 900, currency: "EUR", turn: 0)
    let paid = PaidIn(
        currency: "USD", minorUnits: 1000, numerator: 9, denominator: 10, source: "bank")
    let hints = Hints(tags: ["food"], receipts: [], paidIn: paid)
    var bill = try flat.expense(900, shares: shares)
    bill.payers = [Part(member: anna, minorUnits: 900)]
    func shown() throws -> (SplitKind?, Expense) {
        let row = try only(group.lists().expenses())
        guard case .expense(let expense) = row.transaction else { fatalError("a transfer") }
        return (row.split, expense)
    }
    var first = bill
    (first.split, first.hints) = (rule, hints)
    let dinner = try group.entries().recordExpense(expense: first)
    try same(shown().0, .weights)
    try same(shown().1.hints, hints)
    // A correction that says nothing of them keeps both.
    bill.description = "Supper"
    _ = try group.entries().correct(expense: dinner, transaction: .expense(expense: bill))
    try same(shown().0, .weights)
    try same(shown().1.hints, hints)
    // Other shares are not what the weights give, and no hints are none.
    let nothing = Hints(tags: [], receipts: [], paidIn: nil)
    bill.shares = [Part(member: anna, minorUnits: 1), Part(member: ben, minorUnits: 899)]
    (bill.split, bill.hints) = (rule, nothing)
    _ = try group.entries().correct(expense: dinner, transaction: .expense(expense: bill))
    try same(shown().0, .exact)
    try same(shown().1.hints, nothing)
    try check(only(group.devices()).speaks == nil)
    // A refund with a tag is found by both, and one person settles.
    var refund = first
    (refund.split, refund.direction) = (nil, .incoming)
    _ = try group.entries().recordExpense(expense: refund)
    let tagged: [Condition] = [.tag(name: "food"), .direction(direction: .incoming)]
    try same(group.lists().expenses(filter: ExpenseFilter(conditions: tagged)).count, 1)
    try same(group.lists().tags().map(\.name), ["food"])
    let payments = try group.balances().settleUpFor(member: ben)
    let recorded = try group.entries().recordPayments(
        payments: payments, date: Day("2026-11-30")!, description: "Settle-up")
    try same(recorded.count, payments.count)
    try same(group.balances().settleUpFor(member: ben), [])
}

func recurs(_ flat: Flat) throws {
    let recurring = flat.group.recurring()
    let (first, later) = (Day("2126-01-31")!, Day("2126-04-01")!)
    let monthly = RecurrenceRule(unit: .months, every: 1)
    let rent = try flat.expense(900, date: first)
    let series = try recurring.begin(transaction: .expense(expense: rent), rule: monthly)
    let row = try recurring.series(today: first)[0]
    try same(row.nextDay, first)
    try same(row.rule, monthly)
    try same(recurring.due(until: later).occurrences.map(\.number), [0, 1, 2])
    try check(recurring.record(series: series, number: 0) != nil)
    try check(recurring.record(series: series, number: 0) == nil)
    try same(recurring.recordDue(until: later).expenses.count, 2)
    try same(recurring.recordDue(until: later).expenses.count, 0)
    try same(recurring.pause(series: series, since: later, until: Day("2126-06-01")!).count, 2)
    try same(recurring.series(today: later)[0].nextDay, Day("2126-06-30")!)
    _ = try recurring.end(series: series, last: Day("2126-07-01")!)
    try check(recurring.series(today: Day("2126-07-02")!)[0].nextDay == nil)
}

func servesSeveralThreads(_ flat: Flat) async throws {
    let before = try flat.group.info().entries
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        for _ in 0..<4 {
            tasks.addTask {
                try await onLedger {
                    for _ in 0..<25 {
                        try flat.record(flat.expense())
                        _ = try flat.group.balances().now()
                        _ = try flat.group.lists().expenses(limit: 5)
                    }
                }
            }
        }
        try await tasks.waitForAll()
    }
    try same(flat.group.info().entries, before + 100)
}

func livesInMemory(_ flat: Flat) throws {
    func story() throws -> (GroupId, String) {
        let before = Date()
        let group = try Ledger.inMemory().createGroup(name: "Flat", myName: "Anna")
        _ = try group.entries().addPlaceholder(name: "Ben")
        let age = try only(group.lists().activity(limit: 1)).timestamp.timeIntervalSince(before)
        // An instant has whole milliseconds.
        try check(age > -0.002 && age < 3600)
        return (try group.id(), try group.stateDigest())
    }
    let (one, other) = (try story(), try story())
    try check(one.0 != other.0 && one.1 != other.1)
}

func changesTheAppKey(_ flat: Flat) throws {
    let (keys, path) = (Keys(), flat.folder + "/sealed.db")
    let (old, new) = (Data(count: 32), Data(repeating: 2, count: 32))
    let ledger = try Ledger.open(path: path, secrets: keys, appKey: old)
    let group = try ledger.createGroup(name: "Flat", myName: "Anna")
    let before = keys.all
    try ledger.maintenance().changeAppKey(appKey: new)
    try same(keys.all.filter { before[$0.key] != $0.value }.map { $0.key }, ["wrapping-key"])
    _ = try group.entries().addPlaceholder(name: "Ben")
    try ledger.close()
    for wrong in [old, nil] {
        try same(
            codeOf { _ = try Ledger.open(path: path, secrets: keys, appKey: wrong) }, .wrongAppKey)
    }
    let again = try Ledger.open(path: path, secrets: keys, appKey: new)
    try same(again.group(id: group.id()).members().count, 2)
    try again.close()
}

func suspendsAndResumes(_ flat: Flat) throws {
    try flat.ledger.checkpoint()
    try flat.ledger.suspend()
    try same(codeOf { _ = try flat.group.info() }, .suspended)
    try flat.ledger.resume()
    let maintenance = flat.ledger.maintenance()
    try same(maintenance.checkDatabase(), [])
    try maintenance.rebuildIndexes()
    try check(!maintenance.supportDump().contains("Flat"))
    try maintenance.releaseMemory()
}

func changesTheKey(_ flat: Flat) throws {
    let older = flat.folder + "/older.db"
    try flat.ledger.maintenance().backup(path: older)
    let (agreed, keys) = (try flat.group.agreement(), flat.keys.all)
    try flat.ledger.maintenance().rekey()
    let changed = keys.filter { flat.keys.all[$0.key] != $0.value }.keys
    try same(changed.map { $0.split(separator: "-")[0] }, ["database"])
    try same(flat.group.agreement(), agreed)
    try flat.record(flat.expense())
    // What was copied before opens with the key of then.
    try Ledger.open(path: older, secrets: Keys(keys), create: false).close()
}

func invitesAndAdmits(_ flat: Flat) throws {
    let (other, welcome) = try admitted(flat)
    try same(other.joining().enter(welcome: welcome).id(), flat.group.id())
    try same(flat.group.members().last?.name, "Cleo 0")
    try same(flat.group.invites().list().map { try $0.info().used }, [1])
    try same(flat.group.createSuccessorGroup(name: "New house").info().name, "New house")
}

func restoresThePerson(_ flat: Flat) throws {
    let words = try flat.ledger.recovery().revealPhrase()
    try same(words.split(separator: " ").count, 24)
    let phone = try Ledger.inMemory().recovery()
    try phone.restorePhrase(typed: words)
    try same(phone.revealPhrase(), words)
}

func doesNotLeak(_ flat: Flat) throws {
    func work(_ calls: Int) throws -> Int {
        for _ in 0..<(calls / 5) {
            _ = try flat.group.balances().now()
            _ = try flat.group.lists().expenses(limit: 5)
            _ = try codeOf { _ = try flat.group.lists().history(expense: nothing) }
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
    try flat.ledger.close()
    try flat.ledger.close()
    try same(codeOf { _ = try flat.group.balances().now() }, .closed)
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
    try again.close()
}
