// Several phones that never talk to a server: files and messages go back and forth.

import Foundation
import GroupLedger

private var numbers = 0

/// Somebody's phone, with its own database and keys.
final class Phone {
    let folder: String
    let path: String
    let keys: Keys
    var ledger: Ledger
    var group: LedgerGroup!
    var exported: BundleExport!

    init(_ folder: String, _ name: String, _ keys: Keys = Keys()) throws {
        self.folder = folder
        self.keys = keys
        path = folder + "/" + name + ".phone"
        ledger = try Ledger.open(path: path, secrets: keys)
    }

    func me() throws -> MemberId { try group.info().me! }

    /// What this phone's person paid for everybody who is there.
    func expense(_ description: String, _ minorUnits: Int64) throws -> Expense {
        try Expense.equal(
            date: dinnerDay, description: description,
            total: Money(currency: "EUR", minorUnits: minorUnits, exponent: 2), paidBy: me(),
            sharedBy: group.members().filter { !$0.isRemoved }.map(\.id))
    }

    @discardableResult
    func record(_ description: String, _ minorUnits: Int64) throws -> ExpenseId {
        try group.entries().recordExpense(expense: expense(description, minorUnits))
    }

    func file(_ what: String) -> String {
        numbers += 1
        return "\(folder)/\(numbers).\(what)"
    }

    func bundle(summary: Data? = nil, listener: ProgressListener? = nil) throws -> String {
        let path = file("bundle")
        exported = try group.bundles().exportFile(
            path: path, summary: summary, listener: listener)
        return path
    }

    @discardableResult
    func take(_ other: Phone) throws -> BundleImport {
        try group.bundles().importFile(path: other.bundle())
    }

    func shown() throws -> [String] {
        try group.lists().expenses().map(\.transaction.description).sorted()
    }

    func balances() throws -> [String] {
        try group.balances().now().map { try formatMoney(money: $0.balance) }
    }

    func agrees(with other: Phone) throws -> Bool {
        try balances() == other.balances() && group.agreement() == other.group.agreement()
    }
}

/// Those who are there from step to step.
final class Phones {
    let anna: Phone
    let ben: Phone
    var cleo: Phone!

    init(_ anna: Phone, _ ben: Phone) {
        self.anna = anna
        self.ben = ben
    }
}

private func swap(_ one: Phone, _ other: Phone) throws {
    let files = (try one.bundle(), try other.bundle())
    _ = try one.group.bundles().importFile(path: files.1)
    _ = try other.group.bundles().importFile(path: files.0)
}

/// Somebody gets into the host's group by an open invite and one file.
private func joins(_ host: Phone, _ name: String) throws -> Phone {
    let phone = try Phone(host.folder, name)
    let link = try host.group.invites().create(
        policy: InvitePolicy(note: name, requiresApproval: false),
        prefix: "https://example.org/join")
    let request = try phone.ledger.joining().join(link: link, name: name)
    try same(messageKind(message: messageFromText(text: link)), .invite)
    let text = try messageToText(message: request)
    try same(messageKind(message: messageFromText(text: text)), .joinRequest)
    let outcome = try host.ledger.joining().receiveRequest(message: request)
    guard case .admitted(let admitted) = outcome else {
        throw Surprise(description: "an open invite needs no approval")
    }
    let welcome = host.file("welcome")
    _ = try host.group.invites().writeWelcome(admitted: admitted, path: welcome)
    let joined = try phone.ledger.joining().enterWithBundle(path: welcome)
    try check(joined.report.isComplete && joined.report.added > 0)
    phone.group = joined.group
    return phone
}

/// Both sides of a pairing, message by message.
func pairs(
    _ old: Ledger, _ new: Ledger, _ mode: PairingMode, typed: (String) -> String = { $0 }
) throws -> (NewDevice, LedgerGroup) {
    let showing = try new.pairing().startOnNewDevice()
    let scanned = try old.pairing().startOnOldDevice(offer: showing.offer())
    let code = try showing.receive(message: scanned.reply())
    let digits = try scanned.receive(message: code.reply())
    let enrolling = try digits.enter(typed: typed(code.revealCode()))
    let accepting = try code.receive(message: enrolling.reply())
    let group = try only(old.groups())
    try same(accepting.groups(), [PairedGroup(id: group.id, name: group.name)])
    let awaiting = try accepting.accept()
    let grant = try enrolling.receive(message: awaiting.reply(), mode: mode)
    return (showing, try only(awaiting.receive(message: grant)))
}

func joinsByAFile(_ flat: Flat) throws {
    let anna = try Phone(flat.folder, "Anna")
    anna.group = try anna.ledger.createGroup(name: "Trip", myName: "Anna")
    let ben = try joins(anna, "Ben")
    flat.phones = Phones(anna, ben)
    try check(ben.agrees(with: anna))
    try same(ben.group.members().map(\.isMe), [false, true])
}

func livesOnBundles(_ flat: Flat) throws {
    let (anna, ben) = (flat.phones.anna, flat.phones.ben)
    let dinner = try anna.record("Dinner", 3000)
    try ben.record("Milk", 250)
    try check(!anna.agrees(with: ben))
    try swap(anna, ben)
    try check(anna.agrees(with: ben))
    try same(anna.shown(), ["Dinner", "Milk"])
    try same(ben.balances(), ["13.75", "-13.75"])
    let older = try anna.bundle()
    _ = try ben.group.entries().correct(
        expense: dinner, transaction: .expense(expense: ben.expense("Dinner and wine", 4000)))
    let progress = Calls()
    let news = try ben.bundle(summary: anna.group.bundles().summary(), listener: progress)
    try check(ben.exported.entries < ben.group.info().entries && !progress.seen.isEmpty)
    let report = try anna.group.bundles().importFile(path: news)
    try check(report.added == ben.exported.entries && report.isComplete)
    try check(anna.agrees(with: ben))
    try same(anna.shown(), ["Dinner and wine", "Milk"])
    // Again, an older one, and half of one.
    for file in [news, older] { try same(ben.group.bundles().importFile(path: file).added, 0) }
    try anna.record("Rent", 90_000)
    let whole = try Data(contentsOf: URL(fileURLWithPath: anna.bundle()))
    let half = ben.file("half")
    try whole.prefix(whole.count * 2 / 3).write(to: URL(fileURLWithPath: half))
    try check(!ben.group.bundles().importFile(path: half).isComplete)
    let path = anna.file("bundle")
    let stopped = {
        _ = try anna.group.bundles().exportFile(path: path, listener: Calls { _ in false })
    }
    try same(codeOf(stopped), .cancelled)
    try check(!FileManager.default.fileExists(atPath: path))
    try swap(anna, ben)
    try check(anna.agrees(with: ben))
}

func sendsABundleInParts(_ flat: Flat) throws {
    let (anna, ben) = (flat.phones.anna, flat.phones.ben)
    for what in ["Gas", "Power", "Water"] { try anna.record(what, 4000) }
    let parts = try anna.group.bundles().begin(summary: ben.group.bundles().summary())
    let (first, stopped, second) = (anna.file("part"), anna.file("part"), anna.file("part"))
    // Room for one entry.
    try same(parts.writeNext(path: first, maxBytes: 1).remaining, 2)
    let stopping = { _ = try parts.writeNext(path: stopped, listener: Calls { _ in false }) }
    try same(codeOf(stopping), .cancelled)
    try check(!FileManager.default.fileExists(atPath: stopped))
    // As after a restart.
    let kept = try parts.cursor()
    let goingOn = try anna.group.bundles().begin(cursor: kept)
    try same(goingOn.writeNext(path: second).remaining, 0)
    try check(!ben.group.bundles().importFile(path: second).isComplete)
    try check(ben.group.bundles().importFile(path: first).isComplete)
    try check(anna.agrees(with: ben))
    let foreign = try ben.group.bundles().begin(cursor: kept)
    try same(codeOf { _ = try foreign.writeNext(path: ben.file("part")) }, .invalidCursor)
    let cut = Data(kept.dropFirst())
    try same(codeOf { _ = try ben.group.bundles().begin(cursor: cut) }, .invalidCursor)
}

func removesAndRotates(_ flat: Flat) throws {
    let (anna, ben) = (flat.phones.anna, flat.phones.ben)
    let known = try ben.group.info().entries
    let removal = try anna.group.statements().propose(intent: .remove(member: ben.me(), since: nil))
    try check(removal.text().contains("Remove Ben") && removal.voids().isEmpty)
    _ = try anna.group.statements().sign(proposal: removal)
    try anna.record("A present", 4500)
    let report = try ben.take(anna)
    try check(report.added == 0 && !report.isComplete && report.waiting > 0)
    try same(ben.group.info().entries, known)
    try check(!ben.shown().contains("A present"))
    // What the removed phone writes comes, and counts nothing.
    try ben.record("Champagne", 99_900)
    try check(anna.take(ben).added > 0)
    let void = try only(anna.group.lists().voidEntries().filter { $0.transaction != nil })
    guard case .void(let code, _) = void.verdict else {
        throw Surprise(description: "it counts")
    }
    try same(code, "hard-cut")
    try same(void.author, ben.me())
    try check(!anna.shown().contains("Champagne"))
    let keys = anna.group.keys()
    try check(keys.rotateGroupKey(ifOlderThan: 0))
    try check(!keys.rotateGroupKey(ifOlderThan: 60))
    _ = try keys.rotateDeviceKey()
}

func pairsADevice(_ flat: Flat) throws {
    let (anna, tablet) = (flat.phones.anna, try Phone(flat.folder, "Tablet"))
    let (used, group) = try pairs(anna.ledger, tablet.ledger, .standard)
    tablet.group = group
    try same(codeOf { _ = try used.receive(message: Data()) }, .pairingFailed)
    try tablet.take(anna)
    try check(tablet.agrees(with: anna))
    try same(tablet.ledger.recovery().revealPhrase(), anna.ledger.recovery().revealPhrase())
    try tablet.record("Tickets", 1200)
    try anna.take(tablet)
    try check(anna.agrees(with: tablet))
    try same(anna.group.devices().map(\.member), [anna.me(), anna.me()])

    let kiosk = try Phone(flat.folder, "Kiosk")
    kiosk.group = try pairs(anna.ledger, kiosk.ledger, .recordOnly).1
    try kiosk.take(anna)
    try kiosk.record("Coffee", 300)
    try same(codeOf { _ = try kiosk.ledger.recovery().revealPhrase() }, .noRootKey)
    try same(codeOf { _ = try kiosk.group.statements().propose(intent: .leave) }, .noRootKey)
    try anna.take(kiosk)
    try check(anna.shown().contains("Coffee"))

    let stranger = try Phone(flat.folder, "Stranger").ledger
    func mistyped(_ code: String) -> String {
        String(String((Int(code)! + 1) % 1_000_000 + 1_000_000).dropFirst())
    }
    try same(
        codeOf { _ = try pairs(anna.ledger, stranger, .standard, typed: mistyped) }, .pairingFailed)
}

func restoresByPhrase(_ flat: Flat) throws {
    let anna = flat.phones.anna
    let cleo = try joins(anna, "Cleo")
    flat.phones.cleo = cleo
    let restored = try Phone(flat.folder, "Restored")
    let recovery = restored.ledger.recovery()
    try recovery.restorePhrase(typed: anna.ledger.recovery().revealPhrase())
    let bundle = try anna.bundle()
    let preview = try recovery.previewGroup(path: bundle)
    try same(preview.id, anna.group.id())
    try same(preview.name, "Trip")
    try check(Set(preview.members).isSuperset(of: ["Anna", "Cleo"]))
    try same(preview.entries, anna.group.info().entries)
    try same(restored.ledger.groups(), [])
    let found = try recovery.restoreGroup(path: bundle)
    restored.group = found.group
    try check(found.report.isComplete && restored.agrees(with: anna))
    try same(codeOf { _ = try restored.group.entries().addPlaceholder(name: "Dora") }, .notEnrolled)
    let request = try restored.group.keys().requestApproval()
    let approved = try cleo.ledger.recovery().approveDevice(message: request)
    try same(approved.group, restored.group.id())
    try restored.take(cleo)
    try restored.record("Taxi", 2000)
    try cleo.take(restored)
    try check(cleo.agrees(with: restored))
    try same(restored.me(), anna.me())
    try same(codeOf { _ = try restored.group.keys().requestApproval() }, .alreadyIn)
}

func recoversByFriends(_ flat: Flat) throws {
    let anna = flat.phones.anna
    let friends = [flat.phones.cleo!, try joins(anna, "Dora"), try joins(anna, "Emil")]
    let members = try friends.map { try $0.me() }
    let shares = try anna.group.shares().sharePhrase(needed: 2, friends: members)
    let kept = try zip(friends, shares).map { try $0.ledger.recovery().keepShare(message: $1) }
    for share in kept { try same(share.info().member, anna.me()) }
    let notTheirs = { _ = try friends[1].ledger.recovery().keepShare(message: shares[0]) }
    try same(codeOf(notTheirs), .invalidShare)
    let found = try Phone(flat.folder, "Found")
    let recovery = found.ledger.recovery()
    let request = try recovery.request()
    let read = try readRecoveryRequest(message: request.message)
    try same(read.fingerprint, request.fingerprint)

    func returned(_ friend: Phone) throws -> ReturnedShare {
        let shares = friend.group.shares()
        return try recovery.addReturnedShare(
            message: shares.returnShare(share: only(shares.list()), request: request.message))
    }
    let first = try returned(friends[0])
    try same(first.friend, friends[0].me())
    try same(first.progress, RecoveryProgress(have: 1, need: 2))
    try same(codeOf { try recovery.recoverFromShares() }, .invalidShare)
    _ = try returned(friends[2])
    try same(recovery.progress()?.have, 2)
    try recovery.recoverFromShares()
    try same(recovery.revealPhrase(), anna.ledger.recovery().revealPhrase())
    found.group = try recovery.restoreGroup(path: anna.bundle()).group
    try check(found.agrees(with: anna))
    try friends[1].group.shares().forget(share: kept[1])
    try same(friends[1].group.shares().list().count, 0)
}

func salvagesADatabase(_ flat: Flat) throws {
    let (anna, cleo) = (flat.phones.anna, flat.phones.cleo!)
    try swap(anna, cleo)
    try anna.ledger.close()
    let whole = try salvageDatabase(path: anna.path, secrets: anna.keys, to: anna.file("whole"))
    try check(whole.isComplete && whole.damagedPages == 0)
    let file = URL(fileURLWithPath: anna.path)
    var content = try Data(contentsOf: file)
    let middle = content.count / 2
    content.replaceSubrange(middle..<(middle + 64), with: Data(repeating: 1, count: 64))
    try content.write(to: file)
    let (salvaged, progress) = (anna.file("salvaged"), Calls())
    let report = try salvageDatabase(
        path: anna.path, secrets: anna.keys, to: salvaged, listener: progress)
    try check(!report.isComplete && report.damagedPages == 1 && !progress.seen.isEmpty)
    try same(report.groups[0].id, cleo.group.id())
    try check(report.groups[0].hasKey)
    anna.ledger = try Ledger.open(path: salvaged, secrets: anna.keys, create: false)
    anna.group = try anna.ledger.group(id: cleo.group.id())
    try anna.take(cleo)
    try check(anna.agrees(with: cleo))
    try same(anna.group.maintenance().verifyHistory().problems, [])
}

func resetsTheKeysOfAClone(_ flat: Flat) throws {
    let (anna, cleo) = (flat.phones.anna, flat.phones.cleo!)
    try cleo.ledger.close()
    // Database and secrets, restored together: nothing tells the clone that it is one.
    try FileManager.default.copyItem(atPath: cleo.path, toPath: flat.folder + "/Clone.phone")
    let clone = try Phone(flat.folder, "Clone", Keys(cleo.keys.all))
    cleo.ledger = try Ledger.open(path: cleo.path, secrets: cleo.keys, create: false)
    for phone in [cleo, clone] { phone.group = try phone.ledger.group(id: anna.group.id()) }
    try cleo.record("Bread", 400)
    try clone.record("Cheese", 700)
    try anna.take(cleo)
    // It learns of the other entry in its place.
    try check(clone.take(anna).isForked)
    try same(codeOf { try clone.record("Wine", 900) }, .forked)
    let old = try only(clone.group.devices().filter(\.isThisDevice)).id
    try clone.group.keys().resetDeviceKeys()
    try same(codeOf { _ = try clone.group.entries().addPlaceholder(name: "Gus") }, .notEnrolled)
    // The request speaks of what the clone knows.
    try anna.take(clone)
    let request = try clone.group.keys().requestApproval()
    _ = try anna.ledger.recovery().approveDevice(message: request)
    try clone.take(anna)
    try clone.record("Wine", 900)
    _ = try clone.group.statements().sign(proposal: clone.group.statements().propose(intent: .revoke(device: old, since: nil)))
    try swap(anna, clone)
    try check(anna.agrees(with: clone))
    // Both branches count.
    try check(Set(anna.shown()).isSuperset(of: ["Bread", "Cheese", "Wine"]))
    let me = try clone.me()
    try check(only(anna.group.devices().filter { $0.member == me }).id != old)
}
