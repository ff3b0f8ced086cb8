// Helpers for the steps of the scenario.

import groupledger.*
import java.io.File
import java.time.LocalDate

val NO_ID = "00".repeat(32)
val NOBODY = MemberId(NO_ID)
val NOTHING = ExpenseId(NO_ID)
val DAY: LocalDate = LocalDate.of(2026, 11, 21)
val FULL_DISK: String? = System.getenv("LEDGER_FULL_DISK")
val READ_ONLY_DISK: String? = System.getenv("LEDGER_READ_ONLY_DISK")
lateinit var FIXTURES: File

/** A secret store, as an app writes one over Keystore. */
class Keychain(val secrets: MutableMap<String, ByteArray> = mutableMapOf()) : SecretStore {
    @Volatile var error: CallbackException? = null

    private fun check() {
        error?.let { throw it }
    }

    override fun get(name: String): ByteArray? = check().let { secrets[name] }

    override fun set(name: String, secret: ByteArray) = check().also { secrets[name] = secret }

    override fun remove(name: String) = check().also { secrets.remove(name) }
}

class Calls(val answer: (Int) -> Boolean = { true }) : ProgressListener {
    val seen = mutableListOf<WorkProgress>()

    override fun onProgress(progress: WorkProgress): Boolean {
        seen += progress
        return answer(seen.size)
    }
}

/** A ledger in a folder of its own, with Anna, whose phone it is, and Ben. */
class Flat(val folder: File, name: String = "flat.db") {
    val path = File(folder, name).path
    val keychain = Keychain()
    val ledger = Ledger.open(path, keychain)
    val group = ledger.createGroup("Flat", "Anna")
    val anna = group.info().me!!
    val ben = group.entries().addPlaceholder("Ben")
    var dinner = NOTHING
    var payment = NOTHING
    lateinit var phones: Phones

    fun expense(
        minorUnits: Long = 2500,
        date: LocalDate = DAY,
        currency: String = "EUR",
        description: String = "Dinner",
        category: String = "food",
        shares: List<Part>? = null,
    ): Expense {
        val half = splitEqually(minorUnits, 2u, 0u)
        return Expense(
            date = date,
            description = description,
            currency = currency,
            minorUnits = minorUnits,
            payers = listOf(Part(anna, minorUnits)),
            shares = shares ?: listOf(Part(anna, half[0]), Part(ben, half[1])),
            category = category,
        )
    }

    fun balances() = group.balances().now().map { it.balance.decimal.toPlainString() }
}

fun codeOf(call: () -> Unit): ErrorCode {
    try {
        call()
    } catch (error: LedgerException) {
        check(error.reason.isNotEmpty() && error.advice.isNotEmpty())
        return error.code
    }
    error("this should have failed")
}

fun <T> same(found: T, wanted: T) = check(found == wanted) { "$found in place of $wanted" }

/** Somebody asks to join by an invite. */
fun asks(flat: Flat, policy: InvitePolicy, people: Int = 1): Ledger {
    val link = flat.group.invites().create(policy, "https://example.org/join")
    return List(people) { number ->
            Ledger.inMemory().also {
                flat.ledger.joining().receiveRequest(it.joining().join(link, "Cleo $number"))
            }
        }
        .last()
}

/** Somebody asks to join, and is admitted. */
fun admitted(flat: Flat): Pair<Ledger, ByteArray> {
    val other = asks(flat, InvitePolicy("Cleo"))
    val invites = flat.group.invites()
    val request = invites.joinRequests().last()
    return other to invites.admit(request, invites.proposeAdmission(request)).welcome
}
