# The words that Swift code here must not use, and how long a file may be. Run by lint.sh over Sources/**/*.swift.
# Comments and string literals are blanked first, so that prose may name what code must not use.

function report(why) { printf "%s:%d: %s\n", FILENAME, FNR, why; bad = 1 }
function check_length() {
    if (lines > 300) {
        printf "%s: %d lines; at most 300: one concept in each file\n", last, lines
        bad = 1
    }
}
FNR == 1 {
    check_length()
    last = FILENAME
    multiline = 0
    # The places that meet real time, threads and signals. Everything else must run the same under a seed.
    edge = FILENAME ~ /^Sources\/(CurlHTTP|HTTPServer|LoRAOperator|simulate-operator)\// \
        || FILENAME ~ /^Sources\/OperatorSimulation\/Core\/([A-Za-z]*Executor|Simulation)\.swift$/
}
{
    lines = FNR
    code = $0
    quotes = gsub(/"""/, "", code)
    if (multiline) { if (quotes % 2) multiline = 0; next }
    if (quotes % 2) multiline = 1
    gsub(/\\"/, "", code)
    gsub(/"[^"]*"/, "\"\"", code)
    sub(/\/\/.*/, "", code)

    if (code ~ /import +((struct|class|enum|protocol|func|typealias) +)?Foundation([^A-Za-z]|$)/ ||
        code ~ /import +Foundation(Networking|XML|Internationalization)/)
        report("import FoundationEssentials: full Foundation triples the size of the binary")
    if (code ~ /(^|[^A-Za-z0-9_])(try|as)!/) report("try! and as! trap: throw, or handle nil")
    else if (code ~ /[A-Za-z0-9_)\]]!([^=]|$)/) report("a force unwrap traps: guard let, or ??")
    if (code ~ /(^|[^A-Za-z0-9_])fatalError\(/) report("fatalError traps: throw, or state a precondition on our own code")
    if (code ~ /\.unsafelyUnwrapped/) report("unsafelyUnwrapped is undefined on nil")
    if (edge) next

    if (code ~ /(^|[^A-Za-z0-9_])Task(\.detached)?(<[^>]*>)? *[({]/)
        report("an unstructured Task leaves the executor of the simulation: use a task group")
    if (code ~ /(^|[^A-Za-z0-9_])Task(<[^>]*>)?\.sleep/) report("Task.sleep is real time: use the injected TimeSource")
    if (code ~ /(^|[^A-Za-z0-9_])(Date\(\)|Date\.now|ContinuousClock|SuspendingClock)/)
        report("a real clock: use the injected TimeSource")
    if (code ~ /(^|[^A-Za-z0-9_])(UUID\(\)|SystemRandomNumberGenerator|Hasher\(\))|\.(randomElement|shuffled)\(\)|\.hashValue/)
        report("differs at every run: use the injected RandomSource, or a stable hash")
    if (code ~ /(^|[^A-Za-z0-9_])(gracefulShutdown\(\)|cancelWhenGracefulShutdown)/)
        report("starts a bare task: use withGracefulShutdownHandler")
}
END { check_length(); exit bad }
