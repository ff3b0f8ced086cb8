// A small terminal program with a flat's expenses. The ledger is in memory, so the program leaves
// no file behind.

package examples

import groupledger.*
import java.math.BigDecimal
import kotlinx.coroutines.runBlocking

fun main(): Unit = runBlocking {
    val ledger = Ledger.inMemory()
    val flat = FlatModel(ledger, ledger.createGroup("Flat", "Anna"))
    flat.group.entries().addPlaceholder("Ben")
    flat.load()
    flat.addExpense("Dinner", BigDecimal("25"), flat.state.value.members[0])
    for ((name, balance) in flat.state.value.balances) println("$name: ${balance.decimal}")
    try {
        flat.addExpense("", BigDecimal("-1"), flat.state.value.members[0])
    } catch (error: LedgerException) {
        println("${error.code}: ${error.advice}")
    }
}
