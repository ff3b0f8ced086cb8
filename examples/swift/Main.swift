// A small terminal program with a flat's expenses. The ledger is in memory, so the program leaves
// no file behind.

import Foundation
import GroupLedger

@main
struct Main {
    static func main() async throws {
        let ledger = try Ledger.inMemory()
        let flat = FlatModel(ledger, try ledger.createGroup(name: "Flat", myName: "Anna"))
        _ = try flat.group.entries().addPlaceholder(name: "Ben")
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
