import Foundation
import GroupLedger

/// An export in which that many people stand.
private func people(_ prefix: String, _ count: Int) -> Data {
    let names = (0..<count).map { "\(prefix)\($0)" }.joined(separator: ",")
    let zeros = String(repeating: ",0.00", count: count - 2)
    let row = "2026-11-21,Dinner,food,1.00,EUR,1.00,-1.00" + zeros
    return Data("Date,Description,Category,Cost,Currency,\(names)\n\n\(row)\n".utf8)
}

private let tea = "2026-01-01,Tea,Food,4.00,EUR,2.00,-2.00"

/// An export of Anna and Ben with this row.
private func row(_ row: String) -> Data {
    Data("Date,Description,Category,Cost,Currency,Anna,Ben\n\(row)\n".utf8)
}

/// A group into which a file was imported.
private func imported(_ ledger: Ledger) throws -> LedgerGroup {
    let group = try ledger.createGroup(name: "Imported", myName: "Anna")
    _ = try group.importSplitwise(csv: row(tea))
    return group
}

/// Plans an import and applies it, as if nobody had looked at the plan.
private func imports(_ ledger: Ledger, _ csv: Data, _ target: ImportTarget) throws {
    let plan = try ledger.imports().planSplitwise(csv: csv, target: target)
    _ = try ledger.imports().apply(plan: plan, choice: ImportChoice(oldRows: .refuse))
}

/// The group of Zoe, and the same group on the phone of Yan, who joined.
private func twoPhones(_ folder: String, _ name: String) throws -> (LedgerGroup, LedgerGroup) {
    let (host, other) = (try Ledger.inMemory(), try Ledger.inMemory())
    let ours = try host.createGroup(name: name, myName: "Zoe")
    let policy = InvitePolicy(note: "", requiresApproval: false)
    let link = try ours.invites().create(policy: policy, prefix: "")
    let request = try other.joining().join(link: link, name: "Yan")
    guard case .admitted(let admitted) = try host.joining().receiveRequest(message: request) else {
        throw Surprise(description: "an open invite needs no approval")
    }
    let welcome = folder + "/" + name + ".welcome"
    _ = try ours.invites().writeWelcome(admitted: admitted, path: welcome)
    return (ours, try other.joining().enterWithBundle(path: welcome).group)
}

private func sends(_ theirs: LedgerGroup, _ ours: LedgerGroup, _ folder: String) throws {
    let bundle = try folder + "/" + ours.info().name + ".bundle"
    _ = try theirs.bundles().exportFile(path: bundle)
    _ = try ours.bundles().importFile(path: bundle)
}

/// A group in which more people are than an entry can name.
private func crowds(_ folder: String) throws {
    let (ours, theirs) = try twoPhones(folder, "Crowds")
    _ = try ours.importSplitwise(csv: people("P", 600))
    _ = try theirs.importSplitwise(csv: people("Q", 600))
    try sends(theirs, ours, folder)
    let members = try ours.members().map(\.id)
    let total = Int64(members.count)
    _ = try ours.entries().recordExpense(
        expense: Expense(
            date: dinnerDay, description: "A feast", currency: "EUR", minorUnits: total,
            payers: [Part(member: members[0], minorUnits: total)],
            shares: members.map { Part(member: $0, minorUnits: 1) }))
}

func reportsEveryError(_ flat: Flat) throws {
    let (group, ledger) = (flat.group, flat.ledger)
    let (bundles, invites) = (group.bundles(), group.invites())
    let maintenance = ledger.maintenance()
    var provoked: Set<ErrorCode> = []

    func expect(_ code: ErrorCode, line: Int = #line, _ call: () throws -> Void) throws {
        try same(codeOf(call, line: line), code, line: line)
        provoked.insert(code)
    }
    func shares(_ members: MemberId...) throws {
        let parts = members.map { Part(member: $0, minorUnits: 1250) }
        try flat.record(flat.expense(shares: parts))
    }
    func opened(_ path: String, _ work: (LedgerGroup) throws -> Void) throws {
        let other = try Ledger.openWithKeyFile(path: path, keyFile: path + ".keys", create: false)
        defer { try? other.close() }
        for row in try other.groups() { try work(other.group(id: row.id)) }
    }
    func fixture(_ name: String, _ work: (LedgerGroup) throws -> Void) throws {
        try opened(fixtures + "/" + name, work)
    }
    func writes(_ group: LedgerGroup) throws { _ = try group.entries().addPlaceholder(name: "Ben") }
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
    try expect(.wrongAppKey) { try maintenance.changeAppKey(appKey: Data(count: 5)) }
    try expect(.secretsDamaged) {
        let key = Data(count: 32)
        _ = try Ledger.open(path: flat.path, secrets: flat.keys, create: false, appKey: key)
    }
    try expect(.secretsExposed) {
        let (path, keys) = (flat.folder + "/exposed.db", flat.folder + "/exposed.keys")
        try Ledger.openWithKeyFile(path: path, keyFile: keys, create: true).close()
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: keys)
        _ = try Ledger.openWithKeyFile(path: path, keyFile: keys, create: false)
    }
    try expect(.damaged) {
        let cut = flat.folder + "/cut.db"
        try Data("short".utf8).write(to: URL(fileURLWithPath: cut))
        _ = try Ledger.open(path: cut, secrets: flat.keys, create: false)
    }
    try expect(.fromTheFuture) { try fixture("future.db") { _ in } }
    try expect(.busy) { try fixture("busy.db", writes) }
    try expect(.databaseFailed) { try fixture("incomplete.db") { _ = try $0.lists().expenses() } }
    try expect(.refused) { try fixture("strange.db") { try $0.prepare() } }
    try expect(.file) { try maintenance.backup(path: flat.path) }
    try expect(.noSalt) {
        let path = flat.folder + "/shared.db"
        try Ledger.open(path: path, secrets: flat.keys, create: true, container: "shared").close()
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
        _ = try? group.maintenance().verifyHistory(listener: suspends)
        try ledger.resume()
        if let kept { throw kept }
    }
    try expect(.unknownGroup) { _ = try ledger.group(id: GroupId(noId)) }
    try expect(.unknownEntry) { _ = try group.entries().cancel(expense: nothing) }
    try expect(.unknownMember) { try shares(flat.anna, nobody) }
    try expect(.duplicateMember) { try shares(flat.anna, flat.anna) }
    try expect(.tooManyMembers) {
        let other = try ledger.createGroup(name: "Crowd", myName: "Anna")
        _ = try other.importSplitwise(csv: people("P", 1000))
        _ = try other.entries().addPlaceholder(name: "One more")
    }
    try expect(.tooManyReferences) { try crowds(flat.folder) }
    try expect(.notEnrolled) {
        let (other, welcome) = try admitted(flat)
        _ = try other.joining().enter(welcome: welcome).entries().addPlaceholder(name: "Ben")
    }
    try expect(.invalidEntry) { try flat.record(flat.expense(0)) }
    try expect(.wouldBeVoid) { _ = try group.statements().propose(intent: .remove(member: flat.anna, since: nil)) }
    try expect(.alreadyCancelled) {
        let expense = try group.entries().recordExpense(expense: flat.expense())
        _ = try group.entries().cancel(expense: expense)
        _ = try group.entries().cancel(expense: expense)
    }
    try expect(.notCancelled) {
        _ = try group.entries().restore(expense: group.entries().recordExpense(expense: flat.expense()))
    }
    try expect(.notCounted) {
        let (ours, theirs) = try twoPhones(flat.folder, "Void")
        let (zoe, yan) = (try ours.info().me!, try theirs.info().me!)
        _ = try ours.statements().sign(proposal: ours.statements().propose(intent: .remove(member: yan, since: nil)))
        let gift = try theirs.entries().recordTransfer(
            transfer: Transfer(
                date: dinnerDay, description: "", currency: "EUR", minorUnits: 1,
                fromMember: yan, toMember: zoe))
        try sends(theirs, ours, flat.folder)
        _ = try ours.entries().cancel(expense: gift)
    }
    try expect(.seriesEnded) {
        let recurring = group.recurring()
        let series = try recurring.series(today: dinnerDay)[0].id
        _ = try recurring.end(series: series, last: Day("2126-08-01")!)
    }
    try expect(.cannotBeUndone) { _ = try Ledger.inMemory().createGroup(name: "Undo", myName: "Anna").entries().undo() }
    try expect(.alreadyCounts) {
        let expense = try group.entries().recordExpense(expense: flat.expense())
        _ = try group.entries().copyVoidEntry(voidEntry: EntryId(expense.text))
    }
    try expect(.proposalOutdated) {
        let other = try ledger.createGroup(name: "Outdated", myName: "Anna")
        let ben = try other.entries().addPlaceholder(name: "Ben")
        let proposal = try other.statements().propose(intent: .remove(member: ben, since: nil))
        _ = try other.statements().sign(proposal: other.statements().propose(intent: .rename(name: "Ben")))
        _ = try other.statements().sign(proposal: proposal)
    }
    try expect(.noRootKey) {
        let less = Keys(flat.keys.all.filter { $0.key != "entropy" })
        let other = try Ledger.open(path: flat.path, secrets: less, create: false)
        defer { try? other.close() }
        _ = try other.group(id: group.id()).statements().propose(intent: .rename(name: "Zoe"))
    }
    try expect(.invalidMessage) { _ = try ledger.joining().join(link: "hello", name: "Anna") }
    try expect(.invalidJoin) {
        _ = try Ledger.inMemory().joining().enter(welcome: admitted(flat).1)
    }
    try expect(.invalidPhrase) { try Ledger.inMemory().recovery().restorePhrase(typed: "zoo zoo") }
    try expect(.pairingFailed) {
        _ = try Ledger.inMemory().pairing().startOnOldDevice(offer: Data("hello".utf8))
    }
    try expect(.invalidShare) { _ = try group.shares().sharePhrase(needed: 1, friends: [flat.anna]) }
    try expect(.unknownPerson) {
        let recovery = try Ledger.inMemory().recovery()
        _ = try recovery.request()
        try recovery.recoverFromShares(person: "12345")
    }
    try expect(.invalidApproval) {
        _ = try ledger.recovery().approveDevice(message: Data("hello".utf8))
    }
    try expect(.noKey) {
        let path = flat.folder + "/theirs.bundle"
        _ = try bundles.exportFile(path: path)
        let other = try Ledger.inMemory()
        _ = try other.createGroup(name: "Other", myName: "Zoe")
        _ = try other.recovery().restoreGroup(path: path)
    }
    try expect(.noBundle) {
        let path = flat.folder + "/photo.jpg"
        try Data((0..<5000).map { UInt8($0 % 256) }).write(to: URL(fileURLWithPath: path))
        _ = try bundles.importFile(path: path)
    }
    try expect(.otherGroup) {
        let path = flat.folder + "/other.bundle"
        let both = try Ledger.inMemory()
        _ = try both.createGroup(name: "Trip", myName: "Zoe").bundles().exportFile(path: path)
        _ = try both.createGroup(name: "House", myName: "Zoe").bundles().importFile(path: path)
    }
    try expect(.noSealingKey) {
        let (other, welcome) = try admitted(flat)
        let joined = try other.joining().enter(welcome: welcome)
        _ = try joined.bundles().exportFile(path: flat.folder + "/none.bundle")
    }
    try expect(.notConfirmed) {
        _ = try group.statements().sign(proposal: group.statements().propose(intent: .leave))
    }
    try expect(.rolledBack) {
        let path = flat.folder + "/old.db"
        try maintenance.backup(path: path)
        try flat.record(flat.expense())
        _ = try bundles.exportFile(path: flat.folder + "/handed-out.bundle")
        let other = try Ledger.open(path: path, secrets: flat.keys, create: false)
        defer { try? other.close() }
        _ = try other.group(id: group.id()).entries().recordExpense(expense: flat.expense())
    }
    try expect(.forked) {
        // Database and secrets, copied together: nothing tells the clone that it is one.
        let (path, bundle) = (flat.folder + "/clone.db", flat.folder + "/original.bundle")
        try maintenance.backup(path: path)
        let other = try Ledger.open(path: path, secrets: Keys(flat.keys.all), create: false)
        defer { try? other.close() }
        let cloned = try other.group(id: group.id())
        try flat.record(flat.expense())
        _ = try cloned.entries().recordExpense(expense: flat.expense())
        _ = try bundles.exportFile(path: bundle)
        _ = try cloned.bundles().importFile(path: bundle)
        _ = try cloned.entries().recordExpense(expense: flat.expense())
    }
    try expect(.tooManyDevices) {
        let old = try Ledger.inMemory()
        _ = try old.createGroup(name: "Flat", myName: "Zoe")
        for _ in 0..<11 { _ = try pairs(old, Ledger.inMemory(), .recordOnly) }
    }
    try expect(.unknownInvite) {
        _ = try invites.create(policy: InvitePolicy(note: ""), prefix: "")
        let invite = try invites.list().last!
        try invites.cancel(invite: invite)
        try invites.cancel(invite: invite)
    }
    try expect(.inviteExpired) {
        try asks(flat, InvitePolicy(note: "", expiresAt: Date(timeIntervalSince1970: 0)))
    }
    try expect(.inviteUsedUp) {
        try asks(flat, InvitePolicy(note: "", requiresApproval: false, maxUses: 1), people: 2)
    }
    try expect(.approvalRequired) {
        let policy = InvitePolicy(note: "", requiresApproval: false, forMember: flat.anna)
        _ = try invites.create(policy: policy, prefix: "")
    }
    try expect(.unknownRequest) {
        try asks(flat, InvitePolicy(note: ""))
        let request = try invites.joinRequests().last!
        try invites.decline(request: request)
        try invites.decline(request: request)
    }
    try expect(.needsProposal) {
        _ = try admitted(flat)
        try asks(flat, InvitePolicy(note: "", forMember: group.members().last!.id))
        _ = try invites.admit(request: invites.joinRequests().last!)
    }
    try expect(.otherPerson) {
        let other = try Ledger.inMemory()
        _ = try other.createGroup(name: "Other", myName: "Zoe")
        try ledger.recovery().restorePhrase(typed: other.recovery().revealPhrase())
    }
    try expect(.alreadyIn) {
        let link = try invites.create(policy: InvitePolicy(note: ""), prefix: "")
        _ = try ledger.joining().join(link: link, name: "Anna")
    }
    try expect(.cancelled) { _ = try group.maintenance().verifyHistory(listener: Calls { _ in false }) }
    try expect(.callbackFailed) { _ = try group.maintenance().verifyHistory(listener: throwing) }
    try expect(.invalidId) { try shares(flat.anna, MemberId("Ben")) }
    try expect(.invalidCursor) { _ = try group.lists().expenses(after: "first") }
    try expect(.invalidDate) { try flat.record(flat.expense(date: Day(year: 2026, month: 2, day: 30))) }
    try expect(.invalidCurrency) { try flat.record(flat.expense(currency: "euro")) }
    try expect(.invalidAmount) { _ = try parseMoney(text: "1.505", currency: "EUR") }
    try expect(.invalidRate) { _ = try parseRate(base: "EUR", quote: "USD", text: "0") }
    try expect(.invalidSplit) {
        _ = try sharesOf(split: .exact(parts: []), minorUnits: 500, currency: "EUR", turn: 0)
    }
    try expect(.balanceTooLarge) {
        let other = try ledger.createGroup(name: "Huge", myName: "Anna")
        let (anna, ben) = (try other.info().me!, try other.entries().addPlaceholder(name: "Ben"))
        let most = Transaction.transfer(
            transfer: Transfer(
                date: dinnerDay, description: "", currency: "EUR",
                minorUnits: 1_000_000_000_000_000, fromMember: anna, toMember: ben))
        _ = try other.entries().recordAll(transactions: Array(repeating: most, count: 9224))
        _ = try other.balances().now()
    }
    try expect(.invalidImport) { _ = try group.importSplitwise(csv: Data("hello".utf8)) }
    try expect(.importDiffers) {
        let changed = row("2026-01-01,Tea,Food,6.00,EUR,3.00,-3.00")
        _ = try imported(ledger).importSplitwise(csv: changed)
    }
    try expect(.otherGroupsFile) {
        let gas = row("2026-02-01,Gas,Home,8.00,EUR,4.00,-4.00")
        try imports(ledger, gas, .group(group: imported(ledger).info().id))
    }
    try expect(.predecessorMissing) {
        let old = try imported(ledger)
        let other = try old.createSuccessorGroup(name: "Continued")
        _ = try ledger.deleteGroup(id: old.info().id)
        _ = try other.importSplitwise(csv: row("2026-02-01,Gas,Home,8.00,EUR,4.00,-4.00"))
    }
    try expect(.emptyImport) { try imports(ledger, row(""), .newGroup(name: "Empty", me: 0)) }
    try expect(.importOutdated) {
        try imports(ledger, row(tea), .firstGroup(name: "Not the first", me: 0))
    }
    if let fullDisk {
        try expect(.diskFull) {
            let other = try Flat(fullDisk, name: "swift.db")
            let rows = try (0..<100).map { _ in Transaction.expense(expense: try other.expense()) }
            while true { _ = try other.group.entries().recordAll(transactions: rows) }
        }
    }
    if let readOnlyDisk {
        try expect(.readOnly) { try opened(readOnlyDisk + "/busy.db", writes) }
    }
    // Codes that no call of an app can provoke; tests in Rust do.
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
        _ = try ledger.group(id: GroupId("Ben"))
    } catch let error as LedgerError {
        try same(error.blame, .you)
        try check(error.reason.contains("64 hexadecimal digits"))
    }
    do {
        _ = try group.maintenance().verifyHistory(listener: throwing)
    } catch let error as LedgerError {
        try check(!"\(error)".contains("secret that must"))
    }
}
