package groupledger

private val LedgerException.failed: LedgerException.Failed
    get() =
        when (this) {
            is LedgerException.Failed -> this
        }

/** What went wrong, to decide by. */
val LedgerException.code: ErrorCode
    get() = failed.code

/** What happened, in English, for logs. */
val LedgerException.reason: String
    get() = failed.reason

/** Whose fault it is. */
val LedgerException.blame: Blame
    get() = failed.blame

/** What to do, in English. */
val LedgerException.advice: String
    get() = failed.advice
