import Foundation

extension LedgerError {
    /// What went wrong, to decide by.
    public var code: ErrorCode {
        switch self {
        case .Failed(let code, _, _, _, _, _): return code
        }
    }

    /// What happened, in English, for logs.
    public var reason: String {
        switch self {
        case .Failed(_, let reason, _, _, _, _): return reason
        }
    }

    /// Whose fault it is.
    public var blame: Blame {
        switch self {
        case .Failed(_, _, let blame, _, _, _): return blame
        }
    }

    /// What to do, in English.
    public var advice: String {
        switch self {
        case .Failed(_, _, _, let advice, _, _): return advice
        }
    }
}
