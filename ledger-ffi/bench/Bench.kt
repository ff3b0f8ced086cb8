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

    fun byRust(what: String, calls: Int): Double {
        to.write("$what $calls\n")
        to.flush()
        return from.readLine().toDouble() / calls
    }
    // The first calls are those of a program that is not compiled yet.
    here(20_000) { group.id() }
    val fixed = median(List(ROUNDS) { here(2_000) { group.id() } })
    println("kotlin: a call that does nothing costs %.1f µs".format(fixed / 1e3))
    var missed = false
    fun measure(what: String, calls: Int, call: () -> Unit) {
        repeat(5) { here(calls, call) }
        byRust(what, calls)
        val pairs = List(ROUNDS) { byRust(what, calls) to here(calls, call) }
        val ratio = median(pairs.map { (rust, own) -> (own - fixed) / rust })
        missed = missed || ratio > 2
        println(
            "kotlin: %s: Rust %.1f µs, bindings %.1f µs, without the fixed cost %.2f times Rust (limit 2: %s)"
                .format(
                    what,
                    median(pairs.map { it.first }) / 1e3,
                    median(pairs.map { it.second }) / 1e3,
                    ratio,
                    if (ratio > 2) "MISSED" else "reached",
                )
        )
    }
    measure("balances", 2_000) { group.balances() }
    measure("page", 200) { check(group.expenses(limit = 50u).size == 50) }
    to.close()
    ledger.shutDown()
    exitProcess(if (missed) 1 else 0)
}
