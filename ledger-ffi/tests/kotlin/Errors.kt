// Every code of errors, provoked once.

import groupledger.*
import java.io.File

/** An export in which that many people stand. */
private fun people(prefix: String, count: Int): ByteArray {
    val names = (0..<count).joinToString(",") { "$prefix$it" }
    val row = "2026-11-21,Dinner,food,1.00,EUR,1.00,-1.00" + ",0.00".repeat(count - 2)
    return "Date,Description,Category,Cost,Currency,$names\n\n$row\n".toByteArray()
}

/** A group in which more people are than an entry can name. */
private fun crowds(folder: File) {
    val (host, other) = memory(8) to memory(9)
    val ours = host.createGroup("Crowds", "Zoe")
    val request = other.join(ours.invite(InvitePolicy("", asks = false), ""), "Yan")
    val outcome = host.receiveRequest(request) as RequestOutcome.Admitted
    val welcome = File(folder, "crowds.welcome").path
    ours.writeAnswer(outcome.admitted, welcome)
    val theirs = other.finishJoinFrom(welcome).group
    ours.importSplitwise(people("P", 600))
    theirs.importSplitwise(people("Q", 600))
    val bundle = File(folder, "crowds.bundle").path
    theirs.exportBundle(bundle)
    ours.importBundle(bundle)
    val members = ours.members().map { it.id }
    ours.recordExpense(
        Expense(
            date = "2026-11-21",
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
    fun opens(path: File, keychain: Keychain = flat.keychain, create: Boolean = false): () -> Unit = {
        Ledger.open(path.path, keychain, create)
    }
    fun shares(vararg members: String): () -> Unit = {
        group.recordExpense(flat.expense(shares = members.map { Part(it, 1250) }))
    }
    fun opened(path: File, work: (LedgerGroup) -> Unit): () -> Unit = {
        Ledger.openWithKeyFile(path.path, "$path.keys", false).use { other ->
            try {
                for (row in other.groups()) work(other.group(row.id))
            } finally {
                other.shutDown()
            }
        }
    }
    fun fixture(name: String, work: (LedgerGroup) -> Unit) = opened(File(FIXTURES, name), work)
    val writes = { group: LedgerGroup -> group.addPlaceholder("Ben").let {} }
    val throwing = Calls { throw IllegalStateException("a secret that must not be passed on") }
    val cut = File(flat.folder, "cut.db").apply { writeText("short") }
    val provoke =
        mutableMapOf<ErrorCode, () -> Unit>(
            ErrorCode.NOT_FOUND to opens(File(flat.folder, "nowhere.db")),
            ErrorCode.WRONG_KEY to opens(File(flat.path), Keychain()),
            ErrorCode.SECRETS_FAILED to {
                flat.keychain.error = CallbackException.Locked()
                try {
                    group.recordExpense(flat.expense())
                } finally {
                    flat.keychain.error = null
                }
            },
            ErrorCode.WRONG_APP_KEY to { ledger.changeAppKey(ByteArray(5)) },
            ErrorCode.SECRETS_DAMAGED to {
                Ledger.open(flat.path, flat.keychain, false, appKey = ByteArray(32))
            },
            ErrorCode.DAMAGED to opens(cut),
            ErrorCode.FROM_THE_FUTURE to fixture("future.db") {},
            ErrorCode.BUSY to fixture("busy.db", writes),
            ErrorCode.DATABASE_FAILED to fixture("incomplete.db") { it.expenses() },
            ErrorCode.REFUSED to fixture("strange.db") { it.prepare() },
            ErrorCode.FILE to { ledger.backup(flat.path) },
            ErrorCode.NO_SALT to {
                val path = File(flat.folder, "shared.db").path
                Ledger.open(path, flat.keychain, true, "shared").shutDown()
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
                runCatching { group.verify(suspends) }
                ledger.resume()
                throw kept!!
            },
            ErrorCode.INVALID_MESSAGE to { ledger.join("hello", "Anna") },
            ErrorCode.INVALID_JOIN to { memory().finishJoin(answered(flat).second) },
            ErrorCode.INVALID_PHRASE to { memory().restorePhrase("zoo zoo") },
            ErrorCode.PAIRING_FAILED to { memory().pairAsOld("hello".toByteArray()) },
            ErrorCode.INVALID_SHARE to { group.sharePhrase(1u, listOf(flat.anna)) },
            ErrorCode.INVALID_ENROLMENT to { ledger.carryEnrolment("hello".toByteArray()) },
            ErrorCode.NO_KEY to {
                val path = File(flat.folder, "theirs.bundle").path
                group.exportBundle(path)
                memory(5).apply { createGroup("Other", "Zoe") }.restoreGroup(path)
            },
            ErrorCode.NO_SEALING_KEY to {
                val (other, answer) = answered(flat)
                other.finishJoin(answer).exportBundle(File(flat.folder, "none.bundle").path)
            },
            ErrorCode.OLD_COPY to {
                val path = File(flat.folder, "old.db").path
                ledger.backup(path)
                group.recordExpense(flat.expense())
                group.exportBundle(File(flat.folder, "handed-out.bundle").path)
                Ledger.open(path, flat.keychain, false).use { other ->
                    try {
                        other.group(group.id()).recordExpense(flat.expense())
                    } finally {
                        other.shutDown()
                    }
                }
            },
            ErrorCode.FORKED to {
                // Database and secrets, copied together: nothing tells the clone that it is one.
                val path = File(flat.folder, "clone.db").path
                val bundle = File(flat.folder, "original.bundle").path
                ledger.backup(path)
                Ledger.open(path, Keychain(flat.keychain.secrets.toMutableMap()), false).use { other ->
                    try {
                        val cloned = other.group(group.id())
                        group.recordExpense(flat.expense())
                        cloned.recordExpense(flat.expense())
                        group.exportBundle(bundle)
                        cloned.importBundle(bundle)
                        cloned.recordExpense(flat.expense())
                    } finally {
                        other.shutDown()
                    }
                }
            },
            ErrorCode.TOO_MANY_DEVICES to {
                val old = memory(7).apply { createGroup("Flat", "Zoe") }
                repeat(11) { pairs(old, memory(100 + it), PairingMode.HIGH_SECURITY) }
            },
            ErrorCode.UNKNOWN_INVITE to {
                group.invite(InvitePolicy(""), "")
                val invite = group.invites().last()
                repeat(2) { group.cancelInvite(invite) }
            },
            ErrorCode.INVITE_EXPIRED to { asks(flat, InvitePolicy("", expiresMs = 1uL)) },
            ErrorCode.INVITE_USED_UP to { asks(flat, InvitePolicy("", asks = false, uses = 1u), people = 2) },
            ErrorCode.INVITE_MUST_ASK to
                {
                    group.invite(InvitePolicy("", asks = false, claims = flat.anna), "")
                },
            ErrorCode.UNKNOWN_REQUEST to {
                asks(flat, InvitePolicy(""))
                val request = group.requests().last()
                repeat(2) { group.decline(request) }
            },
            ErrorCode.NEEDS_PROPOSAL to {
                answered(flat)
                asks(flat, InvitePolicy("", claims = group.members().last().id))
                group.admit(group.requests().last())
            },
            ErrorCode.OTHER_PERSON to {
                val other = memory(5)
                other.createGroup("Other", "Zoe")
                ledger.restorePhrase(other.revealPhrase())
            },
            ErrorCode.ALREADY_IN to { ledger.join(group.invite(InvitePolicy(""), ""), "Anna") },
            ErrorCode.UNKNOWN_GROUP to { ledger.group(NOBODY) },
            ErrorCode.UNKNOWN_ENTRY to { group.cancel(NOBODY) },
            ErrorCode.UNKNOWN_MEMBER to shares(flat.anna, NOBODY),
            ErrorCode.DUPLICATE_MEMBER to shares(flat.anna, flat.anna),
            ErrorCode.TOO_MANY_MEMBERS to {
                val other = ledger.createGroup("Crowd", "Anna")
                other.importSplitwise(people("P", 999))
                other.addPlaceholder("One more")
            },
            ErrorCode.TOO_MANY_REFERENCES to { crowds(flat.folder) },
            ErrorCode.NOT_ENROLLED to {
                val (other, answer) = answered(flat)
                other.finishJoin(answer).addPlaceholder("Ben")
            },
            ErrorCode.INVALID_ENTRY to { group.recordExpense(flat.expense(0)) },
            ErrorCode.WOULD_BE_VOID to { group.propose(Act.Remove(flat.anna, null)) },
            ErrorCode.PROPOSAL_OUTDATED to {
                val other = ledger.createGroup("Outdated", "Anna")
                val proposal = other.propose(Act.Remove(other.addPlaceholder("Ben"), null))
                other.sign(other.propose(Act.Rename("Ben")))
                other.sign(proposal)
            },
            ErrorCode.NO_ROOT_KEY to {
                val less = Keychain(flat.keychain.secrets.filterKeys { it != "entropy" }.toMutableMap())
                Ledger.open(flat.path, less, false).use { other ->
                    try {
                        other.group(group.id()).propose(Act.Rename("Zoe"))
                    } finally {
                        other.shutDown()
                    }
                }
            },
            ErrorCode.CANCELLED to { group.verify(Calls { false }) },
            ErrorCode.CALLBACK_FAILED to { group.verify(throwing) },
            ErrorCode.INVALID_ID to shares(flat.anna, "Ben"),
            ErrorCode.INVALID_CURSOR to { group.expenses(after = "first") },
            ErrorCode.INVALID_DATE to { group.recordExpense(flat.expense(date = "2026-02-30")) },
            ErrorCode.INVALID_CURRENCY to { group.recordExpense(flat.expense(currency = "euro")) },
            ErrorCode.INVALID_AMOUNT to { parseMoney("1.505", "EUR") },
            ErrorCode.BALANCE_TOO_LARGE to {
                val other = ledger.createGroup("Huge", "Anna")
                val (anna, ben) = other.info().me!! to other.addPlaceholder("Ben")
                val most =
                    Transfer("2026-11-21", "", "EUR", 1_000_000_000_000_000, anna, ben, null)
                other.recordAll(List(9224) { Details.Transfer(most) })
                other.balances()
            },
            ErrorCode.INVALID_IMPORT to { group.importSplitwise("hello".toByteArray()) },
        )
    FULL_DISK?.let { disk ->
        provoke[ErrorCode.DISK_FULL] = {
            val other = Flat(File(disk), "kotlin.db")
            while (true) other.group.recordAll(List(100) { Details.Expense(other.expense()) })
        }
    }
    READ_ONLY_DISK?.let { provoke[ErrorCode.READ_ONLY] = opened(File(it, "busy.db"), writes) }
    for ((code, call) in provoke) same(codeOf(call), code)
    // What nothing that an app does can bring about; tests in Rust do.
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
        ledger.group("Ben")
    } catch (error: LedgerException) {
        same(error.blame, Blame.YOU)
        check("64 hexadecimal digits" in error.reason)
    }
    try {
        group.verify(throwing)
    } catch (error: LedgerException) {
        check("secret that must" !in error.stackTraceToString())
    }
}
