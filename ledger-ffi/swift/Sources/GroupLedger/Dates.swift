import Foundation

/// Days are of the Gregorian calendar, wherever the person is.
private let calendar: Calendar = {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = TimeZone(secondsFromGMT: 0)!
    return calendar
}()

/// A day such as `2026-11-21` as year, month and day; none if it is no such text.
public func day(_ text: String) -> DateComponents? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 3, let year = parts[0], let month = parts[1], let day = parts[2] else {
        return nil
    }
    return DateComponents(calendar: calendar, year: year, month: month, day: day)
}

/// The day on which a moment falls in a time zone, as the ledger writes it.
public func day(of moment: Date, in zone: TimeZone = .current) -> String {
    var local = Calendar(identifier: .gregorian)
    local.timeZone = zone
    let day = local.dateComponents([.year, .month, .day], from: moment)
    func digits(_ number: Int?, _ count: Int) -> String {
        let text = String(number ?? 0)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    return "\(digits(day.year, 4))-\(digits(day.month, 2))-\(digits(day.day, 2))"
}

private func moment(_ milliseconds: Int64) -> Date {
    Date(timeIntervalSince1970: Double(milliseconds) / 1000)
}

extension GroupOverview {
    /// When the last entry was made, by its author's clock: to be shown, not trusted.
    public var lastActivity: Date { moment(lastActivityMs) }
}

extension ActivityRow {
    /// When the entry was made, by its author's clock: to be shown, not trusted.
    public var timestamp: Date { moment(timestampMs) }
}

extension VersionRow {
    /// When the entry was made, by its author's clock: to be shown, not trusted.
    public var timestamp: Date { moment(timestampMs) }
}

extension OpinionRow {
    /// When it was said, by its author's clock: to be shown, not trusted.
    public var timestamp: Date { moment(timestampMs) }
}
