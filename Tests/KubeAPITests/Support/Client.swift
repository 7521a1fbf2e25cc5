import Effects
import KubeAPI
import TestSupport

/// A client over a script.
struct ScriptedClient {
    let transport: ScriptedTransport
    let time = InstantTime()
    let client: KubeClient
    let warnings = Collected<String>()

    init(
        _ answers: [ScriptedTransport.Answer], server: String = "https://api:6443", credentials: Credentials = .none,
        random: UInt64 = 0, readFile: FileReader = FileReader { _ in nil }
    ) {
        transport = ScriptedTransport(answers) { _ in throw HTTPFailure(.connectionRefused, "the script has ended") }
        let configuration = KubeConfiguration(server: server, credentials: credentials, readFile: readFile)
        client = KubeClient(
            configuration: configuration,
            effects: Effects(http: transport, time: time, random: FixedRandom(number: random)), userAgent: "test/1",
            onWarning: { [warnings] in warnings.append($0) })
    }

    /// Answers every request with the same recording.
    init(_ transcript: Transcript) { self.init([{ _ in transcript.response }]) }

    /// The error that `body` throws.
    func error<Value>(_ body: (KubeClient) async throws -> Value) async -> APIError? {
        do {
            _ = try await body(client)
            return nil
        } catch {
            return error as? APIError
        }
    }
}

/// A list of adapters as a server writes it.
func listBody(_ names: [String], version: String = "100", continueToken: String = "") -> String {
    let items = names.map { name in
        """
        {"apiVersion":"lora-operator.dev/v1alpha1","kind":"LoRAAdapter",\
        "metadata":{"name":"\(name)","namespace":"demo","uid":"u-\(name)","resourceVersion":"7"},\
        "spec":{"loraPath":"/a"}}
        """
    }
    return """
        {"apiVersion":"lora-operator.dev/v1alpha1","kind":"LoRAAdapterList","items":[\(items.joined(separator: ","))],\
        "metadata":{"resourceVersion":"\(version)","continue":"\(continueToken)"}}
        """
}

func statusBody(_ code: Int, _ reason: String, details: String = "{}") -> String {
    #"{"kind":"Status","apiVersion":"v1","status":"Failure","code":\#(code),"reason":"\#(reason)","#
        + #""message":"because","details":\#(details)}"#
}
