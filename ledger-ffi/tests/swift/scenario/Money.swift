// Steps about money: by which rule it is shared, how it comes back, and what recurs otherwise.

import Foundation
import GroupLedger

/// A group of its own, in memory, with Anna and Ben.
struct Two {
    let group: Group
    let anna: MemberId
    let ben: MemberId

    init() throws {
        group = try Ledger.inMemory().createGroup(name: "Flat", myName: "Anna")
        anna = try group.info().me!
        ben = try group.entries().addPlaceholder(name: "Ben")
    }

    func parts(_ ofAnna: Int64, _ ofBen: Int64) -> [SplitPart] {
        [SplitPart(member: anna, value: ofAnna), SplitPart(member: ben, value: ofBen)]
    }

    func halves(_ minorUnits: Int64) -> [Part] {
        [anna, ben].map { Part(member: $0, minorUnits: minorUnits / 2) }
    }
}

func sharesByEveryRule(_ flat: Flat) throws {
    let two = try Two()
    let pizza = SplitItem(text: "Pizza", minorUnits: 800, parts: two.parts(1, 3))
    let rules: [(SplitKind, Split, [Int64]?)] = [
        (.equal, .equal(members: [two.anna, two.ben]), nil),
        (.percent, .percent(parts: two.parts(333_333, 666_667)), [334, 667]),
        (.exact, .exact(parts: two.parts(1, 1000)), [1, 1000]),
        // Who has nothing of it has no share.
        (.exact, .exact(parts: two.parts(0, 1001)), [0, 1001]),
        (.adjust, .adjust(parts: two.parts(-101, 0)), [450, 551]),
        (.items, .items(items: [pizza], tax: 200, tip: 1, service: 0, discount: 0), [250, 751]),
    ]
    for (kind, rule, expected) in rules {
        let shares = try sharesOf(split: rule, minorUnits: 1001, currency: "EUR", turn: 0)
        var bill = try flat.expense(1001, shares: shares)
        bill.payers = [Part(member: two.ben, minorUnits: 1001)]
        bill.split = rule
        _ = try two.group.entries().recordExpense(expense: bill)
        let row = try only(two.group.lists().expenses(limit: 1))
        guard case .expense(let expense) = row.transaction else { fatalError("a transfer") }
        func share(_ member: MemberId) -> Int64 {
            expense.shares.first { $0.member == member }?.minorUnits ?? 0
        }
        let found = [share(two.anna), share(two.ben)]
        // Odd cents of an equal split take turns.
        try same(expected == nil ? found.sorted() : found, expected ?? [500, 501])
        try same(row.split, kind)
        try same(row.myShare.minorUnits, found[0])
        try same(row.myChange.minorUnits, -found[0])
    }
}

func getsMoneyBack(_ flat: Flat) throws {
    let two = try Two()
    func bill(_ minorUnits: Int64, _ direction: Direction) throws -> Expense {
        var bill = try flat.expense(minorUnits, shares: two.halves(minorUnits))
        bill.payers = [Part(member: two.anna, minorUnits: minorUnits)]
        bill.direction = direction
        return bill
    }
    let receipt = Receipt(
        blob: Data(count: 32), size: 1, mediaType: "image/jpeg", key: Data(repeating: 1, count: 32))
    var dinner = try bill(400, .outgoing)
    dinner.hints = Hints(tags: [], receipts: [receipt], paidIn: nil)
    _ = try two.group.entries().recordExpense(expense: dinner)
    // More comes back than was paid.
    _ = try two.group.entries().recordExpense(expense: bill(1000, .incoming))
    for row in try two.group.balances().now() {
        try same(row.balance.minorUnits, row.member == two.anna ? -300 : 300)
    }
    let rows = try two.group.lists().expenses()
    try same(rows.map(\.myShare.minorUnits), [500, 200])
    try same(rows.map(\.myChange.minorUnits), [-500, 200])
    guard case .expense(let kept) = rows[1].transaction else { fatalError("a transfer") }
    try same(kept.hints?.receipts, [receipt])
    let total = try only(two.group.lists().totals(by: .currency))
    try same(total.expenses, 2)
    try same(total.spent.minorUnits, -600)
    let debt = try only(two.group.balances().debts(member: two.ben))
    try same(debt.member, two.anna)
    try same(debt.balance.minorUnits, 300)
    let payment = try only(two.group.balances().settleUpOnlyOwed())
    try same(payment.fromMember, two.anna)
    try same(payment.money.minorUnits, 300)
}

func changesASeries(_ flat: Flat) throws {
    let two = try Two()
    let recurring = two.group.recurring()
    func rent(_ minorUnits: Int64, _ date: Day) throws -> Transaction {
        var bill = try flat.expense(minorUnits, date: date, shares: two.halves(minorUnits))
        bill.payers = [Part(member: two.anna, minorUnits: minorUnits)]
        return .expense(expense: bill)
    }
    let monthly = RecurrenceRule(unit: .months, every: 1)
    let (first, march) = (Day("2126-01-31")!, Day("2126-03-01")!)
    let series = try recurring.begin(transaction: rent(900, first), rule: monthly)
    let changed = try recurring.change(
        series: series, since: march, transaction: rent(1000, first))
    try same(changed.entries.count, 1)
    try check(changed.plannedFrom == nil)
    let due = try recurring.due(until: Day("2126-04-01")!).occurrences
    try same(due.map(\.total.minorUnits), [900, 900, 1000])
    // Its first days were over when it began: they are shown, and recorded if somebody taps.
    let old = try recurring.begin(
        transaction: rent(700, Day("2024-01-15")!), rule: monthly, last: Day("2024-03-15")!)
    let passed = try recurring.passed(series: old)
    try same(passed.occurrences.map(\.number), [0, 1, 2])
    try check(!passed.hasMore)
    try same(recurring.recordDue(until: Day("2025-01-01")!).expenses, [])
    try check(recurring.record(series: old, number: 1) != nil)
    try same(recurring.passed(series: old).occurrences.map(\.number), [0, 2])
    try same(recurring.waiting(until: march).occurrences.count, 0)
}
