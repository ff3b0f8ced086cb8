package groupledger

import java.time.Instant
import java.time.LocalDate

/** The day of the expense. */
val Expense.day: LocalDate
    get() = LocalDate.parse(date)

/** The day of the transfer. */
val Transfer.day: LocalDate
    get() = LocalDate.parse(date)

/** The day of the expense or transfer. */
val Details.day: LocalDate
    get() = LocalDate.parse(date)

/** When the last entry was made, by its author's clock: to be shown, not trusted. */
val GroupOverview.lastActivity: Instant
    get() = Instant.ofEpochMilli(lastActivityMs)

/** When the entry was made, by its author's clock: to be shown, not trusted. */
val ActivityRow.timestamp: Instant
    get() = Instant.ofEpochMilli(timestampMs)

/** When the entry was made, by its author's clock: to be shown, not trusted. */
val VersionRow.timestamp: Instant
    get() = Instant.ofEpochMilli(timestampMs)

/** When it was said, by its author's clock: to be shown, not trusted. */
val OpinionRow.timestamp: Instant
    get() = Instant.ofEpochMilli(timestampMs)

/** A filter with days as [LocalDate]. */
fun expenseFilter(from: LocalDate? = null, to: LocalDate? = null, by: FoundBy? = null) =
    ExpenseFilter(from?.toString(), to?.toString(), by)
