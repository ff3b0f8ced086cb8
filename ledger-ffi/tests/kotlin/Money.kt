// Steps about money: by which rule it is shared, how it comes back, and what recurs otherwise.

import groupledger.*
import java.time.LocalDate

/** A group of its own, in memory, with Anna and Ben. */
class Two {
    val group = Ledger.inMemory().createGroup("Flat", "Anna")
    val anna = group.info().me!!
    val ben = group.entries().addPlaceholder("Ben")

    fun parts(ofAnna: Long, ofBen: Long) = listOf(SplitPart(anna, ofAnna), SplitPart(ben, ofBen))

    fun halves(minorUnits: Long) =
        listOf(Part(anna, minorUnits / 2), Part(ben, minorUnits / 2))
}

fun sharesByEveryRule(flat: Flat) {
    val two = Two()
    val pizza = SplitItem("Pizza", 800, two.parts(1, 3))
    for ((kind, rule, expected) in
        listOf(
            Triple(SplitKind.EQUAL, Split.Equal(listOf(two.anna, two.ben)), null),
            Triple(SplitKind.PERCENT, Split.Percent(two.parts(333_333, 666_667)), 334L to 667L),
            Triple(SplitKind.EXACT, Split.Exact(two.parts(1, 1000)), 1L to 1000L),
            // Who has nothing of it has no share.
            Triple(SplitKind.EXACT, Split.Exact(two.parts(0, 1001)), 0L to 1001L),
            Triple(SplitKind.ADJUST, Split.Adjust(two.parts(-101, 0)), 450L to 551L),
            Triple(SplitKind.ITEMS, Split.Items(listOf(pizza), 200, 1, 0, 0), 250L to 751L),
        )) {
        val bill = flat.expense(1001, shares = sharesOf(rule, 1001, "EUR", 0u))
        two.group.entries().recordExpense(bill.copy(payers = listOf(Part(two.ben, 1001)), split = rule))
        val row = two.group.lists().expenses(limit = 1u).single()
        val shares = (row.transaction as Transaction.Expense).expense.shares
        val found = shares.associate { it.member to it.minorUnits }
        val ofAnna = found[two.anna] ?: 0
        when (expected) {
            // Odd cents take turns.
            null -> same(found.values.sorted(), listOf(500L, 501L))
            else -> same(ofAnna to found[two.ben], expected)
        }
        same(row.split to row.myShare.minorUnits, kind to ofAnna)
        same(row.myChange.minorUnits, -ofAnna)
    }
}

fun getsMoneyBack(flat: Flat) {
    val two = Two()
    fun bill(minorUnits: Long, direction: Direction) =
        flat.expense(minorUnits, shares = two.halves(minorUnits))
            .copy(payers = listOf(Part(two.anna, minorUnits)), direction = direction)
    val receipt = Receipt(ByteArray(32), 1uL, "image/jpeg", ByteArray(32) { 1 })
    val hints = Hints(emptyList(), listOf(receipt), null)
    two.group.entries().recordExpense(bill(400, Direction.OUTGOING).copy(hints = hints))
    // More comes back than was paid.
    two.group.entries().recordExpense(bill(1000, Direction.INCOMING))
    val balances = two.group.balances().now().associate { it.member to it.balance.minorUnits }
    same(balances, mapOf(two.anna to -300L, two.ben to 300L))
    val (back, paid) = two.group.lists().expenses()
    same(back.myShare.minorUnits to back.myChange.minorUnits, 500L to -500L)
    same(paid.myShare.minorUnits to paid.myChange.minorUnits, 200L to 200L)
    val kept = (paid.transaction as Transaction.Expense).expense.hints!!.receipts.single()
    check(kept.blob.contentEquals(receipt.blob) && kept.key.contentEquals(receipt.key))
    same(kept.size to kept.mediaType, 1uL to "image/jpeg")
    val total = two.group.lists().totals(TotalsBy.CURRENCY).single()
    same(total.expenses to total.spent.minorUnits, 2uL to -600L)
    val debt = two.group.balances().debts(two.ben).single()
    same(debt.member to debt.balance.minorUnits, two.anna to 300L)
    val payment = two.group.balances().settleUpOnlyOwed().single()
    same(payment.fromMember to payment.money.minorUnits, two.anna to 300L)
}

fun changesASeries(flat: Flat) {
    val two = Two()
    val recurring = two.group.recurring()
    fun rent(minorUnits: Long, date: LocalDate) =
        Transaction.Expense(
            flat.expense(minorUnits, date = date, shares = two.halves(minorUnits))
                .copy(payers = listOf(Part(two.anna, minorUnits)))
        )
    val monthly = RecurrenceRule(RecurrenceUnit.MONTHS, 1u)
    val first = LocalDate.of(2126, 1, 31)
    val march = LocalDate.of(2126, 3, 1)
    val series = recurring.begin(rent(900, first), monthly)
    val changed = recurring.change(series, march, rent(1000, first))
    same(changed.entries.size to changed.plannedFrom, 1 to null)
    val due = recurring.due(LocalDate.of(2126, 4, 1)).occurrences
    same(due.map { it.total.minorUnits }, listOf(900L, 900L, 1000L))
    same(due[2].transaction.date, LocalDate.of(2126, 3, 31))
    // Its first days were over when it began: they are shown, and recorded if somebody taps.
    val old =
        recurring.begin(rent(700, LocalDate.of(2024, 1, 15)), monthly, LocalDate.of(2024, 3, 15))
    val passed = recurring.passed(old)
    same(passed.occurrences.map { it.number } to passed.hasMore, listOf(0uL, 1uL, 2uL) to false)
    same(recurring.recordDue(LocalDate.of(2025, 1, 1)).expenses, emptyList())
    check(recurring.record(old, 1uL) != null)
    same(recurring.passed(old).occurrences.map { it.number }, listOf(0uL, 2uL))
    same(recurring.waiting(march).occurrences, emptyList())
}
