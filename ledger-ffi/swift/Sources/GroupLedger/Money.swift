import Foundation

extension Money {
    /// The amount as a decimal number with the currency's decimals.
    public var decimal: Decimal {
        Decimal(
            sign: minorUnits < 0 ? .minus : .plus, exponent: -Int(exponent),
            significand: Decimal(minorUnits.magnitude))
    }

    /// A decimal number as money of a currency. Nothing is ever rounded.
    ///
    /// - Throws: `LedgerError` with `invalidCurrency`, or `invalidAmount` if it is negative, has
    ///   more decimals than the currency, or is too large.
    public init(_ decimal: Decimal, _ currency: String) throws {
        // With a point, whatever the person's language.
        self = try parseMoney(text: decimal.description, currency: currency)
    }
}
