import Foundation

/// Day of the calendar, without a time or a time zone.
///
/// The calendar is the Gregorian one, whatever the person's settings are. The library refuses
/// days that do not exist, such as February 30, with `invalidDate` when a call uses them.
public struct Day: Hashable, Comparable, Codable, Sendable, CustomStringConvertible {
    public let year: Int
    public let month: Int
    public let day: Int

    public init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// The day on which a moment falls in a time zone.
    public init(of moment: Date, in zone: TimeZone = .current) {
        var local = Calendar(identifier: .gregorian)
        local.timeZone = zone
        let parts = local.dateComponents([.year, .month, .day], from: moment)
        self.init(year: parts.year ?? 0, month: parts.month ?? 0, day: parts.day ?? 0)
    }

    /// The day of a text such as `2026-11-21`; nil for any other text.
    public init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 3, let year = parts[0], let month = parts[1], let day = parts[2] else {
            return nil
        }
        self.init(year: year, month: month, day: day)
    }

    /// The day as `2026-11-21`.
    public var description: String {
        func digits(_ number: Int, _ count: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        return "\(digits(year, 4))-\(digits(month, 2))-\(digits(day, 2))"
    }

    /// Year, month and day in the Gregorian calendar.
    public var components: DateComponents {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(secondsFromGMT: 0)!
        return DateComponents(calendar: calendar, year: year, month: month, day: day)
    }

    public static func < (one: Day, other: Day) -> Bool {
        (one.year, one.month, one.day) < (other.year, other.month, other.day)
    }

    /// The day of a number such as 20261121, as which days travel between Rust and Swift.
    init(number: Int64) {
        let number = Int(number)
        self.init(year: number / 10_000, month: number / 100 % 100, day: number % 100)
    }

    /// The number of the day, or 0, which is no day, if a part has too many digits.
    var number: Int64 {
        guard (0...9999).contains(year), (0...99).contains(month), (0...99).contains(day) else {
            return 0
        }
        return Int64(year * 10_000 + month * 100 + day)
    }
}

/// The moment that is so many milliseconds after the beginning of 1970, UTC.
func date(milliseconds: Int64) -> Date {
    Date(timeIntervalSince1970: Double(milliseconds) / 1000)
}

/// Seconds as whole milliseconds. What an `Int64` cannot hold becomes the nearest that it can.
func milliseconds(_ seconds: TimeInterval) -> Int64 {
    let rounded = (seconds * 1000).rounded()
    if let exact = Int64(exactly: rounded) { return exact }
    return rounded < 0 ? .min : .max
}
