// The scenario that is the same in Swift, Kotlin and Python.
//
// Run by ledger-ffi/test-bindings.sh, which compares the steps printed here with those in
// ledger-ffi/tests/scenario.txt.

import groupledger.*
import java.io.File
import java.math.BigDecimal
import java.time.Instant
import java.time.LocalDate
import java.time.temporal.ChronoUnit
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.CountDownLatch
import kotlin.concurrent.thread
import kotlin.system.exitProcess
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout

fun createsAGroup(flat: Flat) {
    val overview = flat.ledger.groups().single()
    same(Triple(overview.name, overview.me, overview.members), Triple("Flat", flat.anna, 2uL))
    same(overview.balances, emptyList())
    check(overview.lastActivity > Instant.parse("2024-01-01T00:00:00Z"))
    val members = flat.group.members()
    same(members.map { it.label }, listOf("Anna", "Ben"))
    same(members.map { it.isMe }, listOf(true, false))
    check(members[1].isPlaceholder)
    check(members[0].isOwner && members[0].devices == 1uL && members[0].joined != null)
    val device = flat.group.devices().single()
    check(device.isThisDevice && device.member == flat.anna && device.enrolled != null)
    same(
        flat.keychain.secrets.keys.map { it.substringBefore('-') }.sorted(),
        listOf("database", "device", "entropy"),
    )
}

fun recordsAnExpense(flat: Flat) {
    val total = BigDecimal("25").toMoney("EUR")
    val shared = listOf(flat.anna, flat.ben)
    flat.dinner =
        flat.group.entries().recordExpense(equalExpense(DAY, "Dinner", total, flat.anna, shared, category = "food"))
    same(flat.balances(), listOf("12.50", "-12.50"))
    val row = flat.group.lists().expenses().single()
    same(row.id to row.currentVersion.text, flat.dinner to flat.dinner.text)
    check(!row.isCancelled)
    same(row.transaction.description to row.transaction.date, "Dinner" to DAY)
    same(row.total.decimal, BigDecimal("25.00"))
    val balance = flat.ledger.groups().single().balances.single()
    same(balance, Money("EUR", 1250, 2u))
}

fun correctsIt(flat: Flat) {
    val lists = flat.group.lists()
    val old = (lists.expenses().single().transaction as Transaction.Expense).expense
    val dearer = flat.expense(3000, description = old.description + " and wine")
    val correction = flat.group.entries().correct(flat.dinner, Transaction.Expense(dearer))
    same(flat.balances(), listOf("15.00", "-15.00"))
    val row = lists.expenses().single()
    same(row.id to row.currentVersion, flat.dinner to correction)
    val history = lists.history(flat.dinner)
    same(history.map { it.kind }, listOf(VersionKind.CORRECTION, VersionKind.ORIGINAL))
    same(history[0].transaction?.description, "Dinner and wine")
    val newest = lists.activity(limit = 1u).single()
    same(newest.expense, flat.dinner)
    same(newest.totalBefore?.minorUnits to newest.total?.minorUnits, 2500L to 3000L)
    same(newest.before?.description, "Dinner")
    val changes = flat.group.lists().differences(newest.before!!, newest.transaction!!)
    same(changes[0], Difference.Description("Dinner", "Dinner and wine"))
    val english = flat.group.lists().differencesInEnglish(newest.before!!, newest.transaction!!)
    same(english[0], "the description was Dinner, is Dinner and wine")
}

fun paysAndConfirms(flat: Flat) {
    val payment = flat.group.balances().settleUp().single()
    same(payment.fromMember to payment.toMember, flat.ben to flat.anna)
    flat.payment = flat.group.entries().recordTransfer(payment.toTransfer(DAY.plusDays(1)))
    same(flat.balances(), listOf("0.00", "0.00"))
    flat.group.entries().dispute(flat.payment)
    check(!flat.group.lists().reviews(flat.payment).single().confirms)
    val shown = flat.group.lists().expenses(limit = 100u).single { it.id == flat.payment }
    flat.group.entries().confirm(flat.payment, "thanks", shown.currentVersion)
    val review = flat.group.lists().reviews(flat.payment).single()
    check(review.target == shown.currentVersion && review.current)
    same(Triple(review.member, review.confirms, review.note), Triple(flat.anna, true, "thanks"))
}

fun cancels(flat: Flat) {
    flat.group.entries().cancel(flat.payment, "it bounced")
    same(flat.balances(), listOf("15.00", "-15.00"))
    same(flat.group.lists().expenses().single { it.isCancelled }.id, flat.payment)
    flat.group.entries().restore(flat.payment)
    same(flat.balances(), listOf("0.00", "0.00"))
    flat.group.entries().cancel(flat.payment, "it bounced")
    val newest = flat.group.lists().activity(limit = 1u).single()
    same(newest.kind to newest.expense, EntryKind.CANCELLATION to flat.payment)
    same(newest.remark to newest.transaction, "it bounced" to null)
    same((newest.before as Transaction.Transfer).transfer.toMember, flat.anna)
    val undone = flat.group.entries().undo()
    same(undone.act to undone.expense, newest.id to flat.payment)
    same(undone.how, UndoneBy.Restoration)
    same(flat.group.entries().undo().how, UndoneBy.Cancellation)
    same(flat.group.lists().expense(newest.id)?.isCancelled, true)
}

fun findsAndPages(flat: Flat) {
    for (day in 1..7) {
        flat.group.entries().recordExpense(flat.expense(date = LocalDate.of(2026, 10, day), category = "rent"))
    }
    val lists = flat.group.lists()
    val edited = lists.expenses(limit = 100u).single { it.edit != null }
    same(edited.edit!!.author to edited.edit!!.lostEdits, flat.anna to 0uL)
    check(lists.expenses(limit = 100u).all { it.author == flat.anna && it.reviews != null })
    fun found(from: LocalDate? = null, to: LocalDate? = null, condition: Condition? = null) =
        lists.expenses(ExpenseFilter(from, to, listOfNotNull(condition)), limit = 100u).size
    same(found(), 9)
    same(found(condition = Condition.Text("wi din")), 1)
    same(found(condition = Condition.Category("rent")), 7)
    same(found(condition = Condition.Currency("JPY")), 0)
    same(found(condition = Condition.Member(flat.ben)), 9)
    val rentOfAnna = listOf(Condition.Category("rent"), Condition.Payer(flat.anna))
    val little = ExpenseFilter(conditions = rentOfAnna + Condition.AtMost(1uL))
    same(lists.expenses(ExpenseFilter(conditions = rentOfAnna)).size, 7)
    same(lists.expenses(little), emptyList())
    val months = lists.totals(TotalsBy.MONTH)
    same(months.map { it.month }, listOf(LocalDate.of(2026, 10, 1), LocalDate.of(2026, 11, 1)))
    val rent = lists.totals(TotalsBy.CATEGORY).single { it.category == "rent" }
    same(rent.expenses to rent.spent, 7uL to months[0].spent)
    val people = lists.totals(TotalsBy.MEMBER)
    val whole = lists.totals(TotalsBy.CURRENCY).single()
    same(people.sumOf { it.paid.minorUnits }, whole.spent.minorUnits)
    check(lists.categories().any { it.name == "rent" })
    val genesis = lists.arrived(limit = 1u).single().id
    same(flat.group.balances().asOf(AsOf.Entry(genesis)), emptyList())
    val openNow = flat.group.balances().now().map { it.balance.minorUnits }.filter { it != 0L }
    val now = flat.group.balances().asOf(AsOf.Day(LocalDate.of(2026, 12, 31)))
    same(now.map { it.balance.minorUnits }.sorted(), openNow.sorted())
    val secondOfOctober = AsOf.Day(LocalDate.of(2026, 10, 2))
    val then = lists.statementAsOf(flat.anna, "EUR", secondOfOctober)
    same(then.map { it.balance.minorUnits }, listOf(2500L, 1250L))
    same(found(LocalDate.of(2026, 10, 2), LocalDate.of(2026, 10, 4)), 3)
    same(lists.allExpenses(pageSize = 4u).map { it.id }.toSet().size, 9)
    same(lists.voidEntries(), emptyList())
    same(lists.activity(limit = 100u).map { it.author }.toSet(), setOf(flat.anna))
    val ofExpenses = lists.expenses(limit = 1u).single().cursor
    same(codeOf { lists.arrived(ofExpenses) }, ErrorCode.INVALID_CURSOR)
    val first = lists.arrived(limit = 1u).single()
    val came = listOf(first) + lists.arrived(first.cursor, limit = 100u)
    same(came.size.toULong(), flat.group.info().entries)
    check(came.all { it.signedHere })
    same(lists.unread(), Unread(0uL, false, null))
    flat.group.markRead(came[3].cursor)
    same(lists.unread().read, came[3].cursor)
    flat.group.markRead()
    same(lists.arrived(lists.unread().read), emptyList())
}

fun showsStatementsBeforeSigning(flat: Flat) {
    val outdated = flat.group.statements().propose(StatementIntent.Remove(flat.ben, null))
    check("Remove Ben" in outdated.text())
    same(outdated.statement(), ProposedStatement.Remove(flat.ben))
    flat.group.statements().sign(flat.group.statements().propose(StatementIntent.Rename("Ben")))
    same(flat.group.members().map { it.label }, listOf("Ben", "Ben (2)"))
    same(codeOf { flat.group.statements().sign(outdated) }, ErrorCode.PROPOSAL_OUTDATED)
    flat.group.statements().sign(flat.group.statements().propose(StatementIntent.RenameGroup("House")))
    same(flat.group.info().name, "House")
    val removal = flat.group.statements().propose(StatementIntent.Remove(flat.ben, null))
    same(removal.fingerprint(), null)
    same(removal.voids() + removal.revives(), emptyList())
    flat.group.statements().sign(removal)
    check(flat.group.members()[1].isRemoved)
}

fun tellsWhatChanges(flat: Flat): Unit = runBlocking {
    val seen = Channel<Change>(Channel.UNLIMITED)
    val begun = CountDownLatch(1)
    val collector =
        launch(Dispatchers.Default) {
            // A flow that has begun is heard of by its first change.
            flat.ledger.changes().collect {
                begun.countDown()
                seen.send(it)
            }
        }
    while (begun.count > 0) {
        flat.group.entries().recordExpense(flat.expense())
        kotlinx.coroutines.delay(20)
    }
    withTimeout(60_000) {
        while (seen.tryReceive().isSuccess) {}
        flat.group.entries().addPlaceholder("Cleo")
        var change = seen.receive()
        while (!change.members) change = seen.receive()
        same(change.group, flat.group.id())
        check(change.arrivals.all { it.signedHere })
        same(change.arrivals.size.toULong(), change.newEntries)
    }
    collector.cancelAndJoin()
    flat.group.entries().recordExpense(flat.expense())
    check(seen.isEmpty)
}

fun verifiesAndCancelsALongCheck(flat: Flat): Unit = runBlocking {
    val rows = List(1000) { Transaction.Expense(flat.expense(100L + it)) }
    same(flat.group.entries().recordAll(rows).size, 1000)
    val progress = Calls()
    val maintenance = flat.group.maintenance()
    val verification = maintenance.verifyHistory(progress)
    same(verification.problems, emptyList())
    same(verification.entries, flat.group.info().entries)
    same(verification.stateDigest, flat.group.stateDigest())
    check(progress.seen.any { it.done == verification.entries })
    val stopping = Calls { it < 3 }
    same(codeOf { maintenance.verifyHistory(stopping) }, ErrorCode.CANCELLED)
    same(stopping.seen.size, 3)
    // The coroutine that waits is cancelled, and so the check.
    val reached = CountDownLatch(1)
    val job =
        async(Dispatchers.Default, CoroutineStart.DEFAULT) {
            longWork({ progress ->
                reached.countDown()
                while (progress.done == 0uL && job()?.isActive == true) Thread.onSpinWait()
            }) {
                maintenance.verifyHistory(it)
            }
        }
    cancelling = job
    reached.await()
    job.cancelAndJoin()
    check(job.isCancelled)
}

@Volatile var cancelling: kotlinx.coroutines.Job? = null

fun job() = cancelling

fun backsUp(flat: Flat) {
    val copy = File(flat.folder, "copy.db").path
    val progress = Calls()
    flat.ledger.maintenance().backup(copy, progress)
    check(progress.seen.isNotEmpty())
    val other = Ledger.open(copy, flat.keychain, create = false)
    other.use { same(it.group(flat.group.id()).agreement(), flat.group.agreement()) }
    same(codeOf { other.groups() }, ErrorCode.CLOSED)
}

fun countsMoneyToTheCent(flat: Flat) {
    same(BigDecimal("12.5").toMoney("EUR").minorUnits, 1250)
    same(parseMoney("12.5", "EUR"), BigDecimal("12.5").toMoney("EUR"))
    same(BigDecimal("1.234").toMoney("KWD").decimal, BigDecimal("1.234"))
    same(codeOf { BigDecimal("1.505").toMoney("EUR") }, ErrorCode.INVALID_AMOUNT)
    same(listOf("EUR", "JPY", "KWD", "beers/0").map { currencyExponent(it) }, listOf(2u, 0u, 3u, 0u))
    same(splitEqually(1000, 3u, 1u), listOf(333L, 334L, 333L))
    val parts = listOf(SplitPart(flat.anna, 1), SplitPart(flat.ben, 2))
    val shares = sharesOf(Split.Weights(parts), 900, "EUR", 0u)
    same(shares.map { it.minorUnits }.sorted(), listOf(300L, 600L))
    flat.group.entries().recordExpense(flat.expense(7, currency = "JPY"))
    val yen = flat.group.balances().now().map { it.balance }.filter { it.currency == "JPY" }
    same(yen.map { formatMoney(it) }.sorted(), listOf("-3", "0", "3"))
    val rate = parseRate("EUR", "JPY", "160")
    val converted = flat.group.balances().inCurrency("EUR", listOf(rate))
    same(converted.balances.sumOf { it.balance.minorUnits }, 0L)
    same(converted.rates, listOf(rate))
}

fun keepsSettings(flat: Flat) {
    val settings = flat.group.settings()
    settings.setDefaultCurrency("EUR")
    settings.setDefaultWeight(flat.ben, 2)
    settings.setCategories(listOf("food", "rent"))
    settings.setRelays(listOf("https://relay.example"))
    val found = settings.current()
    same(found.defaultCurrency, "EUR")
    same(found.categories, listOf("food", "rent"))
    same(found.defaultWeights, listOf(DefaultWeight(flat.ben, 2)))
    same(found.relays, listOf("https://relay.example"))
    same(found.proposedRelays, emptyList())
    same(flat.ledger.groups().first().defaultCurrency, "EUR")
    check(settings.defaultSplit() is Split.Weights)
    settings.setDeviceName(flat.group.devices().first().id, "Anna's phone")
    same(flat.group.devices().first().name, "Anna's phone")
    settings.setDefaultWeight(flat.ben, null)
    same(settings.current().defaultWeights, emptyList())
}

fun plansAnImport(flat: Flat) {
    val ledger = Ledger.inMemory()
    val header = "Date,Description,Category,Cost,Currency,Anna,Ben\n"
    val tea = "2026-01-01,Tea,Food,4.00,EUR,2.00,-2.00\n"
    val cake = "2026-01-02,Cake,Food,6.00,EUR,3.00,-3.00\n"
    fun plan(csv: String, target: ImportTarget) =
        ledger.imports().planSplitwise(csv.toByteArray(), target)
    val look = ImportChoice(OldRows.REFUSE)
    val first = plan(header + tea + cake, ImportTarget.FirstGroup("Flat", 0u))
    same(first.preview(look).newLines, listOf(2uL, 3uL))
    same(ledger.groups(), emptyList())
    val done = ledger.imports().apply(first, look)
    same(done.summary.added to done.summary.differing, 2uL to emptyList<String>())
    val dearer = tea.replace("4.00,EUR,2.00,-2.00", "8.00,EUR,4.00,-4.00")
    val plan = plan(header + dearer, ImportTarget.Group(done.group))
    val shown = plan.preview(look)
    same(shown.changed.map { it.line }, listOf(2uL))
    same(shown.gone.size to shown.isOtherGroup, 1 to false)
    val replace = ImportChoice(OldRows.REPLACE)
    same(plan.preview(replace).totals.map { it.differences }, listOf(emptyList()))
    val summary = ledger.imports().apply(plan, replace).summary
    same(summary.added to summary.replaced, 1uL to 2uL)
    val balances = ledger.group(done.group).balances().now().map { it.balance.minorUnits }
    same(balances.sorted(), listOf(-400L, 400L))
    // It is undone: what it replaced counts again.
    val undone = ledger.imports().undo(done.group)
    same(listOf(undone.cancelled, undone.restored, undone.kept), listOf(1uL, 2uL, 0uL))
    val before = ledger.group(done.group).balances().now().map { it.balance.minorUnits }
    same(before.sorted(), listOf(-500L, 500L))
    same(ledger.group(done.group).lists().unfinishedImport(), null)
    same(ledger.groups().map { it.unfinishedImport }, listOf(null))
    check(!ledger.isReadOnly())
    // A file of another program is recognised.
    val bills = "date,what,bill_type,amount,currency,payer_name,payer_weight,owers\n" +
        "2026-03-01,Hut,Expense,80.0,XXX,Anna,1.0,\"Anna, Ben\"\n"
    val target = ImportTarget.NewGroup("Trip", 0u)
    val trip = ledger.imports().plan(bills.toByteArray(), target, currency = "EUR")
    same(trip.preview(look).program to trip.preview(look).newLines, "ihatemoney" to listOf(2uL))
    val made = ledger.imports().apply(trip, look).group
    val money = ledger.group(made).balances().now().map { it.balance.minorUnits }
    same(money.sorted(), listOf(-4000L, 4000L))
}

fun keepsRulesAndHints(flat: Flat) {
    val group = Ledger.inMemory().createGroup("Flat", "Anna")
    val (anna, ben) = group.info().me!! to group.entries().addPlaceholder("Ben")
    val rule = Split.Weights(listOf(SplitPart(anna, 2), SplitPart(ben, 1)))
    val shares = sharesOf(rule, 900, "EUR", 0u)
    val hints = Hints(listOf("food"), emptyList(), PaidIn("USD", 1000, 9u, 10u, "bank"))
    val bill = flat.expense(900, shares = shares).copy(payers = listOf(Part(anna, 900)))
    fun shown(): Pair<SplitKind?, Expense> {
        val row = group.lists().expenses().single()
        return row.split to (row.transaction as Transaction.Expense).expense
    }
    val dinner = group.entries().recordExpense(bill.copy(split = rule, hints = hints))
    same(shown().first, SplitKind.WEIGHTS)
    same(shown().second.hints, hints)
    val parts = (shown().second.split as Split.Weights).parts
    same(parts.map { it.value }.sorted(), listOf(1L, 2L))
    // A correction that says nothing of them keeps both.
    group.entries().correct(dinner, Transaction.Expense(bill.copy(description = "Supper")))
    same(shown().first, SplitKind.WEIGHTS)
    same(shown().second.hints, hints)
    // Other shares are not what the weights give, and no hints are none.
    val others = listOf(Part(anna, 1), Part(ben, 899))
    val nothing = Hints(emptyList(), emptyList(), null)
    val changed = bill.copy(shares = others, split = rule, hints = nothing)
    group.entries().correct(dinner, Transaction.Expense(changed))
    same(shown().first, SplitKind.EXACT)
    same(shown().second.hints, nothing)
    same(group.devices().single().speaks, null)
    // A refund with a tag is found by both, and one person settles.
    group.entries().recordExpense(bill.copy(hints = hints, direction = Direction.INCOMING))
    val tagged = listOf(Condition.Tag("food"), Condition.Direction(Direction.INCOMING))
    same(group.lists().expenses(ExpenseFilter(conditions = tagged)).size, 1)
    same(group.lists().tags().map { it.name }, listOf("food"))
    val payments = group.balances().settleUpFor(ben)
    same(group.entries().recordPayments(payments, LocalDate.of(2026, 11, 30), "Settle-up").size, payments.size)
    same(group.balances().settleUpFor(ben), emptyList())
}

fun recurs(flat: Flat) {
    val recurring = flat.group.recurring()
    val first = LocalDate.of(2126, 1, 31)
    val later = LocalDate.of(2126, 4, 1)
    val monthly = RecurrenceRule(RecurrenceUnit.MONTHS, 1u)
    val rent = Transaction.Expense(flat.expense(900).copy(date = first))
    val series = recurring.begin(rent, monthly)
    val row = recurring.series(first).single()
    same(row.nextDay, first)
    same(row.rule, monthly)
    same(recurring.due(later).occurrences.map { it.number }, listOf(0uL, 1uL, 2uL))
    same(recurring.record(series, 0uL) != null, true)
    same(recurring.record(series, 0uL), null)
    same(recurring.recordDue(later).expenses.size, 2)
    same(recurring.recordDue(later).expenses.size, 0)
    same(recurring.pause(series, later, LocalDate.of(2126, 6, 1)).size, 2)
    same(recurring.series(later).single().nextDay, LocalDate.of(2126, 6, 30))
    recurring.end(series, LocalDate.of(2126, 7, 1))
    same(recurring.series(LocalDate.of(2126, 7, 2)).single().nextDay, null)
}

fun servesSeveralThreads(flat: Flat) {
    val before = flat.group.info().entries
    val failures = ConcurrentLinkedQueue<Throwable>()
    List(4) {
            thread {
                try {
                    repeat(25) {
                        flat.group.entries().recordExpense(flat.expense())
                        flat.group.balances().now()
                        flat.group.lists().expenses(limit = 5u)
                    }
                } catch (error: Throwable) {
                    failures += error
                }
            }
        }
        .forEach { it.join() }
    same(failures.toList(), emptyList())
    same(flat.group.info().entries, before + 100u)
}

fun livesInMemory(flat: Flat) {
    fun story(): Pair<GroupId, String> {
        val before = Instant.now().truncatedTo(ChronoUnit.MILLIS)
        val group = Ledger.inMemory().createGroup("Flat", "Anna")
        group.entries().addPlaceholder("Ben")
        val newest = group.lists().activity(limit = 1u).single()
        check(newest.timestamp in before..before.plusSeconds(3600))
        return group.id() to group.stateDigest()
    }
    val (one, other) = story() to story()
    check(one.first != other.first && one.second != other.second)
}

fun changesTheAppKey(flat: Flat) {
    val (keychain, path) = Keychain() to File(flat.folder, "sealed.db").path
    val (old, new) = ByteArray(32) to ByteArray(32) { 2 }
    val ledger = Ledger.open(path, keychain, appKey = old)
    val group = ledger.createGroup("Flat", "Anna")
    val before = keychain.secrets.toMap()
    ledger.maintenance().changeAppKey(new)
    val changed = keychain.secrets.filter { (name, secret) -> !secret.contentEquals(before[name]) }
    same(changed.keys, setOf("wrapping-key"))
    group.entries().addPlaceholder("Ben")
    ledger.close()
    for (wrong in listOf(old, null)) {
        same(codeOf { Ledger.open(path, keychain, appKey = wrong) }, ErrorCode.WRONG_APP_KEY)
    }
    val again = Ledger.open(path, keychain, appKey = new)
    same(again.group(group.id()).members().size, 2)
    again.close()
}

fun suspendsAndResumes(flat: Flat) {
    flat.ledger.checkpoint()
    flat.ledger.suspend()
    same(codeOf { flat.group.info() }, ErrorCode.SUSPENDED)
    flat.ledger.resume()
    val maintenance = flat.ledger.maintenance()
    same(maintenance.checkDatabase(), emptyList())
    maintenance.rebuildIndexes()
    check("Flat" !in maintenance.supportDump())
    maintenance.releaseMemory()
}

fun changesTheKey(flat: Flat) {
    val older = File(flat.folder, "older.db").path
    flat.ledger.maintenance().backup(older)
    val (agreed, keys) = flat.group.agreement() to flat.keychain.secrets.toMutableMap()
    flat.ledger.maintenance().rekey()
    val changed = keys.keys.filter { !flat.keychain.secrets[it].contentEquals(keys[it]) }
    same(changed.map { it.substringBefore('-') }, listOf("database"))
    same(flat.group.agreement(), agreed)
    flat.group.entries().recordExpense(flat.expense())
    // What was copied before opens with the key of then.
    Ledger.open(older, Keychain(keys), create = false).close()
}

fun invitesAndAdmits(flat: Flat) {
    val (other, welcome) = admitted(flat)
    same(other.joining().enter(welcome).id(), flat.group.id())
    same(flat.group.members().last().name, "Cleo 0")
    same(flat.group.invites().list().map { it.info().used }, listOf(1u))
    same(flat.group.createSuccessorGroup("New house").info().name, "New house")
}

fun restoresThePerson(flat: Flat) {
    val words = flat.ledger.recovery().revealPhrase()
    same(words.split(' ').size, 24)
    val phone = Ledger.inMemory().recovery()
    phone.restorePhrase(words)
    same(phone.revealPhrase(), words)
}

fun doesNotLeak(flat: Flat) {
    fun work(calls: Int): Long {
        repeat(calls / 5) {
            flat.group.balances().now()
            flat.group.lists().expenses(limit = 5u)
            codeOf { flat.group.lists().history(NOTHING) }
            flat.ledger.group(flat.group.id()).use { it.info() }
            parseMoney("12.50", "EUR")
        }
        System.gc()
        return File("/proc/self/statm").readText().split(' ')[1].toLong() * 4096
    }
    val sizes = List(6) { work(10_000) }
    val grown = sizes.zipWithNext { before, after -> after - before }
    // A leak grows each time.
    check(grown.min() < 1 shl 20) { "10,000 calls cost $grown bytes" }
}

fun refusesCallsAfterClosing(flat: Flat) {
    val watch =
        flat.ledger.watch(
            object : ChangeListener {
                override fun onChange(change: Change) {}
            }
        )
    flat.ledger.close()
    flat.ledger.close()
    for (call in listOf({ flat.group.balances().now() }, { flat.ledger.groups() }, { flat.group.info() })) {
        same(codeOf { call() }, ErrorCode.CLOSED)
    }
    check(watch.isStopped())
    watch.close()
    check(runCatching { watch.isStopped() }.exceptionOrNull() is IllegalStateException)
}

fun opensAgain(flat: Flat) {
    Ledger.open(flat.path, flat.keychain, create = false).use { again ->
        val group = again.group(flat.group.id())
        group.prepare(Calls())
        same(group.info().name, "House")
        same(group.stateDigest().length, 64)
        again.deleteGroup(flat.group.id())
        same(codeOf { again.group(flat.group.id()) }, ErrorCode.UNKNOWN_GROUP)
    }
}

val STEPS: List<Pair<String, (Flat) -> Unit>> =
    listOf(
        "creates_a_group" to ::createsAGroup,
        "records_an_expense" to ::recordsAnExpense,
        "corrects_it" to ::correctsIt,
        "pays_and_confirms" to ::paysAndConfirms,
        "cancels" to ::cancels,
        "finds_and_pages" to ::findsAndPages,
        "shows_statements_before_signing" to ::showsStatementsBeforeSigning,
        "tells_what_changes" to ::tellsWhatChanges,
        "verifies_and_cancels_a_long_check" to ::verifiesAndCancelsALongCheck,
        "backs_up" to ::backsUp,
        "counts_money_to_the_cent" to ::countsMoneyToTheCent,
        "keeps_settings" to ::keepsSettings,
        "plans_an_import" to ::plansAnImport,
        "keeps_rules_and_hints" to ::keepsRulesAndHints,
        "recurs" to ::recurs,
        "shares_by_every_rule" to ::sharesByEveryRule,
        "gets_money_back" to ::getsMoneyBack,
        "changes_a_series" to ::changesASeries,
        "serves_several_threads" to ::servesSeveralThreads,
        "lives_in_memory" to ::livesInMemory,
        "changes_the_app_key" to ::changesTheAppKey,
        "suspends_and_resumes" to ::suspendsAndResumes,
        "changes_the_key" to ::changesTheKey,
        "invites_and_admits" to ::invitesAndAdmits,
        "restores_the_person" to ::restoresThePerson,
        "joins_by_a_file" to ::joinsByAFile,
        "lives_on_bundles" to ::livesOnBundles,
        "sends_a_bundle_in_parts" to ::sendsABundleInParts,
        "removes_and_rotates" to ::removesAndRotates,
        "pairs_a_device" to ::pairsADevice,
        "restores_by_phrase" to ::restoresByPhrase,
        "recovers_by_friends" to ::recoversByFriends,
        "salvages_a_database" to ::salvagesADatabase,
        "resets_the_keys_of_a_clone" to ::resetsTheKeysOfAClone,
        "does_not_leak" to ::doesNotLeak,
        "reports_every_error" to ::reportsEveryError,
        "refuses_calls_after_closing" to ::refusesCallsAfterClosing,
        "opens_again" to ::opensAgain,
    )

fun main(arguments: Array<String>) {
    FIXTURES = File(arguments[0])
    val folder = kotlin.io.path.createTempDirectory("ledger").toFile()
    var failed = 0
    try {
        val flat = Flat(folder)
        for ((name, step) in STEPS) {
            try {
                step(flat)
                println("ok $name")
            } catch (error: Throwable) {
                failed++
                println("FAILED $name")
                error.printStackTrace()
            }
        }
    } finally {
        folder.deleteRecursively()
    }
    println("${STEPS.size - failed} passed, $failed failed")
    exitProcess(if (failed > 0) 1 else 0)
}
