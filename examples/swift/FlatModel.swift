// A model for a screen with a group's balances and expenses. With SwiftUI, make it
// `@MainActor @Observable`, start `follow` in `.task`, and show its properties.

import Foundation
import GroupLedger

final class FlatModel {
    struct Row: Identifiable {
        let id: String
        let name: String
        let balance: Money
    }

    let ledger: Ledger
    let group: LedgerGroup
    private(set) var members: [Member] = []
    private(set) var balances: [Row] = []
    private(set) var expenses: [ExpenseRow] = []

    init(_ ledger: Ledger, _ group: LedgerGroup) {
        self.ledger = ledger
        self.group = group
    }

    /// Reads everything that the screen shows.
    func load() async throws {
        let group = self.group
        let (members, balances, expenses) = try await onLedger {
            (try group.members(), try group.balances().now(), try group.lists().expenses(limit: 50))
        }
        let names = Dictionary(uniqueKeysWithValues: members.map { ($0.id, $0.label) })
        self.members = members
        self.expenses = expenses
        self.balances = balances.map {
            Row(
                id: $0.member.text + $0.balance.currency, name: names[$0.member] ?? "?",
                balance: $0.balance)
        }
    }

    /// Reads the next page of expenses, when the list is scrolled to its end.
    func loadMore() async throws {
        guard let after = expenses.last?.cursor else { return }
        let group = self.group
        expenses += try await onLedger { try group.lists().expenses(after: after, limit: 50) }
    }

    /// Reads everything again whenever something changed, until the task is cancelled.
    func follow() async throws {
        for await change in try ledger.changes() where change.group == (try group.id()) {
            try await load()
        }
    }

    /// Records an expense that all share.
    func addExpense(_ description: String, _ amount: Decimal, paidBy: Member) async throws {
        let (group, everybody) = (self.group, members.filter { !$0.isRemoved }.map(\.id))
        let turn = UInt64(expenses.count)
        try await onLedger {
            _ = try group.entries().recordExpense(
                expense: .equal(
                    date: Day(of: Date()), description: description, total: Money(amount, "EUR"),
                    paidBy: paidBy.id, sharedBy: everybody, turn: turn))
        }
        try await load()
    }
}
