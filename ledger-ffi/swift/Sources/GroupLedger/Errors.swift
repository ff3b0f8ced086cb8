import Foundation

extension LedgerError {
    /// The code of the error, for the app to decide by.
    public var code: ErrorCode {
        switch self {
        case .Failed(let code, _, _, _, _, _): return code
        }
    }

    /// What happened, in English, for logs and developers.
    public var reason: String {
        switch self {
        case .Failed(_, let reason, _, _, _, _): return reason
        }
    }

    /// The party that is at fault.
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
