package groupledger

import java.time.LocalDate

/** The day of a number such as 20261121, as which days travel between Rust and Kotlin. */
internal fun dayOfNumber(number: Long): LocalDate =
    LocalDate.of((number / 10_000).toInt(), (number / 100 % 100).toInt(), (number % 100).toInt())

/** The number of a day. A `Long` has room for every year of [LocalDate]. */
internal fun numberOfDay(day: LocalDate): Long =
    day.year * 10_000L + day.monthValue * 100 + day.dayOfMonth
