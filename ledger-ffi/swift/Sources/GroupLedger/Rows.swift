// For lists of SwiftUI.
extension GroupOverview: Identifiable {}
extension Member: Identifiable {}
extension Device: Identifiable {}
extension ExpenseRow: Identifiable {}
extension ActivityRow: Identifiable {}
extension VersionRow: Identifiable {}
extension ReviewRow: Identifiable {}

extension Transaction {
    /// What the money was for.
    public var description: String {
        switch self {
        case .expense(let expense): return expense.description
        case .transfer(let transfer): return transfer.description
        }
    }

    /// The day of the expense or transfer.
    public var date: Day {
        switch self {
        case .expense(let expense): return expense.date
        case .transfer(let transfer): return transfer.date
        }
    }
}

extension Expense {
    /// An expense that one member paid and several share equally, to the cent.
    ///
    /// - Parameter turn: which member's share gets the odd cents; pass a number that changes,
    ///   such as a count of expenses, so that nobody is favoured.
    public static func equal(
        date: Day, description: String, total: Money, paidBy: MemberId, sharedBy: [MemberId],
        turn: UInt64 = 0, category: String? = nil, note: String? = nil
    ) throws -> Expense {
        let shares = try splitEqually(
            minorUnits: total.minorUnits, parts: UInt32(sharedBy.count), turn: turn)
        return Expense(
            date: date, description: description, currency: total.currency,
            minorUnits: total.minorUnits,
            payers: [Part(member: paidBy, minorUnits: total.minorUnits)],
            shares: zip(sharedBy, shares).filter { $0.1 > 0 }
                .map { Part(member: $0.0, minorUnits: $0.1) },
            category: category, note: note)
    }
}

extension Payment {
    /// The transfer that carries out this payment.
    public func transfer(date: Day, description: String = "") -> Transfer {
        Transfer(
            date: date, description: description, currency: money.currency,
            minorUnits: money.minorUnits, fromMember: fromMember, toMember: toMember)
    }
}
