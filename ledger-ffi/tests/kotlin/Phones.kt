// Several phones that never talk to a server: files and messages go back and forth.

import groupledger.*
import java.io.File
import java.time.Duration

/** Somebody's phone, with its own database and keys. */
class Phone(val folder: File, name: String, val keychain: Keychain = Keychain()) {
    val path = File(folder, "$name.phone").path
    var ledger = Ledger.open(path, keychain)
    lateinit var group: LedgerGroup
    lateinit var exported: BundleExport

    val me: MemberId
        get() = group.info().me!!

    /** What this phone's person paid for everybody who is there. */
    fun expense(description: String, minorUnits: Long) =
        equalExpense(
            DAY,
            description,
            Money("EUR", minorUnits, 2u),
            me,
            group.members().filter { !it.isRemoved }.map { it.id },
        )

    fun record(description: String, minorUnits: Long) =
        group.entries().recordExpense(expense(description, minorUnits))

    fun file(what: String) = File(folder, "${numbers++}.$what").path

    fun bundle(summary: ByteArray? = null, listener: ProgressListener? = null): String {
        val path = file("bundle")
        exported = group.bundles().exportFile(path, summary, listener)
        return path
    }

    fun take(other: Phone) = group.bundles().importFile(other.bundle())

    fun shown() = group.lists().expenses().map { it.transaction.description }.sorted()

    fun balances() = group.balances().now().map { it.balance.decimal.toPlainString() }

    fun agreesWith(other: Phone) =
        balances() == other.balances() && group.agreement() == other.group.agreement()

    companion object {
        private var numbers = 0
    }
}

/** Those who are there from step to step. */
class Phones(val anna: Phone, val ben: Phone) {
    lateinit var cleo: Phone
}

fun swap(one: Phone, other: Phone) {
    val files = one.bundle() to other.bundle()
    one.group.bundles().importFile(files.second)
    other.group.bundles().importFile(files.first)
}

/** Somebody gets into the host's group by an open invite and one file. */
fun joins(host: Phone, name: String): Phone {
    val phone = Phone(host.folder, name)
    val policy = InvitePolicy(name, requiresApproval = false)
    val link = host.group.invites().create(policy, "https://example.org/join")
    val request = phone.ledger.joining().join(link, name)
    same(messageKind(messageFromText(link)), MessageKind.INVITE)
    same(messageKind(messageFromText(messageToText(request))), MessageKind.JOIN_REQUEST)
    val outcome = host.ledger.joining().receiveRequest(request) as RequestOutcome.Admitted
    val welcome = host.file("welcome")
    host.group.invites().writeWelcome(outcome.admitted, welcome)
    val joined = phone.ledger.joining().enterWithBundle(welcome)
    check(joined.report.isComplete && joined.report.added > 0u)
    phone.group = joined.group
    return phone
}

/** Both sides of a pairing, message by message. */
fun pairs(
    old: Ledger,
    new: Ledger,
    mode: PairingMode,
    typed: (String) -> String = { it },
): Pair<NewDevice, LedgerGroup> {
    val showing = new.pairing().startOnNewDevice()
    val scanned = old.pairing().startOnOldDevice(showing.offer())
    val code = showing.receive(scanned.reply())
    val enrolling = scanned.receive(code.reply()).enter(typed(code.revealCode()))
    val accepting = code.receive(enrolling.reply())
    val group = old.groups().single()
    same(accepting.groups(), listOf(PairedGroup(group.id, group.name)))
    val awaiting = accepting.accept()
    return showing to awaiting.receive(enrolling.receive(awaiting.reply(), mode)).single()
}

fun joinsByAFile(flat: Flat) {
    val anna = Phone(flat.folder, "Anna")
    anna.group = anna.ledger.createGroup("Trip", "Anna")
    val ben = joins(anna, "Ben")
    flat.phones = Phones(anna, ben)
    check(ben.agreesWith(anna))
    same(ben.group.members().map { it.isMe }, listOf(false, true))
}

fun livesOnBundles(flat: Flat) {
    val (anna, ben) = flat.phones.anna to flat.phones.ben
    val dinner = anna.record("Dinner", 3000)
    ben.record("Milk", 250)
    check(!anna.agreesWith(ben))
    swap(anna, ben)
    check(anna.agreesWith(ben))
    same(anna.shown(), listOf("Dinner", "Milk"))
    same(ben.balances(), listOf("13.75", "-13.75"))
    val older = anna.bundle()
    ben.group.entries().correct(dinner, Transaction.Expense(ben.expense("Dinner and wine", 4000)))
    val progress = Calls()
    val news = ben.bundle(anna.group.bundles().summary(), progress)
    check(ben.exported.entries < ben.group.info().entries && progress.seen.isNotEmpty())
    val report = anna.group.bundles().importFile(news)
    same(report.added to report.isComplete, ben.exported.entries to true)
    check(anna.agreesWith(ben))
    same(anna.shown(), listOf("Dinner and wine", "Milk"))
    // Again, an older one, and half of one.
    for (file in listOf(news, older)) same(ben.group.bundles().importFile(file).added, 0uL)
    anna.record("Rent", 90_000)
    val whole = File(anna.bundle()).readBytes()
    val half = File(ben.file("half")).apply { writeBytes(whole.copyOf(whole.size * 2 / 3)) }
    check(!ben.group.bundles().importFile(half.path).isComplete)
    val path = anna.file("bundle")
    same(codeOf { anna.group.bundles().exportFile(path, null, Calls { false }) }, ErrorCode.CANCELLED)
    check(!File(path).exists())
    swap(anna, ben)
    check(anna.agreesWith(ben))
}

fun sendsABundleInParts(flat: Flat) {
    val (anna, ben) = flat.phones.anna to flat.phones.ben
    for (what in listOf("Gas", "Power", "Water")) anna.record(what, 4000)
    val parts = anna.group.bundles().begin(ben.group.bundles().summary())
    val (first, stopped, second) = List(3) { anna.file("part") }
    // Room for one entry.
    same(parts.writeNext(first, 1uL).remaining, 2uL)
    same(codeOf { parts.writeNext(stopped, null, Calls { false }) }, ErrorCode.CANCELLED)
    check(!File(stopped).exists())
    // As after a restart.
    val kept = parts.cursor()
    same(anna.group.bundles().begin(cursor = kept).writeNext(second).remaining, 0uL)
    check(!ben.group.bundles().importFile(second).isComplete)
    check(ben.group.bundles().importFile(first).isComplete)
    check(anna.agreesWith(ben))
    val foreign = ben.group.bundles().begin(cursor = kept)
    same(codeOf { foreign.writeNext(ben.file("part")) }, ErrorCode.INVALID_CURSOR)
    val cut = kept.copyOfRange(1, kept.size)
    same(codeOf { ben.group.bundles().begin(cursor = cut) }, ErrorCode.INVALID_CURSOR)
}

fun removesAndRotates(flat: Flat) {
    val (anna, ben) = flat.phones.anna to flat.phones.ben
    val known = ben.group.info().entries
    val removal = anna.group.statements().propose(StatementIntent.Remove(ben.me, null))
    check("Remove Ben" in removal.text() && removal.voids().isEmpty())
    anna.group.statements().sign(removal)
    anna.record("A present", 4500)
    val report = ben.take(anna)
    check(report.added == 0uL && !report.isComplete && report.waiting > 0u)
    same(ben.group.info().entries, known)
    check("A present" !in ben.shown())
    // What the removed phone writes comes, and counts nothing.
    ben.record("Champagne", 99_900)
    check(anna.take(ben).added > 0u)
    val void = anna.group.lists().voidEntries().single { it.transaction != null }
    same((void.verdict as Verdict.Void).code to void.author, "hard-cut" to ben.me)
    check("Champagne" !in anna.shown())
    val keys = anna.group.keys()
    check(keys.rotateGroupKey(Duration.ZERO) && !keys.rotateGroupKey(Duration.ofMinutes(1)))
    keys.rotateDeviceKey()
}

fun pairsADevice(flat: Flat) {
    val (anna, tablet) = flat.phones.anna to Phone(flat.folder, "Tablet")
    val (used, group) = pairs(anna.ledger, tablet.ledger, PairingMode.STANDARD)
    tablet.group = group
    same(codeOf { used.receive(ByteArray(0)) }, ErrorCode.PAIRING_FAILED)
    tablet.take(anna)
    check(tablet.agreesWith(anna))
    same(tablet.ledger.recovery().revealPhrase(), anna.ledger.recovery().revealPhrase())
    tablet.record("Tickets", 1200)
    anna.take(tablet)
    check(anna.agreesWith(tablet))
    same(anna.group.devices().map { it.member }, listOf(anna.me, anna.me))

    val kiosk = Phone(flat.folder, "Kiosk")
    kiosk.group = pairs(anna.ledger, kiosk.ledger, PairingMode.RECORD_ONLY).second
    kiosk.take(anna)
    kiosk.record("Coffee", 300)
    same(codeOf { kiosk.ledger.recovery().revealPhrase() }, ErrorCode.NO_ROOT_KEY)
    same(codeOf { kiosk.group.statements().propose(StatementIntent.Leave) }, ErrorCode.NO_ROOT_KEY)
    anna.take(kiosk)
    check("Coffee" in anna.shown())

    val stranger = Phone(flat.folder, "Stranger").ledger
    val mistyped = { code: String -> "%06d".format((code.toInt() + 1) % 1_000_000) }
    same(
        codeOf { pairs(anna.ledger, stranger, PairingMode.STANDARD, mistyped) },
        ErrorCode.PAIRING_FAILED,
    )
}

fun restoresByPhrase(flat: Flat) {
    val anna = flat.phones.anna
    val cleo = joins(anna, "Cleo")
    flat.phones.cleo = cleo
    val restored = Phone(flat.folder, "Restored")
    val recovery = restored.ledger.recovery()
    recovery.restorePhrase(anna.ledger.recovery().revealPhrase())
    val bundle = anna.bundle()
    val preview = recovery.previewGroup(bundle)
    same(preview.id to preview.name, anna.group.id() to "Trip")
    check(preview.members.containsAll(listOf("Anna", "Cleo")))
    same(preview.entries, anna.group.info().entries)
    same(restored.ledger.groups(), emptyList())
    val found = recovery.restoreGroup(bundle)
    restored.group = found.group
    check(found.report.isComplete && restored.agreesWith(anna))
    same(codeOf { restored.group.entries().addPlaceholder("Dora") }, ErrorCode.NOT_ENROLLED)
    val request = restored.group.keys().requestApproval()
    val approved = cleo.ledger.recovery().approveDevice(request)
    same(approved.group, restored.group.id())
    restored.take(cleo)
    restored.record("Taxi", 2000)
    cleo.take(restored)
    check(cleo.agreesWith(restored))
    same(restored.me, anna.me)
    same(codeOf { restored.group.keys().requestApproval() }, ErrorCode.ALREADY_IN)
}

fun recoversByFriends(flat: Flat) {
    val anna = flat.phones.anna
    val friends = listOf(flat.phones.cleo, joins(anna, "Dora"), joins(anna, "Emil"))
    val shares = anna.group.shares().sharePhrase(2u, friends.map { it.me })
    val kept = friends.zip(shares) { friend, share -> friend.ledger.recovery().keepShare(share) }
    check(kept.all { it.info().member == anna.me })
    same(codeOf { friends[1].ledger.recovery().keepShare(shares[0]) }, ErrorCode.INVALID_SHARE)
    val found = Phone(flat.folder, "Found")
    val recovery = found.ledger.recovery()
    val request = recovery.request()
    same(readRecoveryRequest(request.message).fingerprint, request.fingerprint)

    fun returned(friend: Phone): ReturnedShare {
        val shares = friend.group.shares()
        val returned = shares.returnShare(shares.list().single(), request.message)
        return recovery.addReturnedShare(returned)
    }
    val first = returned(friends[0])
    same(first.friend to first.progress, friends[0].me to RecoveryProgress(1u, 2u))
    same(codeOf { recovery.recoverFromShares() }, ErrorCode.INVALID_SHARE)
    returned(friends[2])
    same(recovery.progress()?.have, 2u)
    recovery.recoverFromShares()
    same(recovery.revealPhrase(), anna.ledger.recovery().revealPhrase())
    found.group = recovery.restoreGroup(anna.bundle()).group
    check(found.agreesWith(anna))
    friends[1].group.shares().forget(kept[1])
    same(friends[1].group.shares().list().size, 0)
}

fun salvagesADatabase(flat: Flat) {
    val (anna, cleo) = flat.phones.anna to flat.phones.cleo
    swap(anna, cleo)
    anna.ledger.close()
    val whole = salvageDatabase(anna.path, anna.keychain, anna.file("whole"))
    same(whole.isComplete to whole.damagedPages, true to 0uL)
    val content = File(anna.path).readBytes()
    content.fill(1, content.size / 2, content.size / 2 + 64)
    File(anna.path).writeBytes(content)
    val (salvaged, progress) = anna.file("salvaged") to Calls()
    val report = salvageDatabase(anna.path, anna.keychain, salvaged, listener = progress)
    same(report.isComplete to report.damagedPages, false to 1uL)
    check(progress.seen.isNotEmpty())
    same(report.groups[0].id to report.groups[0].hasKey, cleo.group.id() to true)
    anna.ledger = Ledger.open(salvaged, anna.keychain, create = false)
    anna.group = anna.ledger.group(cleo.group.id())
    anna.take(cleo)
    check(anna.agreesWith(cleo))
    same(anna.group.maintenance().verifyHistory().problems, emptyList())
}

fun resetsTheKeysOfAClone(flat: Flat) {
    val (anna, cleo) = flat.phones.anna to flat.phones.cleo
    cleo.ledger.close()
    // Database and secrets, restored together: nothing tells the clone that it is one.
    File(cleo.path).copyTo(File(flat.folder, "Clone.phone"))
    val clone = Phone(flat.folder, "Clone", Keychain(cleo.keychain.secrets.toMutableMap()))
    cleo.ledger = Ledger.open(cleo.path, cleo.keychain, create = false)
    for (phone in listOf(cleo, clone)) phone.group = phone.ledger.group(anna.group.id())
    cleo.record("Bread", 400)
    clone.record("Cheese", 700)
    anna.take(cleo)
    // It learns of the other entry in its place.
    check(clone.take(anna).isForked)
    same(codeOf { clone.record("Wine", 900) }, ErrorCode.FORKED)
    val old = clone.group.devices().single { it.isThisDevice }.id
    clone.group.keys().resetDeviceKeys()
    same(codeOf { clone.group.entries().addPlaceholder("Gus") }, ErrorCode.NOT_ENROLLED)
    // The request speaks of what the clone knows.
    anna.take(clone)
    anna.ledger.recovery().approveDevice(clone.group.keys().requestApproval())
    clone.take(anna)
    clone.record("Wine", 900)
    clone.group.statements().sign(clone.group.statements().propose(StatementIntent.Revoke(old, null)))
    swap(anna, clone)
    check(anna.agreesWith(clone))
    // Both branches count.
    check(anna.shown().containsAll(listOf("Bread", "Cheese", "Wine")))
    check(anna.group.devices().single { it.member == clone.me }.id != old)
}
