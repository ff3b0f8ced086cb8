// A small terminal program: a flat's expenses, in memory, so that it leaves nothing behind.

import Foundation
import GroupLedger

@main
struct Main {
    static func main() async throws {
        let ledger = try Ledger.inMemory(clock: TestClock(nowMs: 1_763_700_000_000, seed: 7))
        let flat = FlatModel(ledger, try ledger.createGroup(name: "Flat", myName: "Anna"))
        _ = try flat.group.addPlaceholder(name: "Ben")
        try await flat.load()
        try await flat.addExpense("Dinner", Decimal(25), paidBy: flat.members[0])
        for row in flat.balances { print("\(row.name): \(row.balance.decimal)") }
        do {
            try await flat.addExpense("", Decimal(-1), paidBy: flat.members[0])
        } catch let error as LedgerError {
            print("\(error.code): \(error.advice)")
        }
    }
}
