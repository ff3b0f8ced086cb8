package groupledger

import java.time.LocalDate

/** What the money was for. */
val Transaction.description: String
    get() =
        when (this) {
            is Transaction.Expense -> expense.description
            is Transaction.Transfer -> transfer.description
        }

/** The day of the expense or transfer. */
val Transaction.date: LocalDate
    get() =
        when (this) {
            is Transaction.Expense -> expense.date
            is Transaction.Transfer -> transfer.date
        }

/**
 * An expense that one member paid and several share equally, to the cent.
 *
 * @param turn which member's share gets the odd cents; pass a number that changes, such as a count
 *   of expenses, so that nobody is favoured.
 */
fun equalExpense(
    date: LocalDate,
    description: String,
    total: Money,
    paidBy: MemberId,
    sharedBy: List<MemberId>,
    turn: ULong = 0u,
    category: String? = null,
    note: String? = null,
): Expense {
    val shares = splitEqually(total.minorUnits, sharedBy.size.toUInt(), turn)
    return Expense(
        date = date,
        description = description,
        currency = total.currency,
        minorUnits = total.minorUnits,
        payers = listOf(Part(paidBy, total.minorUnits)),
        shares = sharedBy.zip(shares).filter { it.second > 0 }.map { Part(it.first, it.second) },
        category = category,
        note = note,
    )
}

/** The transfer that carries out a payment of a plan. */
fun Payment.toTransfer(date: LocalDate, description: String = "") =
    Transfer(
        date = date,
        description = description,
        currency = money.currency,
        minorUnits = money.minorUnits,
        fromMember = fromMember,
        toMember = toMember,
    )
