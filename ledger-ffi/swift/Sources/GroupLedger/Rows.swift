// For lists of SwiftUI.
extension GroupOverview: Identifiable {}
extension Member: Identifiable {}
extension Device: Identifiable {}
extension ExpenseRow: Identifiable {}
extension ActivityRow: Identifiable {}
extension VersionRow: Identifiable {}
extension OpinionRow: Identifiable {}

extension Details {
    /// What it was for.
    public var description: String {
        switch self {
        case .expense(let expense): return expense.description
        case .transfer(let transfer): return transfer.description
        }
    }
}

extension Expense {
    /// An expense that one member paid and several share equally, to the cent.
    ///
    /// - Parameter turn: whose turn the odd cents are; pass something that changes.
    public static func equal(
        date: String, description: String, total: Money, paidBy: String, sharedBy: [String],
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
    /// The transfer that carries this payment out.
    public func transfer(date: String, description: String = "") -> Transfer {
        Transfer(
            date: date, description: description, currency: money.currency,
            minorUnits: money.minorUnits, fromMember: fromMember, toMember: toMember)
    }
}
