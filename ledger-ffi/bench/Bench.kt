// Run by ledger-ffi/bench-bindings.sh: Bench RUST_PROGRAM FOLDER.

import groupledger.*
import kotlin.system.exitProcess

const val ROUNDS = 15

fun median(numbers: List<Double>) = numbers.sorted()[numbers.size / 2]

/** Nanoseconds for each of many calls. */
fun here(calls: Int, call: () -> Unit): Double {
    val begun = System.nanoTime()
    repeat(calls) { call() }
    return (System.nanoTime() - begun).toDouble() / calls
}

fun main(arguments: Array<String>) {
    val rust = ProcessBuilder(arguments[0], arguments[1]).redirectError(ProcessBuilder.Redirect.INHERIT).start()
    val (to, from) = rust.outputWriter() to rust.inputReader()
    check(from.readLine() == "ready")
    val path = "${arguments[1]}/bench.db"
    val ledger = Ledger.openWithKeyFile(path, "$path.keys", false)
    val group = ledger.group(ledger.groups()[0].id)
    val lists = group.lists()

    fun byRust(what: String, calls: Int): Double {
        to.write("$what $calls\n")
        to.flush()
        return from.readLine().toDouble() / calls
    }
    var missed = false
    fun measure(what: String, calls: Int, call: () -> Unit) {
        // The first calls are those of a program that is not compiled yet.
        repeat(5) { here(calls, call) }
        here(20_000) { group.id() }
        byRust(what, calls)
        val rounds =
            List(ROUNDS) {
                Triple(byRust(what, calls), here(calls, call), here(500) { group.id() })
            }
        val ratio = median(rounds.map { (rust, own, fixed) -> (own - fixed) / rust })
        missed = missed || ratio > 2
        println(
            ("kotlin: %s: Rust %.1f µs, bindings %.1f µs, of which %.1f µs as for any call; " +
                    "the rest is %.2f times Rust (limit 2: %s)")
                .format(
                    what,
                    median(rounds.map { it.first }) / 1e3,
                    median(rounds.map { it.second }) / 1e3,
                    median(rounds.map { it.third }) / 1e3,
                    ratio,
                    if (ratio > 2) "MISSED" else "reached",
                )
        )
    }
    measure("balances", 2_000) { group.balances().now() }
    measure("page", 200) { check(lists.expenses(limit = 50u).size == 50) }
    to.close()
    ledger.close()
    exitProcess(if (missed) 1 else 0)
}
