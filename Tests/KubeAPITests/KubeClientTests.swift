import Effects
import KubeAPI
import TestSupport
import Testing

struct KubeClientTests {
    private let key = NamespacedName(namespace: "demo", name: "sql")
    private static let object = """
        {"apiVersion":"lora-operator.dev/v1alpha1","kind":"LoRAAdapter",\
        "metadata":{"name":"sql","namespace":"demo"},"spec":{"loraPath":"/a"},"new":{"field":1}}
        """

    private func refusal(
        _ code: Int, _ reason: String = "R", retryAfter: String? = nil, date: String? = nil
    ) -> ScriptedTransport.Answer {
        var headers = retryAfter.map { [HTTPHeader("Retry-After", $0)] } ?? []
        if let date { headers.append(HTTPHeader("Date", date)) }
        return { [headers] _ in .json(statusBody(code, reason), status: code, headers: headers) }
    }

    private let ok: ScriptedTransport.Answer = { _ in .json(Self.object) }

    @Test func `12: unknown fields are ignored`() async throws {
        let adapter = try await ScriptedClient([ok]).client.get(TestAdapter.self, key)
        #expect(adapter.spec.loraPath == "/a")
    }

    @Test func `21: every request says who sends it and where it goes`() async throws {
        let script = ScriptedClient([ok], credentials: .token("secret"))
        _ = try await script.client.get(TestAdapter.self, key)
        let request = try #require(script.transport.requests.first)
        #expect(
            request.url == "https://api:6443/apis/lora-operator.dev/v1alpha1/namespaces/demo/loraadapters/sql")
        #expect(request.headers.first(named: "User-Agent") == "test/1")
        #expect(request.headers.first(named: "Accept") == "application/json")
        #expect(request.headers.first(named: "Authorization") == "Bearer secret")
        #expect(request.options.connection == .shared)
    }

    @Test func `164: credentials do not travel in clear text`() async throws {
        let script = ScriptedClient([ok], server: "HTTP://api", credentials: .token("secret"))
        _ = try await script.client.get(TestAdapter.self, key)
        #expect(script.transport.requests.first?.headers.first(named: "Authorization") == nil)
    }

    @Test(arguments: [
        ("a/../../b", "a%2F..%2F..%2Fb"), ("x?watch=1", "x%3Fwatch%3D1"), ("%2e", "%252e"), ("é\n", "%C3%A9%0A"),
        ("a.b-c_d~e", "a.b-c_d~e"),
    ])
    func `S24: no name changes where a request goes`(name: String, encoded: String) async throws {
        let script = ScriptedClient([ok])
        _ = try await script.client.get(TestAdapter.self, NamespacedName(namespace: "n s", name: name))
        let url = try #require(script.transport.requests.first?.url)
        #expect(url.hasSuffix("/namespaces/n%20s/loraadapters/\(encoded)"))
    }

    @Test(arguments: ["", ".", ".."])
    func `S24: a delete without a name is never sent`(name: String) async throws {
        let script = ScriptedClient([ok])
        for key in [NamespacedName(namespace: "demo", name: name), NamespacedName(namespace: name, name: "x")] {
            let error = await script.error { try await $0.delete(TestAdapter.self, key) }
            guard case .unsendable = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
        #expect(script.transport.requests.isEmpty)
    }

    @Test(arguments: [
        ("7", 7), ("0", nil), ("-3", nil), ("1000000000", 60), ("99999999999999999999999", 60), ("soon", nil),
        ("1.5", nil), ("+3", nil), ("0x5", nil),
        ("", nil),
        (" 5 ", 5), ("Sun, 06 Nov 1994 08:49:37 GMT", 30), ("Sun, 06 Nov 1994 08:49:06 GMT", nil),
        ("Sun, 06 Nov 1994 09:49:06 GMT", 60), ("Sun, 99 Nov 1994 08:49:37 GMT", nil),
    ])
    func `71: Retry-After is read safely`(value: String, seconds: Int?) async {
        let answer = refusal(429, retryAfter: value, date: "Sun, 06 Nov 1994 08:49:07 GMT")
        let error = await ScriptedClient([answer]).error { try await $0.patch(TestAdapter.self, self.key, json: []) }
        #expect(error?.retryAfter == seconds.map { .seconds($0) })
    }

    @Test func `70: a read is repeated after the time that the server asks for`() async throws {
        let script = ScriptedClient([refusal(429, retryAfter: "3"), refusal(503, retryAfter: "5"), ok])
        _ = try await script.client.get(TestAdapter.self, key)
        #expect(script.time.sleeps == [.seconds(3), .seconds(5)])
    }

    @Test func `70: a read is not repeated for ever, and not where nobody asked`() async {
        let again = ScriptedClient((0..<20).map { _ in refusal(429, retryAfter: "1") })
        guard case .tooManyRequests = await again.error({ try await $0.get(TestAdapter.self, self.key) }) else {
            Issue.record("no error")
            return
        }
        #expect(again.transport.requests.count == 5)

        let once = ScriptedClient([refusal(500), ok])
        #expect(await once.error { try await $0.get(TestAdapter.self, self.key) } != nil)
    }

    @Test func `73: a write is sent once, and its outcome may be unknown`() async {
        let asked = ScriptedClient([refusal(429, retryAfter: "1"), ok])
        let refused = await asked.error { try await $0.patch(TestAdapter.self, self.key, json: []) }
        #expect(asked.transport.requests.count == 1)
        #expect(refused?.outcomeIsUnknown == false)

        for (kind, isUnknown) in [(HTTPFailure.Kind.reset, true), (.connectionRefused, false), (.gateClosed, false)] {
            let broken = ScriptedClient([{ _ in throw HTTPFailure(kind, "it broke") }])
            let error = await broken.error { try await $0.patch(TestAdapter.self, self.key, json: []) }
            #expect(error?.outcomeIsUnknown == isUnknown)
            #expect(error?.description == "patch loraadapters demo/sql: it broke")
        }
    }

    @Test func `72: too many requests without a Status are the same`() async {
        let plain: ScriptedTransport.Answer = { _ in
            HTTPResponse(status: 429, headers: [HTTPHeader("Content-Type", "text/plain")], body: Array("Too many".utf8))
        }
        guard
            case .tooManyRequests(let answer, nil) = await ScriptedClient([plain]).error({
                try await $0.get(TestAdapter.self, self.key)
            })
        else {
            Issue.record("another error")
            return
        }
        #expect(answer.text == "Too many")
    }

    @Test func `74, 149: after a 401 the token is read again, once`() async throws {
        let files = Files(["/token": "old\n"])
        let script = ScriptedClient(
            [
                { _ in
                    files["/token"] = "new"
                    return .json(statusBody(401, "Unauthorized"), status: 401)
                }, ok, refusal(401), refusal(401), ok,
            ], credentials: .tokenFile("/token"), readFile: files.reader)

        _ = try await script.client.get(TestAdapter.self, key)
        #expect(script.tokens == ["Bearer old", "Bearer new"])

        guard case .unauthorized = await script.error({ try await $0.get(TestAdapter.self, self.key) }) else {
            Issue.record("no error")
            return
        }
        #expect(script.transport.requests.count == 4)
    }

    @Test func `74: a fixed token is not tried twice`() async {
        let script = ScriptedClient([refusal(401), ok], credentials: .token("t"))
        #expect(await script.error { try await $0.get(TestAdapter.self, self.key) } != nil)
    }

    @Test func `149, 150: a token file is read each minute, and an empty one changes nothing`() async throws {
        let files = Files(["/token": "one"])
        let script = ScriptedClient(
            Array(repeating: ok, count: 5), credentials: .tokenFile("/token"), readFile: files.reader)
        for (token, pause) in [("two", 59), ("two", 1), ("", 60), (nil, 60), ("three", 60)] as [(String?, Int)] {
            _ = try await script.client.get(TestAdapter.self, key)
            files["/token"] = token
            script.time.advance(by: .seconds(pause))
        }
        #expect(script.tokens == ["Bearer one", "Bearer one", "Bearer two", "Bearer two", "Bearer two"])
    }

    @Test func `29: each warning is told once, as one line`() async throws {
        let warned: ScriptedTransport.Answer = { _ in
            .json(
                Self.object,
                headers: [
                    HTTPHeader("Warning", #"299 - "unknown field \"x\"""#),
                    HTTPHeader("warning", "299 - \"a\u{1B}[31m\nb\""),
                ])
        }
        let script = ScriptedClient([warned, warned])
        for _ in 0..<2 { _ = try await script.client.get(TestAdapter.self, key) }
        #expect(script.warnings.all == [#"unknown field "x""#, "a [31m b"])
    }

    @Test(arguments: ["text/html", "", "application/yaml"])
    func `10: a page of somebody else is no empty list`(type: String) async {
        let page: ScriptedTransport.Answer = { _ in
            HTTPResponse(status: 200, headers: [HTTPHeader("Content-Type", type)], body: Array("{}".utf8))
        }
        let script = ScriptedClient([page, page, page])
        for error in [
            await script.error { try await $0.list(TestAdapter.self) },
            await script.error { try await $0.get(TestAdapter.self, self.key) },
            await script.error { try await $0.withWatch(TestAdapter.self, from: .after("1")) { _ in } },
        ] {
            guard case .unexpectedAnswer = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
    }

    @Test(arguments: [301, 302, 307, 308])
    func `19: a redirect is an error`(code: Int) async {
        let script = ScriptedClient([
            { _ in HTTPResponse(status: code, headers: [HTTPHeader("Location", "https://evil")]) }
        ])
        guard case .rejected = await script.error({ try await $0.get(TestAdapter.self, self.key) }) else {
            Issue.record("followed")
            return
        }
        #expect(script.transport.requests.count == 1)
    }

    @Test func `9: a refusal keeps at most 2048 bytes of text, in one line`() async {
        let body = "<html>\n\u{1B}[31m\u{2028}" + String(repeating: "ä", count: 5000)
        let script = ScriptedClient([{ _ in HTTPResponse(status: 502, body: Array(body.utf8)) }])
        let error = await script.error { try await $0.get(TestAdapter.self, self.key) }
        #expect(error?.answer?.text.hasPrefix("<html> [31m ää") == true)
        #expect((error?.answer?.text.utf8.count ?? 9999) <= 2048)
        #expect((error?.description.utf8.count ?? 9999) < 1200)
    }

    @Test func `30: a failure says what was tried, on what, and what came back, and nothing of headers or credentials`()
        async
    {
        let secret = "canary-1f3a"
        let echo = HTTPHeader("WWW-Authenticate", secret)
        let status = #"{"kind":"Status","code":403,"reason":"Forbidden","message":"pods is forbidden"}"#
        let answers: [(ScriptedTransport.Answer, [String])] = [
            ({ _ in .json(status, status: 403, headers: [echo]) }, ["403 Forbidden", "pods is forbidden"]),
            (
                { _ in HTTPResponse(status: 502, headers: [echo], body: Array("bad gateway".utf8)) },
                ["502", "bad gateway"]
            ),
            ({ _ in throw HTTPFailure(.connectTimeout, "no connection to api") }, ["no connection to api"]),
            ({ _ in .json("[]", headers: [echo]) }, []),
        ]
        for (answer, words) in answers {
            let body = ["data": [secret: secret]]
            for (verb, call) in [
                ("get", { @Sendable client in _ = try await client.get(TestAdapter.self, self.key) }),
                ("patch", { client in _ = try await client.patch(TestAdapter.self, self.key, merging: body) }),
                ("delete", { client in try await client.delete(TestAdapter.self, self.key, uid: secret) }),
            ] as [(String, @Sendable (KubeClient) async throws -> Void)] {
                let script = ScriptedClient([answer, answer], credentials: .token(secret))
                guard let text = await script.error(call)?.description else {
                    #expect(verb == "delete" && words.isEmpty, "only what a deletion answers does not matter")
                    continue
                }
                #expect(text.hasPrefix("\(verb) "), "\(text)")
                for word in ["loraadapters", key.name, key.namespace] + words {
                    #expect(text.contains(word), "\(text)")
                }
                #expect(!text.contains(secret), "\(text)")
            }
        }
    }

    @Test func `80: every refusal and every failure is of one class, and none is without consequence`() {
        for code in 100..<1000 {
            for reason in ["", "AlreadyExists", "Conflict", "Nonsense"] {
                let status = Status(code: code, reason: reason)
                let error = APIError(APIAnswer(attempt: "get x", code: code, status: status))
                // Read again and decide anew, look for what is gone, try again later, or wait for a change.
                let classes = [error.isConflict, error.isNotFound, error.isTransient].count { $0 }
                #expect(classes <= 1, "\(code) \(reason)")
                #expect(
                    error.isTransient == ([401, 410, 429].contains(code) || !(300..<500).contains(code)), "\(code)")
                #expect(error.isConflict == (code == 409))
                let isTaken = if case .alreadyExists = error { true } else { false }
                #expect(isTaken == (code == 409 && reason == "AlreadyExists"))
                #expect(error.outcomeIsUnknown == !(300..<500).contains(code), "\(code)")
                #expect(error.answer?.code == code)
            }
        }
        for kind in [
            HTTPFailure.Kind.nameResolution, .connectionRefused, .connectTimeout, .connectFailed, .tls, .requestTimeout,
            .idleTimeout, .reset, .tooLarge, .invalidResponse, .invalidRequest, .gateClosed,
        ] {
            let error = APIError.transport(HTTPFailure(kind, "x"), attempt: "get x")
            #expect(error.isTransient == ![.invalidRequest, .gateClosed].contains(kind), "\(kind)")
            #expect(error.isLossOfContact && !error.isConflict && !error.isNotFound)
        }
    }

    @Test func `6: what is no JSON, or too deep, is an error and no crash`() async {
        for body in ["", "{", "\u{FEFF}{}", "nul", String(repeating: "[", count: 50_000), "{\"metadata\":1e999}"] {
            let error = await ScriptedClient([{ _ in .json(body) }]).error {
                try await $0.get(TestAdapter.self, self.key)
            }
            #expect(error != nil)
        }
    }
}

extension ScriptedClient {
    var tokens: [String?] { transport.requests.map { $0.headers.first(named: "Authorization") } }
}
