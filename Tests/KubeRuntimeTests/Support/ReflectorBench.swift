import Effects
import KubeAPI
import KubeRuntime
import TestSupport

/// A reflector on virtual time, over a script of answers.
struct ReflectorBench {
    let time: VirtualTime
    let store: Store<Thing>
    let transport: ScriptedTransport
    let journal: Collected<String>
    private let streams: Bool
    private let checkInterval: Duration?

    /// A script for a reflector that lists, or one that `streams`.
    init(
        streams: Bool = false, checkInterval: Duration? = nil, time: VirtualTime = VirtualTime(),
        store: Store<Thing> = Store(), journal: Collected<String> = Collected<String>(),
        _ answers: [ScriptedTransport.Answer]
    ) {
        self.streams = streams
        self.checkInterval = checkInterval
        self.time = time
        self.journal = journal
        self.store = store
        transport = ScriptedTransport(answers)
        store.observe { [journal] change in
            let object = change.new ?? change.old
            let verb = change.new == nil ? "delete" : change.old == nil ? "add" : "update"
            journal.append("\(verb) \(change.key.name) \(object?.metadata.uid ?? "")")
        }
    }

    /// Runs the reflector for a time, and returns what it asked for.
    func run(for duration: Duration = .seconds(3600)) throws -> [String] {
        let effects = Effects(http: transport, time: time, random: SeededRandom(1))
        let client = KubeClient(
            configuration: KubeConfiguration(server: "https://api"), effects: effects, userAgent: "test")
        var callbacks = Reflector<Thing>.Callbacks()
        callbacks.undecodable = { [journal] in journal.append("undecodable \($0.key?.name ?? "?")") }
        callbacks.late = { [journal] in journal.append("late \($0.components.seconds)") }
        callbacks.inconsistent = { [journal] in journal.append("wrong: \($0)") }
        let reflector = Reflector(
            client: client, store: store, streams: streams, checkInterval: checkInterval, callbacks: callbacks)
        try time.run(for: duration) { try await reflector.run() }
        return asked
    }

    /// `stream`, `stream 5`, `exact 5`, `list`, `list 5`, `watch 5`, `page token`.
    var asked: [String] {
        transport.requests.map { request in
            let query = request.url.split(separator: "?").last.map(String.init) ?? ""
            let items = Dictionary(
                query.split(separator: "&").map { item in
                    let parts = item.split(separator: "=", maxSplits: 1)
                    return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
                }
            ) { first, _ in first }
            if items["sendInitialEvents"] == "true" {
                return items["resourceVersion"].map { "stream \($0)" } ?? "stream"
            }
            if items["watch"] != nil { return "watch \(items["resourceVersion"] ?? "-")" }
            if items["resourceVersionMatch"] == "Exact" { return "exact \(items["resourceVersion"] ?? "-")" }
            if let token = items["continue"] { return "page \(token)" }
            return items["resourceVersion"].map { "list \($0)\(items["limit"].map { " limit \($0)" } ?? "")" } ?? "list"
        }
    }
}
