package groupledger

private val LedgerException.failed: LedgerException.Failed
    get() =
        when (this) {
            is LedgerException.Failed -> this
        }

/** The code of the error, for the app to decide by. */
val LedgerException.code: ErrorCode
    get() = failed.code

/** What happened, in English, for logs and developers. */
val LedgerException.reason: String
    get() = failed.reason

/** The party that is at fault. */
val LedgerException.blame: Blame
    get() = failed.blame

/** What to do, in English. */
val LedgerException.advice: String
    get() = failed.advice
