/// An id of the ledger: 64 hexadecimal digits. Each kind of id is a type of its own.
public protocol LedgerId: Hashable, Comparable, Codable, Sendable, CustomStringConvertible {
    /// The 64 hexadecimal digits.
    var text: String { get }

    /// An id with this text. The library checks the text when a call uses the id.
    init(_ text: String)
}

extension LedgerId {
    public var description: String { text }

    public static func < (one: Self, other: Self) -> Bool { one.text < other.text }

    public init(from decoder: Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// Id of a group, the same on every device.
public struct GroupId: LedgerId {
    public let text: String

    public init(_ text: String) { self.text = text }
}

/// Id of a member of a group. It stays the same when the member's name, keys or devices change.
public struct MemberId: LedgerId {
    public let text: String

    public init(_ text: String) { self.text = text }
}

/// Id of a device in one group. A device has another id in every group.
public struct DeviceId: LedgerId {
    public let text: String

    public init(_ text: String) { self.text = text }
}

/// Id of one entry, which never changes.
public struct EntryId: LedgerId {
    public let text: String

    public init(_ text: String) { self.text = text }
}

/// Id of an expense or transfer. It stays the same when corrections and cancellations come:
/// corrections, reviews and the history name it.
public struct ExpenseId: LedgerId {
    public let text: String

    public init(_ text: String) { self.text = text }
}
