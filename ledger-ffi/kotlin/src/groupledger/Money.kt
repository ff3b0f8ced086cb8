package groupledger

import java.math.BigDecimal
import java.math.RoundingMode

/** The amount as a decimal number with the currency's decimals: 12.50 for EUR, 1250 for JPY. */
val Money.decimal: BigDecimal
    get() = BigDecimal.valueOf(minorUnits, exponent.toInt())

/** The amount without its sign, to show how much a member owes. */
val Money.absolute: BigDecimal
    get() = decimal.abs()

/**
 * A decimal number as money of a currency.
 *
 * @throws LedgerException `InvalidCurrency`, or `InvalidAmount` if it has more decimals than the
 *   currency or is too large. Nothing is ever rounded.
 */
@Throws(LedgerException::class)
fun BigDecimal.toMoney(currency: String): Money {
    val exponent = currencyExponent(currency)
    val minorUnits =
        try {
            setScale(exponent.toInt(), RoundingMode.UNNECESSARY).unscaledValue().longValueExact()
        } catch (_: ArithmeticException) {
            // Says what is wrong in the library's words.
            return parseMoney(toPlainString(), currency)
        }
    return Money(currency, minorUnits, exponent)
}
