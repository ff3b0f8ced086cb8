# Part of test-bindings.sh: on the JVM, with the compiler from npm and JNA from Debian.
install /usr/share/java/jna.jar libjna-java
command -v java >/dev/null || install /usr/bin/java default-jdk-headless
command -v npm >/dev/null || install /usr/bin/npm npm
compiler=$tools/kotlin/node_modules/kotlin-compiler
[[ -e $compiler/lib/kotlin-compiler.jar ]] || {
    mkdir -p "$tools/kotlin"
    echo '{ "private": true }' >"$tools/kotlin/package.json"
    (cd "$tools/kotlin" && npm install --ignore-scripts --silent kotlin-compiler@2 >/dev/null)
} || skip "npm could not install kotlin-compiler"
[[ $what != tools ]] || return 0

kotlinc() { bash "$compiler/bin/kotlinc" -nowarn "$@"; }
coroutines=$compiler/lib/kotlinx-coroutines-core-jvm.jar
libraries=/usr/share/java/jna.jar:$coroutines

build
generate kotlin
python3 ledger-ffi/kotlin/closing.py "$out/generated/groupledger/group_ledger.kt"
# The bindings and the layer only when they changed: that is most of the time.
key=$(cat "$out"/generated/groupledger/*.kt ledger-ffi/kotlin/src/groupledger/*.kt |
    sha256sum | cut -c1-16)
jar=$tools/kotlin/bindings-$key.jar
[[ -e $jar ]] || {
    rm -f "$tools"/kotlin/bindings-*.jar
    kotlinc -classpath "$libraries" -d "$out/bindings.jar" \
        "$out"/generated/groupledger/*.kt ledger-ffi/kotlin/src/groupledger/*.kt
    mv "$out/bindings.jar" "$jar"
}
if [[ -n ${LEDGER_JAR:-} ]]; then
    cp "$jar" "$LEDGER_JAR"
    return
fi
run() {
    java -Xmx256m -Djna.library.path="$out" \
        -classpath "$out/tests.jar:$jar:$libraries:$compiler/lib/kotlin-stdlib.jar" "$@"
}

if [[ $what == bench ]]; then
    bench_rust
    kotlinc -classpath "$jar:$libraries" -d "$out/tests.jar" ledger-ffi/bench/Bench.kt
    run BenchKt "$out/bench/bench_rust" "$out/bench"
    return
fi

fixtures
kotlinc -classpath "$jar:$libraries" -d "$out/tests.jar" \
    ledger-ffi/tests/kotlin/*.kt examples/kotlin/*.kt
run examples.MainKt
run ScenarioKt "$out/fixtures" | tee "$out/steps"
compare "$out/steps"
