// Every code of errors, provoked once.

import groupledger.*
import java.io.File
import java.time.Instant
import java.time.LocalDate

/** An export in which that many people stand. */
private fun people(prefix: String, count: Int): ByteArray {
    val names = (0..<count).joinToString(",") { "$prefix$it" }
    val row = "2026-11-21,Dinner,food,1.00,EUR,1.00,-1.00" + ",0.00".repeat(count - 2)
    return "Date,Description,Category,Cost,Currency,$names\n\n$row\n".toByteArray()
}

private const val TEA = "2026-01-01,Tea,Food,4.00,EUR,2.00,-2.00"

/** An export of Anna and Ben with this row. */
private fun row(row: String): ByteArray =
    "Date,Description,Category,Cost,Currency,Anna,Ben\n$row\n".toByteArray()

/** A group into which a file was imported. */
private fun imported(ledger: Ledger): LedgerGroup {
    val group = ledger.createGroup("Imported", "Anna")
    group.importSplitwise(row(TEA))
    return group
}

/** Plans an import and applies it, as if nobody had looked at the plan. */
private fun imports(ledger: Ledger, csv: ByteArray, target: ImportTarget) {
    val plan = ledger.imports().planSplitwise(csv, target)
    ledger.imports().apply(plan, ImportChoice(OldRows.REFUSE))
}

/** The group of Zoe, and the same group on the phone of Yan, who joined. */
private fun twoPhones(folder: File, name: String): Pair<LedgerGroup, LedgerGroup> {
    val (host, other) = Ledger.inMemory() to Ledger.inMemory()
    val ours = host.createGroup(name, "Zoe")
    val link = ours.invites().create(InvitePolicy("", requiresApproval = false), "")
    val request = other.joining().join(link, "Yan")
    val outcome = host.joining().receiveRequest(request) as RequestOutcome.Admitted
    val welcome = File(folder, "$name.welcome").path
    ours.invites().writeWelcome(outcome.admitted, welcome)
    return ours to other.joining().enterWithBundle(welcome).group
}

private fun sends(theirs: LedgerGroup, ours: LedgerGroup, folder: File) {
    val bundle = File(folder, "${ours.info().name}.bundle").path
    theirs.bundles().exportFile(bundle)
    ours.bundles().importFile(bundle)
}

/** A group in which more people are than an entry can name. */
private fun crowds(folder: File) {
    val (ours, theirs) = twoPhones(folder, "Crowds")
    ours.importSplitwise(people("P", 600))
    theirs.importSplitwise(people("Q", 600))
    sends(theirs, ours, folder)
    val members = ours.members().map { it.id }
    ours.entries().recordExpense(
        Expense(
            date = DAY,
            description = "A feast",
            currency = "EUR",
            minorUnits = members.size.toLong(),
            payers = listOf(Part(members[0], members.size.toLong())),
            shares = members.map { Part(it, 1) },
        )
    )
}

fun reportsEveryError(flat: Flat) {
    val (group, ledger) = flat.group to flat.ledger
    val (bundles, invites) = group.bundles() to group.invites()
    val maintenance = ledger.maintenance()
    fun opens(path: File, keychain: Keychain = flat.keychain, create: Boolean = false): () -> Unit = {
        Ledger.open(path.path, keychain, create)
    }
    fun shares(one: MemberId, other: MemberId): () -> Unit = {
        group.entries().recordExpense(flat.expense(shares = listOf(Part(one, 1250), Part(other, 1250))))
    }
    fun opened(path: File, work: (LedgerGroup) -> Unit): () -> Unit = {
        Ledger.openWithKeyFile(path.path, "$path.keys", false).use { other ->
            for (row in other.groups()) work(other.group(row.id))
        }
    }
    fun fixture(name: String, work: (LedgerGroup) -> Unit) = opened(File(FIXTURES, name), work)
    val writes = { group: LedgerGroup -> group.entries().addPlaceholder("Ben").let {} }
    val throwing = Calls { throw IllegalStateException("a secret that must not be passed on") }
    val cut = File(flat.folder, "cut.db").apply { writeText("short") }
    val provoke =
        mutableMapOf<ErrorCode, () -> Unit>(
            ErrorCode.NOT_FOUND to opens(File(flat.folder, "nowhere.db")),
            ErrorCode.WRONG_KEY to opens(File(flat.path), Keychain()),
            ErrorCode.SECRETS_FAILED to {
                flat.keychain.error = CallbackException.Locked()
                try {
                    group.entries().recordExpense(flat.expense())
                } finally {
                    flat.keychain.error = null
                }
            },
            ErrorCode.WRONG_APP_KEY to { maintenance.changeAppKey(ByteArray(5)) },
            ErrorCode.SECRETS_DAMAGED to {
                Ledger.open(flat.path, flat.keychain, false, appKey = ByteArray(32))
            },
            ErrorCode.SECRETS_EXPOSED to {
                val (path, keys) = File(flat.folder, "exposed.db").path to File(flat.folder, "exposed.keys")
                Ledger.openWithKeyFile(path, keys.path, true).close()
                keys.setReadable(true, false)
                Ledger.openWithKeyFile(path, keys.path, false)
            },
            ErrorCode.DAMAGED to opens(cut),
            ErrorCode.FROM_THE_FUTURE to fixture("future.db") {},
            ErrorCode.BUSY to fixture("busy.db", writes),
            ErrorCode.DATABASE_FAILED to fixture("incomplete.db") { it.lists().expenses() },
            ErrorCode.REFUSED to fixture("strange.db") { it.prepare() },
            ErrorCode.FILE to { maintenance.backup(flat.path) },
            ErrorCode.NO_SALT to {
                val path = File(flat.folder, "shared.db").path
                Ledger.open(path, flat.keychain, true, "shared").close()
                Ledger.open(path, flat.keychain, false)
            },
            ErrorCode.SUSPENDED to {
                ledger.suspend()
                try {
                    group.info()
                } finally {
                    ledger.resume()
                }
            },
            ErrorCode.STILL_IN_USE to {
                var kept: LedgerException? = null
                val suspends = Calls {
                    if (kept == null) {
                        try {
                            ledger.suspend()
                        } catch (error: LedgerException) {
                            kept = error
                        }
                    }
                    true
                }
                runCatching { group.maintenance().verifyHistory(suspends) }
                ledger.resume()
                throw kept!!
            },
            ErrorCode.INVALID_MESSAGE to { ledger.joining().join("hello", "Anna") },
            ErrorCode.INVALID_JOIN to {
                Ledger.inMemory().joining().enter(admitted(flat).second)
            },
            ErrorCode.INVALID_PHRASE to {
                Ledger.inMemory().recovery().restorePhrase("zoo zoo")
            },
            ErrorCode.PAIRING_FAILED to {
                Ledger.inMemory().pairing().startOnOldDevice("hello".toByteArray())
            },
            ErrorCode.INVALID_SHARE to { group.shares().sharePhrase(1u, listOf(flat.anna)) },
            ErrorCode.UNKNOWN_PERSON to {
                Ledger.inMemory().recovery().apply { request() }.recoverFromShares("12345")
            },
            ErrorCode.INVALID_APPROVAL to { ledger.recovery().approveDevice("hello".toByteArray()) },
            ErrorCode.NO_KEY to {
                val path = File(flat.folder, "theirs.bundle").path
                bundles.exportFile(path)
                Ledger.inMemory().apply { createGroup("Other", "Zoe") }.recovery().restoreGroup(path)
            },
            ErrorCode.NO_BUNDLE to {
                val photo = File(flat.folder, "photo.jpg")
                photo.writeBytes(ByteArray(5000) { it.toByte() })
                bundles.importFile(photo.path)
            },
            ErrorCode.OTHER_GROUP to {
                val path = File(flat.folder, "other.bundle").path
                val both = Ledger.inMemory()
                both.createGroup("Trip", "Zoe").bundles().exportFile(path)
                both.createGroup("House", "Zoe").bundles().importFile(path)
            },
            ErrorCode.NO_SEALING_KEY to {
                val (other, welcome) = admitted(flat)
                val joined = other.joining().enter(welcome)
                joined.bundles().exportFile(File(flat.folder, "none.bundle").path)
            },
            ErrorCode.NOT_CONFIRMED to { group.statements().sign(group.statements().propose(StatementIntent.Leave)) },
            ErrorCode.ROLLED_BACK to {
                val path = File(flat.folder, "old.db").path
                maintenance.backup(path)
                group.entries().recordExpense(flat.expense())
                bundles.exportFile(File(flat.folder, "handed-out.bundle").path)
                Ledger.open(path, flat.keychain, false).use { other ->
                    other.group(group.id()).entries().recordExpense(flat.expense())
                }
            },
            ErrorCode.FORKED to {
                // Database and secrets, copied together: nothing tells the clone that it is one.
                val path = File(flat.folder, "clone.db").path
                val bundle = File(flat.folder, "original.bundle").path
                maintenance.backup(path)
                Ledger.open(path, Keychain(flat.keychain.secrets.toMutableMap()), false).use { other ->
                    val cloned = other.group(group.id())
                    group.entries().recordExpense(flat.expense())
                    cloned.entries().recordExpense(flat.expense())
                    bundles.exportFile(bundle)
                    cloned.bundles().importFile(bundle)
                    cloned.entries().recordExpense(flat.expense())
                }
            },
            ErrorCode.TOO_MANY_DEVICES to {
                val old = Ledger.inMemory().apply { createGroup("Flat", "Zoe") }
                repeat(11) { pairs(old, Ledger.inMemory(), PairingMode.RECORD_ONLY) }
            },
            ErrorCode.UNKNOWN_INVITE to {
                invites.create(InvitePolicy(""), "")
                val invite = invites.list().last()
                repeat(2) { invites.cancel(invite) }
            },
            ErrorCode.INVITE_EXPIRED to { asks(flat, InvitePolicy("", expiresAt = Instant.EPOCH)) },
            ErrorCode.INVITE_USED_UP to {
                asks(flat, InvitePolicy("", requiresApproval = false, maxUses = 1u), people = 2)
            },
            ErrorCode.APPROVAL_REQUIRED to
                {
                    val policy = InvitePolicy("", requiresApproval = false, forMember = flat.anna)
                    invites.create(policy, "")
                },
            ErrorCode.UNKNOWN_REQUEST to {
                asks(flat, InvitePolicy(""))
                val request = invites.joinRequests().last()
                repeat(2) { invites.decline(request) }
            },
            ErrorCode.NEEDS_PROPOSAL to {
                admitted(flat)
                asks(flat, InvitePolicy("", forMember = group.members().last().id))
                invites.admit(invites.joinRequests().last())
            },
            ErrorCode.OTHER_PERSON to {
                val other = Ledger.inMemory()
                other.createGroup("Other", "Zoe")
                ledger.recovery().restorePhrase(other.recovery().revealPhrase())
            },
            ErrorCode.ALREADY_IN to {
                ledger.joining().join(invites.create(InvitePolicy(""), ""), "Anna")
            },
            ErrorCode.UNKNOWN_GROUP to { ledger.group(GroupId(NO_ID)) },
            ErrorCode.UNKNOWN_ENTRY to { group.entries().cancel(NOTHING) },
            ErrorCode.UNKNOWN_MEMBER to shares(flat.anna, NOBODY),
            ErrorCode.DUPLICATE_MEMBER to shares(flat.anna, flat.anna),
            ErrorCode.TOO_MANY_MEMBERS to {
                val other = ledger.createGroup("Crowd", "Anna")
                other.importSplitwise(people("P", 1000))
                other.entries().addPlaceholder("One more")
            },
            ErrorCode.TOO_MANY_REFERENCES to { crowds(flat.folder) },
            ErrorCode.NOT_ENROLLED to {
                val (other, welcome) = admitted(flat)
                other.joining().enter(welcome).entries().addPlaceholder("Ben")
            },
            ErrorCode.INVALID_ENTRY to { group.entries().recordExpense(flat.expense(0)) },
            ErrorCode.WOULD_BE_VOID to { group.statements().propose(StatementIntent.Remove(flat.anna, null)) },
            ErrorCode.ALREADY_CANCELLED to {
                val expense = group.entries().recordExpense(flat.expense())
                repeat(2) { group.entries().cancel(expense) }
            },
            ErrorCode.NOT_CANCELLED to { group.entries().restore(group.entries().recordExpense(flat.expense())) },
            ErrorCode.NOT_COUNTED to {
                val (ours, theirs) = twoPhones(flat.folder, "Void")
                val (zoe, yan) = ours.info().me!! to theirs.info().me!!
                ours.statements().sign(ours.statements().propose(StatementIntent.Remove(yan, null)))
                val gift = theirs.entries().recordTransfer(Transfer(DAY, "", "EUR", 1, yan, zoe, null))
                sends(theirs, ours, flat.folder)
                ours.entries().cancel(gift)
            },
            ErrorCode.SERIES_ENDED to
                {
                    val recurring = group.recurring()
                    val series = recurring.series(LocalDate.of(2026, 11, 21)).first().id
                    recurring.end(series, LocalDate.of(2126, 8, 1))
                },
            ErrorCode.ALREADY_COUNTS to {
                group.entries().copyVoidEntry(EntryId(group.entries().recordExpense(flat.expense()).text))
            },
            ErrorCode.CANNOT_BE_UNDONE to { Ledger.inMemory().createGroup("Undo", "Anna").entries().undo() },
            ErrorCode.PROPOSAL_OUTDATED to {
                val other = ledger.createGroup("Outdated", "Anna")
                val proposal = other.statements().propose(StatementIntent.Remove(other.entries().addPlaceholder("Ben"), null))
                other.statements().sign(other.statements().propose(StatementIntent.Rename("Ben")))
                other.statements().sign(proposal)
            },
            ErrorCode.NO_ROOT_KEY to {
                val less = Keychain(flat.keychain.secrets.filterKeys { it != "entropy" }.toMutableMap())
                Ledger.open(flat.path, less, false).use { other ->
                    other.group(group.id()).statements().propose(StatementIntent.Rename("Zoe"))
                }
            },
            ErrorCode.CANCELLED to { group.maintenance().verifyHistory(Calls { false }) },
            ErrorCode.CALLBACK_FAILED to { group.maintenance().verifyHistory(throwing) },
            ErrorCode.INVALID_ID to shares(flat.anna, MemberId("Ben")),
            ErrorCode.INVALID_CURSOR to { group.lists().expenses(after = "first") },
            ErrorCode.INVALID_DATE to {
                // A `LocalDate` is a day of the calendar, but of any year.
                group.entries().recordExpense(flat.expense(date = LocalDate.of(10_000, 1, 1)))
            },
            ErrorCode.INVALID_CURRENCY to { group.entries().recordExpense(flat.expense(currency = "euro")) },
            ErrorCode.INVALID_AMOUNT to { parseMoney("1.505", "EUR") },
            ErrorCode.INVALID_RATE to { parseRate("EUR", "USD", "0") },
            ErrorCode.INVALID_SPLIT to { sharesOf(Split.Exact(listOf()), 500, "EUR", 0u) },
            ErrorCode.BALANCE_TOO_LARGE to {
                val other = ledger.createGroup("Huge", "Anna")
                val (anna, ben) = other.info().me!! to other.entries().addPlaceholder("Ben")
                val most =
                    Transfer(DAY, "", "EUR", 1_000_000_000_000_000, anna, ben, null)
                other.entries().recordAll(List(9224) { Transaction.Transfer(most) })
                other.balances().now()
            },
            ErrorCode.INVALID_IMPORT to { group.importSplitwise("hello".toByteArray()) },
            ErrorCode.IMPORT_DIFFERS to {
                imported(ledger).importSplitwise(row("2026-01-01,Tea,Food,6.00,EUR,3.00,-3.00"))
            },
            ErrorCode.OTHER_GROUPS_FILE to {
                val target = ImportTarget.Group(imported(ledger).info().id)
                imports(ledger, row("2026-02-01,Gas,Home,8.00,EUR,4.00,-4.00"), target)
            },
            ErrorCode.PREDECESSOR_MISSING to {
                val old = imported(ledger)
                val other = old.createSuccessorGroup("Continued")
                ledger.deleteGroup(old.info().id)
                other.importSplitwise(row("2026-02-01,Gas,Home,8.00,EUR,4.00,-4.00"))
            },
            ErrorCode.EMPTY_IMPORT to {
                imports(ledger, row(""), ImportTarget.NewGroup("Empty", 0u))
            },
            ErrorCode.IMPORT_OUTDATED to {
                imports(ledger, row(TEA), ImportTarget.FirstGroup("Not the first", 0u))
            },
        )
    FULL_DISK?.let { disk ->
        provoke[ErrorCode.DISK_FULL] = {
            val other = Flat(File(disk), "kotlin.db")
            while (true) other.group.entries().recordAll(List(100) { Transaction.Expense(other.expense()) })
        }
    }
    READ_ONLY_DISK?.let { provoke[ErrorCode.READ_ONLY] = opened(File(it, "busy.db"), writes) }
    for ((code, call) in provoke) same(codeOf(call), code)
    // Codes that no call of an app can provoke; tests in Rust do.
    val unreachable =
        File(FIXTURES, "unreachable.txt").readLines().map {
            ErrorCode.valueOf(it.substringBefore(' ').replace('-', '_').uppercase())
        }
    same(unreachable.intersect(provoke.keys), emptySet())
    val disks = if (FULL_DISK != null) emptySet() else setOf(ErrorCode.DISK_FULL, ErrorCode.READ_ONLY)
    for (code in disks) System.err.println("!!! SKIPPED: $code, which needs a disk that root mounts")
    // The next step closes the ledger.
    same(ErrorCode.entries - provoke.keys - unreachable - disks, listOf(ErrorCode.CLOSED))
    try {
        ledger.group(GroupId("Ben"))
    } catch (error: LedgerException) {
        same(error.blame, Blame.YOU)
        check("64 hexadecimal digits" in error.reason)
    }
    try {
        group.maintenance().verifyHistory(throwing)
    } catch (error: LedgerException) {
        check("secret that must" !in error.stackTraceToString())
    }
}
