import Foundation
import GroupLedger

let noId = String(repeating: "00", count: 32)
let nobody = MemberId(noId)
let nothing = ExpenseId(noId)
let dinnerDay = Day(year: 2026, month: 11, day: 21)

struct Surprise: Error, CustomStringConvertible {
    let description: String
}

func check(_ holds: Bool, _ what: String = "", line: Int = #line) throws {
    if !holds { throw Surprise(description: "line \(line): \(what)") }
}

func same<T: Equatable>(_ found: T, _ wanted: T, line: Int = #line) throws {
    try check(found == wanted, "\(found) in place of \(wanted)", line: line)
}

func only<T>(_ list: [T], line: Int = #line) throws -> T {
    try check(list.count == 1, "\(list.count) in place of one", line: line)
    return list[0]
}

func codeOf(_ call: () throws -> Void, line: Int = #line) throws -> ErrorCode {
    do {
        try call()
    } catch let error as LedgerError {
        try check(!error.reason.isEmpty && !error.advice.isEmpty, line: line)
        return error.code
    }
    throw Surprise(description: "line \(line): this should have failed")
}

/// A secret store, as an app writes one over Keychain.
final class Keys: SecretStore, @unchecked Sendable {
    private let lock = NSLock()
    private var secrets: [String: Data]
    var error: CallbackError?

    init(_ secrets: [String: Data] = [:]) {
        self.secrets = secrets
    }

    var all: [String: Data] {
        lock.lock()
        defer { lock.unlock() }
        return secrets
    }

    func get(name: String) throws -> Data? {
        if let error { throw error }
        return all[name]
    }

    func set(name: String, secret: Data) throws {
        if let error { throw error }
        lock.lock()
        defer { lock.unlock() }
        secrets[name] = secret
    }

    func remove(name: String) throws {
        if let error { throw error }
        lock.lock()
        defer { lock.unlock() }
        secrets[name] = nil
    }
}

final class Calls: ProgressListener, @unchecked Sendable {
    var seen: [WorkProgress] = []
    let answer: (Int) throws -> Bool

    init(_ answer: @escaping (Int) throws -> Bool = { _ in true }) {
        self.answer = answer
    }

    func onProgress(progress: WorkProgress) throws -> Bool {
        seen.append(progress)
        return try answer(seen.count)
    }
}

final class Nothing: ChangeListener {
    func onChange(change: Change) throws {}
}

/// A ledger in a folder of its own, with Anna, whose phone it is, and Ben.
final class Flat: @unchecked Sendable {
    let folder: String
    let path: String
    let keys = Keys()
    let ledger: Ledger
    let group: LedgerGroup
    let anna: MemberId
    let ben: MemberId
    var dinner = nothing
    var payment = nothing
    var phones: Phones!

    init(_ folder: String, name: String = "flat.db") throws {
        self.folder = folder
        path = folder + "/" + name
        ledger = try Ledger.open(path: path, secrets: keys)
        group = try ledger.createGroup(name: "Flat", myName: "Anna")
        anna = try group.info().me!
        ben = try group.entries().addPlaceholder(name: "Ben")
    }

    func expense(
        _ minorUnits: Int64 = 2500, date: Day = dinnerDay, currency: String = "EUR",
        description: String = "Dinner", category: String = "food", shares: [Part]? = nil
    ) throws -> Expense {
        let half = try splitEqually(minorUnits: minorUnits, parts: 2, turn: 0)
        return Expense(
            date: date, description: description, currency: currency, minorUnits: minorUnits,
            payers: [Part(member: anna, minorUnits: minorUnits)],
            shares: shares ?? [
                Part(member: anna, minorUnits: half[0]), Part(member: ben, minorUnits: half[1]),
            ], category: category)
    }

    @discardableResult
    func record(_ expense: Expense) throws -> ExpenseId {
        try group.entries().recordExpense(expense: expense)
    }

    func balances() throws -> [String] {
        try group.balances().now().map { try formatMoney(money: $0.balance) }
    }
}

/// Somebody asks to join by an invite.
@discardableResult
func asks(_ flat: Flat, _ policy: InvitePolicy, people: Int = 1) throws -> Ledger {
    let link = try flat.group.invites().create(policy: policy, prefix: "https://example.org/join")
    var other = try Ledger.inMemory()
    for number in 0..<people {
        other = try Ledger.inMemory()
        let request = try other.joining().join(link: link, name: "Cleo \(number)")
        _ = try flat.ledger.joining().receiveRequest(message: request)
    }
    return other
}

/// Somebody asks to join, and is admitted.
func admitted(_ flat: Flat) throws -> (Ledger, Data) {
    let other = try asks(flat, InvitePolicy(note: "Cleo"))
    let invites = flat.group.invites()
    let request = try invites.joinRequests().last!
    let proposal = try invites.proposeAdmission(request: request)
    return (other, try invites.admit(request: request, proposal: proposal).welcome)
}
