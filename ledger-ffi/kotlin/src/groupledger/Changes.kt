package groupledger

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.channels.trySendBlocking
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.callbackFlow
import kotlinx.coroutines.flow.flowOn
import kotlinx.coroutines.isActive
import kotlinx.coroutines.withContext

/**
 * The changes in this ledger, from the start of the collection on. A slow collector gets changes
 * joined into one per group. Nothing is lost, and no writer waits.
 */
fun Ledger.changes(): Flow<Change> =
    callbackFlow {
            val watch =
                watch(
                    object : ChangeListener {
                        override fun onChange(change: Change) {
                            // Waits for the collector; meanwhile the library joins changes.
                            trySendBlocking(change).getOrThrow()
                        }
                    }
                )
            awaitClose {
                watch.stop()
                watch.close()
            }
        }
        .buffer(0)
        .flowOn(Dispatchers.IO)

/** Runs calls of the ledger off the thread that draws. */
suspend fun <T> onLedger(work: () -> T): T = withContext(Dispatchers.IO) { work() }

/**
 * Runs work that takes long off the thread that draws, and stops it when the coroutine is
 * cancelled:
 *
 *     val found = longWork({ progress -> show(progress) }) { maintenance.checkDatabase(it) }
 */
suspend fun <T> longWork(
    onProgress: (WorkProgress) -> Unit = {},
    work: (ProgressListener) -> T,
): T =
    withContext(Dispatchers.IO) {
        val context = currentCoroutineContext()
        val listener =
            object : ProgressListener {
                override fun onProgress(progress: WorkProgress): Boolean {
                    onProgress(progress)
                    return context.isActive
                }
            }
        try {
            work(listener)
        } catch (error: LedgerException) {
            if (!context.isActive) throw CancellationException("stopped").initCause(error)
            throw error
        }
    }

/** All expenses and transfers that a filter selects, read page by page as they are needed. */
fun Lists.allExpenses(filter: ExpenseFilter? = null, pageSize: UInt = 50u): Sequence<ExpenseRow> =
    sequence {
        var after: String? = null
        do {
            val page = expenses(filter, after, pageSize)
            yieldAll(page)
            after = page.lastOrNull()?.cursor
        } while (after != null)
    }
