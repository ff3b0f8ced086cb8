// A model for a screen with a group's balances and expenses. With Compose, make it a `ViewModel`,
// start `follow` in `viewModelScope`, and collect `state` with `collectAsStateWithLifecycle`.

package examples

import groupledger.*
import java.math.BigDecimal
import java.time.LocalDate
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update

data class FlatState(
    val members: List<Member> = emptyList(),
    /** The label of each member, with the balance in each currency. */
    val balances: List<Pair<String, Money>> = emptyList(),
    val expenses: List<ExpenseRow> = emptyList(),
)

class FlatModel(private val ledger: Ledger, val group: LedgerGroup) {
    private val shown = MutableStateFlow(FlatState())
    val state: StateFlow<FlatState> = shown.asStateFlow()

    /** Reads everything that the screen shows. */
    suspend fun load() {
        shown.value = onLedger {
            val members = group.members()
            val names = members.associate { it.id to it.label }
            FlatState(
                members,
                group.balances().now().map { (names[it.member] ?: "?") to it.balance },
                group.lists().expenses(limit = 50u),
            )
        }
    }

    /** Reads the next page of expenses, when the list is scrolled to its end. */
    suspend fun loadMore() {
        val after = shown.value.expenses.lastOrNull()?.cursor ?: return
        val page = onLedger { group.lists().expenses(after = after, limit = 50u) }
        shown.update { it.copy(expenses = it.expenses + page) }
    }

    /** Reads everything again whenever something changed, until the coroutine is cancelled. */
    suspend fun follow() {
        val id = group.id()
        ledger.changes().collect { if (it.group == id) load() }
    }

    /** Records an expense that all share. */
    suspend fun addExpense(description: String, amount: BigDecimal, paidBy: Member) {
        val everybody = shown.value.members.filterNot { it.isRemoved }.map { it.id }
        val turn = shown.value.expenses.size.toULong()
        onLedger {
            val total = amount.toMoney("EUR")
            group.entries().recordExpense(
                equalExpense(LocalDate.now(), description, total, paidBy.id, everybody, turn))
        }
        load()
    }
}
