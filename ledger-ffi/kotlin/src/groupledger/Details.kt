package groupledger

import java.time.LocalDate

/** What it was for. */
val Details.description: String
    get() =
        when (this) {
            is Details.Expense -> expense.description
            is Details.Transfer -> transfer.description
        }

internal val Details.date: String
    get() =
        when (this) {
            is Details.Expense -> expense.date
            is Details.Transfer -> transfer.date
        }

/**
 * An expense that one member paid and several share equally, to the cent.
 *
 * @param turn whose turn the odd cents are; pass something that changes.
 */
fun equalExpense(
    date: LocalDate,
    description: String,
    total: Money,
    paidBy: String,
    sharedBy: List<String>,
    turn: ULong = 0u,
    category: String? = null,
    note: String? = null,
): Expense {
    val shares = splitEqually(total.minorUnits, sharedBy.size.toUInt(), turn)
    return Expense(
        date = date.toString(),
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
        date = date.toString(),
        description = description,
        currency = money.currency,
        minorUnits = money.minorUnits,
        fromMember = fromMember,
        toMember = toMember,
    )
