import Dispatch
import Foundation

/// Queue for calls of the ledger, which wait for the disk: with threads of their own, neither the
/// main thread nor Swift's few threads for tasks wait.
private let queue = DispatchQueue(label: "group-ledger", attributes: .concurrent)

/// Runs calls of the ledger off the thread that draws.
public func onLedger<T>(_ work: @escaping () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        queue.async { continuation.resume(with: Result { try work() }) }
    }
}

/// Runs work that takes long off the thread that draws, and stops it when the task is cancelled:
///
///     let found = try await longWork(onProgress: show) { try maintenance.checkDatabase(listener: $0) }
public func longWork<T>(
    onProgress: @escaping (WorkProgress) -> Void = { _ in },
    _ work: @escaping (ProgressListener) throws -> T
) async throws -> T {
    let listener = Stoppable(onProgress)
    do {
        return try await withTaskCancellationHandler {
            try await onLedger { try work(listener) }
        } onCancel: {
            listener.stop()
        }
    } catch let error as LedgerError where error.code == .cancelled && Task.isCancelled {
        throw CancellationError()
    }
}

private final class Stoppable: ProgressListener, @unchecked Sendable {
    private let lock = NSLock()
    private var stopped = false
    private let tell: (WorkProgress) -> Void

    init(_ tell: @escaping (WorkProgress) -> Void) {
        self.tell = tell
    }

    func stop() {
        lock.lock()
        stopped = true
        lock.unlock()
    }

    func onProgress(progress: WorkProgress) throws -> Bool {
        tell(progress)
        lock.lock()
        defer { lock.unlock() }
        return !stopped
    }
}

extension Ledger {
    /// The changes in this ledger, from now on:
    ///
    ///     for await change in try ledger.changes() { ... }
    ///
    /// A slow reader gets changes joined into one per group. Nothing is lost, and no writer waits.
    public func changes() throws -> Changes {
        let (stream, continuation) = AsyncStream.makeStream(of: Change.self)
        let gate = DispatchSemaphore(value: 0)
        let watch = try self.watch(listener: Forwarding(continuation, gate))
        continuation.onTermination = { _ in
            try? watch.stop()
            gate.signal()
        }
        return Changes(stream: stream, gate: gate)
    }
}

/// Sequence of the changes in a ledger, for one reader.
public struct Changes: AsyncSequence {
    public typealias Element = Change

    fileprivate let stream: AsyncStream<Change>
    fileprivate let gate: DispatchSemaphore

    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var inner: AsyncStream<Change>.AsyncIterator
        fileprivate let gate: DispatchSemaphore

        public mutating func next() async -> Change? {
            gate.signal()
            return await inner.next()
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(inner: stream.makeAsyncIterator(), gate: gate)
    }
}

private final class Forwarding: ChangeListener, @unchecked Sendable {
    private let continuation: AsyncStream<Change>.Continuation
    private let gate: DispatchSemaphore

    init(_ continuation: AsyncStream<Change>.Continuation, _ gate: DispatchSemaphore) {
        self.continuation = continuation
        self.gate = gate
    }

    func onChange(change: Change) throws {
        // On the library's own thread, until the reader wants the next one;
        // meanwhile the library joins changes.
        gate.wait()
        continuation.yield(change)
    }
}
