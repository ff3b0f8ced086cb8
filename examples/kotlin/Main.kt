// A small terminal program: a flat's expenses, in memory, so that it leaves nothing behind.

package examples

import groupledger.*
import java.math.BigDecimal
import kotlinx.coroutines.runBlocking

fun main(): Unit = runBlocking {
    val ledger = Ledger.inMemory(TestClock(1_763_700_000_000uL, 7uL))
    val flat = FlatModel(ledger, ledger.createGroup("Flat", "Anna"))
    flat.group.addPlaceholder("Ben")
    flat.load()
    flat.addExpense("Dinner", BigDecimal("25"), flat.state.value.members[0])
    for ((name, balance) in flat.state.value.balances) println("$name: ${balance.decimal}")
    try {
        flat.addExpense("", BigDecimal("-1"), flat.state.value.members[0])
    } catch (error: LedgerException) {
        println("${error.code}: ${error.advice}")
    }
}
