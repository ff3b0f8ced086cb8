// Run by ledger-ffi/bench-bindings.sh: bench RUST_PROGRAM FOLDER.

import Dispatch
import Foundation
import GroupLedger

let rounds = 15

func median(_ numbers: [Double]) -> Double { numbers.sorted()[numbers.count / 2] }

/// Nanoseconds for each of many calls.
func here(_ calls: Int, _ call: () throws -> Void) rethrows -> Double {
    let begun = DispatchTime.now().uptimeNanoseconds
    for _ in 0..<calls { try call() }
    return Double(DispatchTime.now().uptimeNanoseconds - begun) / Double(calls)
}

let folder = CommandLine.arguments[2]
let rust = Process()
rust.executableURL = URL(fileURLWithPath: CommandLine.arguments[1])
rust.arguments = [folder]
let (to, from) = (Pipe(), Pipe())
(rust.standardInput, rust.standardOutput) = (to, from)
try rust.run()

func line() -> String {
    var bytes = Data()
    while case let byte = from.fileHandleForReading.readData(ofLength: 1), byte != Data("\n".utf8) {
        precondition(!byte.isEmpty, "the Rust side ended")
        bytes += byte
    }
    return String(decoding: bytes, as: UTF8.self)
}

func byRust(_ what: String, _ calls: Int) -> Double {
    to.fileHandleForWriting.write(Data("\(what) \(calls)\n".utf8))
    return Double(line())! / Double(calls)
}

func shown(_ nanoseconds: Double) -> String { String(format: "%.1f µs", nanoseconds / 1e3) }

precondition(line() == "ready")
let path = folder + "/bench.db"
let ledger = try Ledger.openWithKeyFile(path: path, keyFile: path + ".keys", create: false)
let group = try ledger.group(id: ledger.groups()[0].id)
let lists = group.lists()
var missed = false

func measure(_ what: String, _ calls: Int, _ call: () throws -> Void) throws {
    _ = (byRust(what, calls), try here(calls, call))
    let found = try (0..<rounds).map { _ in
        (byRust(what, calls), try here(calls, call), try here(500) { _ = try group.id() })
    }
    let ratio = median(found.map { ($1 - $2) / $0 })
    missed = missed || ratio > 2
    print(
        "swift: \(what): Rust \(shown(median(found.map(\.0)))), bindings "
            + "\(shown(median(found.map(\.1)))), of which \(shown(median(found.map(\.2)))) as for "
            + "any call; the rest is \(String(format: "%.2f", ratio)) times Rust "
            + "(limit 2: \(ratio > 2 ? "MISSED" : "reached"))")
}

try measure("balances", 2_000) { _ = try group.balances().now() }
try measure("page", 200) {
    let page = try lists.expenses(limit: 50)
    precondition(page.count == 50)
}
try to.fileHandleForWriting.close()
rust.waitUntilExit()
exit(missed ? 1 : 0)
