import Foundation
import GroupLedger

/// An export in which that many people stand.
private func people(_ prefix: String, _ count: Int) -> Data {
    let names = (0..<count).map { "\(prefix)\($0)" }.joined(separator: ",")
    let zeros = String(repeating: ",0.00", count: count - 2)
    let row = "2026-11-21,Dinner,food,1.00,EUR,1.00,-1.00" + zeros
    return Data("Date,Description,Category,Cost,Currency,\(names)\n\n\(row)\n".utf8)
}

/// A group in which more people are than an entry can name.
private func crowds(_ folder: String) throws {
    let (host, other) = (try memory(8), try memory(9))
    let ours = try host.createGroup(name: "Crowds", myName: "Zoe")
    let link = try ours.invite(policy: InvitePolicy(label: "", asks: false), prefix: "")
    let request = try other.join(link: link, name: "Yan")
    guard case .admitted(let admitted) = try host.receiveRequest(message: request) else {
        throw Surprise(description: "an open invite asks nobody")
    }
    let (welcome, bundle) = (folder + "/crowds.welcome", folder + "/crowds.bundle")
    _ = try ours.writeAnswer(admitted: admitted, path: welcome)
    let theirs = try other.finishJoinFrom(path: welcome).group
    _ = try ours.importSplitwise(csv: people("P", 600))
    _ = try theirs.importSplitwise(csv: people("Q", 600))
    _ = try theirs.exportBundle(path: bundle)
    _ = try ours.importBundle(path: bundle)
    let members = try ours.members().map(\.id)
    let total = Int64(members.count)
    _ = try ours.recordExpense(
        expense: Expense(
            date: "2026-11-21", description: "A feast", currency: "EUR", minorUnits: total,
            payers: [Part(member: members[0], minorUnits: total)],
            shares: members.map { Part(member: $0, minorUnits: 1) }))
}

func reportsEveryError(_ flat: Flat) throws {
    let (group, ledger) = (flat.group, flat.ledger)
    var provoked: Set<ErrorCode> = []

    func expect(_ code: ErrorCode, line: Int = #line, _ call: () throws -> Void) throws {
        try same(codeOf(call, line: line), code, line: line)
        provoked.insert(code)
    }
    func shares(_ members: String...) throws {
        let parts = members.map { Part(member: $0, minorUnits: 1250) }
        try flat.record(flat.expense(shares: parts))
    }
    func opened(_ path: String, _ work: (LedgerGroup) throws -> Void) throws {
        let other = try Ledger.openWithKeyFile(path: path, keyFile: path + ".keys", create: false)
        defer { try? other.shutDown() }
        for row in try other.groups() { try work(other.group(id: row.id)) }
    }
    func fixture(_ name: String, _ work: (LedgerGroup) throws -> Void) throws {
        try opened(fixtures + "/" + name, work)
    }
    func writes(_ group: LedgerGroup) throws { _ = try group.addPlaceholder(name: "Ben") }
    struct Secret: Error { let text = "a secret that must not be passed on" }
    let throwing = Calls { _ in throw Secret() }

    try expect(.notFound) {
        _ = try Ledger.open(path: flat.folder + "/nowhere.db", secrets: flat.keys, create: false)
    }
    try expect(.wrongKey) { _ = try Ledger.open(path: flat.path, secrets: Keys(), create: false) }
    try expect(.secretsFailed) {
        flat.keys.error = .Locked
        defer { flat.keys.error = nil }
        try flat.record(flat.expense())
    }
    try expect(.wrongAppKey) { try ledger.changeAppKey(appKey: Data(count: 5)) }
    try expect(.secretsDamaged) {
        let key = Data(count: 32)
        _ = try Ledger.open(path: flat.path, secrets: flat.keys, create: false, appKey: key)
    }
    try expect(.damaged) {
        let cut = flat.folder + "/cut.db"
        try Data("short".utf8).write(to: URL(fileURLWithPath: cut))
        _ = try Ledger.open(path: cut, secrets: flat.keys, create: false)
    }
    try expect(.fromTheFuture) { try fixture("future.db") { _ in } }
    try expect(.busy) { try fixture("busy.db", writes) }
    try expect(.databaseFailed) { try fixture("incomplete.db") { _ = try $0.expenses() } }
    try expect(.refused) { try fixture("strange.db") { try $0.prepare() } }
    try expect(.file) { try ledger.backup(path: flat.path) }
    try expect(.noSalt) {
        let path = flat.folder + "/shared.db"
        try Ledger.open(path: path, secrets: flat.keys, create: true, container: "shared").shutDown()
        _ = try Ledger.open(path: path, secrets: flat.keys, create: false)
    }
    try expect(.suspended) {
        try ledger.suspend()
        defer { try? ledger.resume() }
        _ = try group.info()
    }
    try expect(.stillInUse) {
        var kept: Error?
        let suspends = Calls { _ in
            if kept == nil {
                do { try ledger.suspend() } catch { kept = error }
            }
            return true
        }
        _ = try? group.verify(listener: suspends)
        try ledger.resume()
        if let kept { throw kept }
    }
    try expect(.unknownGroup) { _ = try ledger.group(id: nobody) }
    try expect(.unknownEntry) { _ = try group.cancel(original: nobody) }
    try expect(.unknownMember) { try shares(flat.anna, nobody) }
    try expect(.duplicateMember) { try shares(flat.anna, flat.anna) }
    try expect(.tooManyMembers) {
        let other = try ledger.createGroup(name: "Crowd", myName: "Anna")
        _ = try other.importSplitwise(csv: people("P", 999))
        _ = try other.addPlaceholder(name: "One more")
    }
    try expect(.tooManyReferences) { try crowds(flat.folder) }
    try expect(.notEnrolled) {
        let (other, answer) = try answered(flat)
        _ = try other.finishJoin(answer: answer).addPlaceholder(name: "Ben")
    }
    try expect(.invalidEntry) { try flat.record(flat.expense(0)) }
    try expect(.wouldBeVoid) { _ = try group.propose(act: .remove(member: flat.anna, since: nil)) }
    try expect(.proposalOutdated) {
        let other = try ledger.createGroup(name: "Outdated", myName: "Anna")
        let ben = try other.addPlaceholder(name: "Ben")
        let proposal = try other.propose(act: .remove(member: ben, since: nil))
        _ = try other.sign(proposal: other.propose(act: .rename(name: "Ben")))
        _ = try other.sign(proposal: proposal)
    }
    try expect(.noRootKey) {
        let less = Keys(flat.keys.all.filter { $0.key != "entropy" })
        let other = try Ledger.open(path: flat.path, secrets: less, create: false)
        defer { try? other.shutDown() }
        _ = try other.group(id: group.id()).propose(act: .rename(name: "Zoe"))
    }
    try expect(.invalidMessage) { _ = try ledger.join(link: "hello", name: "Anna") }
    try expect(.invalidJoin) { _ = try memory().finishJoin(answer: answered(flat).1) }
    try expect(.invalidPhrase) { try memory().restorePhrase(typed: "zoo zoo") }
    try expect(.pairingFailed) { _ = try memory().pairAsOld(offer: Data("hello".utf8)) }
    try expect(.invalidShare) { _ = try group.sharePhrase(needed: 1, friends: [flat.anna]) }
    try expect(.invalidEnrolment) { _ = try ledger.carryEnrolment(message: Data("hello".utf8)) }
    try expect(.noKey) {
        let path = flat.folder + "/theirs.bundle"
        _ = try group.exportBundle(path: path)
        let other = try memory(5)
        _ = try other.createGroup(name: "Other", myName: "Zoe")
        _ = try other.restoreGroup(path: path)
    }
    try expect(.noSealingKey) {
        let (other, answer) = try answered(flat)
        _ = try other.finishJoin(answer: answer).exportBundle(path: flat.folder + "/none.bundle")
    }
    try expect(.oldCopy) {
        let path = flat.folder + "/old.db"
        try ledger.backup(path: path)
        try flat.record(flat.expense())
        _ = try group.exportBundle(path: flat.folder + "/handed-out.bundle")
        let other = try Ledger.open(path: path, secrets: flat.keys, create: false)
        defer { try? other.shutDown() }
        _ = try other.group(id: group.id()).recordExpense(expense: flat.expense())
    }
    try expect(.forked) {
        // Database and secrets, copied together: nothing tells the clone that it is one.
        let (path, bundle) = (flat.folder + "/clone.db", flat.folder + "/original.bundle")
        try ledger.backup(path: path)
        let other = try Ledger.open(path: path, secrets: Keys(flat.keys.all), create: false)
        defer { try? other.shutDown() }
        let cloned = try other.group(id: group.id())
        try flat.record(flat.expense())
        _ = try cloned.recordExpense(expense: flat.expense())
        _ = try group.exportBundle(path: bundle)
        _ = try cloned.importBundle(path: bundle)
        _ = try cloned.recordExpense(expense: flat.expense())
    }
    try expect(.tooManyDevices) {
        let old = try memory(7)
        _ = try old.createGroup(name: "Flat", myName: "Zoe")
        for seed in 0..<11 { _ = try pairs(old, memory(100 + UInt64(seed)), .highSecurity) }
    }
    try expect(.unknownInvite) {
        _ = try group.invite(policy: InvitePolicy(label: ""), prefix: "")
        let invite = try group.invites().last!
        try group.cancelInvite(invite: invite)
        try group.cancelInvite(invite: invite)
    }
    try expect(.inviteExpired) { try asks(flat, InvitePolicy(label: "", expiresMs: 1)) }
    try expect(.inviteUsedUp) { try asks(flat, InvitePolicy(label: "", asks: false, uses: 1), people: 2) }
    try expect(.inviteMustAsk) {
        _ = try group.invite(
            policy: InvitePolicy(label: "", asks: false, claims: flat.anna), prefix: "")
    }
    try expect(.unknownRequest) {
        try asks(flat, InvitePolicy(label: ""))
        let request = try group.requests().last!
        try group.decline(request: request)
        try group.decline(request: request)
    }
    try expect(.needsProposal) {
        _ = try answered(flat)
        try asks(flat, InvitePolicy(label: "", claims: group.members().last!.id))
        _ = try group.admit(request: group.requests().last!)
    }
    try expect(.otherPerson) {
        let other = try memory(5)
        _ = try other.createGroup(name: "Other", myName: "Zoe")
        try ledger.restorePhrase(typed: other.revealPhrase())
    }
    try expect(.alreadyIn) {
        let link = try group.invite(policy: InvitePolicy(label: ""), prefix: "")
        _ = try ledger.join(link: link, name: "Anna")
    }
    try expect(.cancelled) { _ = try group.verify(listener: Calls { _ in false }) }
    try expect(.callbackFailed) { _ = try group.verify(listener: throwing) }
    try expect(.invalidId) { try shares(flat.anna, "Ben") }
    try expect(.invalidCursor) { _ = try group.expenses(after: "first") }
    try expect(.invalidDate) { try flat.record(flat.expense(date: "2026-02-30")) }
    try expect(.invalidCurrency) { try flat.record(flat.expense(currency: "euro")) }
    try expect(.invalidAmount) { _ = try parseMoney(text: "1.505", currency: "EUR") }
    try expect(.balanceTooLarge) {
        let other = try ledger.createGroup(name: "Huge", myName: "Anna")
        let (anna, ben) = (try other.info().me!, try other.addPlaceholder(name: "Ben"))
        let most = Details.transfer(
            transfer: Transfer(
                date: "2026-11-21", description: "", currency: "EUR",
                minorUnits: 1_000_000_000_000_000, fromMember: anna, toMember: ben))
        _ = try other.recordAll(all: Array(repeating: most, count: 9224))
        _ = try other.balances()
    }
    try expect(.invalidImport) { _ = try group.importSplitwise(csv: Data("hello".utf8)) }
    if let fullDisk {
        try expect(.diskFull) {
            let other = try Flat(fullDisk, name: "swift.db")
            let rows = try (0..<100).map { _ in Details.expense(expense: try other.expense()) }
            while true { _ = try other.group.recordAll(all: rows) }
        }
    }
    if let readOnlyDisk {
        try expect(.readOnly) { try opened(readOnlyDisk + "/busy.db", writes) }
    }
    // What nothing that an app does can bring about; tests in Rust do.
    let slugs = try String(contentsOfFile: fixtures + "/unreachable.txt", encoding: .utf8)
        .split(separator: "\n").map { $0.split(separator: " ")[0].replacingOccurrences(of: "-", with: "") }
    let unreachable = Set(ErrorCode.allCases.filter { slugs.contains("\($0)".lowercased()) })
    try same(unreachable.count, slugs.count)
    try same(unreachable.intersection(provoked), [])
    let disks: Set<ErrorCode> = fullDisk == nil ? [.diskFull, .readOnly] : []
    for code in disks { print("!!! SKIPPED: \(code), which needs a disk that root mounts") }
    // The next step closes the ledger.
    try same(Set(ErrorCode.allCases).subtracting(provoked).subtracting(unreachable).subtracting(disks), [.closed])
    do {
        _ = try ledger.group(id: "Ben")
    } catch let error as LedgerError {
        try same(error.blame, .you)
        try check(error.reason.contains("64 hexadecimal digits"))
    }
    do {
        _ = try group.verify(listener: throwing)
    } catch let error as LedgerError {
        try check(!"\(error)".contains("secret that must"))
    }
}
