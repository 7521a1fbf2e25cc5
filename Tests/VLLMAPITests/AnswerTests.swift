import Effects
import Testing
import VLLMAPI

/// Answers of other versions, of proxies, and of things that are no vLLM.
struct AnswerTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var answer: Result<HTTPReply, HTTPFailure>
        var reason: VLLMError.Reason
        var isUnknown = false

        init(
            _ description: String, _ status: Int, _ body: String, _ reason: VLLMError.Reason, isUnknown: Bool = false
        ) {
            testDescription = description
            answer = .answer(status, body)
            self.reason = reason
            self.isUnknown = isUnknown
        }
    }

    static let flat400 = #"{"object":"error","message":"M","type":"BadRequestError","param":null,"code":400}"#
    static let html = "<!DOCTYPE html><html></html>"

    static let loads = [
        Case("flat, before 0.10.1", 400, flat400, .invalidAdapter),
        Case(
            "flat, rank", 400, flat400.replacing("M", with: "LoRA rank 64 is greater than max_lora_rank 16."),
            .rankTooLarge),
        Case(
            "flat, taken", 400, flat400.replacing("M", with: "The lora adapter 'a' has already been loaded."),
            .alreadyLoaded),
        Case(
            "flat, path", 404,
            #"{"object":"error","message":"Loading lora a failed: No adapter found for /a","type":"NotFoundError","code":404}"#,
            .pathNotFound),
        Case(
            "a name that reads like another refusal", 400,
            #"{"error":{"message":"The lora adapter 'a' conflicts with a served base model.","type":"InvalidUserInput"}}"#
                .replacing("'a'", with: "'has already been loaded'"), .nameCollidesWithBaseModel),
        Case(
            "a dying engine", 500,
            #"{"error":{"message":"EngineCore encountered an issue. See stack trace","type":"InternalServerError"}}"#,
            .engineUnhealthy),
        Case(
            "a dying engine, before 0.18", 400,
            flat400.replacing("M", with: "EngineCore encountered an issue. See stack trace"), .engineUnhealthy),
        Case("plain 500", 500, "Internal Server Error", .invalidAdapter),
        Case("empty 500", 500, "", .invalidAdapter),
        Case("error of another type", 400, #"{"error":["x"]}"#, .invalidAdapter),
        Case("a web page as 500", 500, html, .loadFailed, isUnknown: true),
        Case("a web page as 404", 404, html, .loadFailed),
        Case("an empty 404", 404, "", .loadFailed),
        Case("a busy proxy", 429, "", .loadFailed),
        Case("a proxy that gave up", 504, html, .loadFailed, isUnknown: true),
        Case("no such method", 405, #"{"detail":"Method Not Allowed"}"#, .loadFailed),
        Case("redirected", 307, "", .unexpectedRedirect),
        Case("forbidden", 403, "", .unauthorized),
    ]

    @Test(arguments: loads)
    func `a load's answer is read for what it means`(refusal: Case) async {
        let name = refusal.testDescription.hasPrefix("a name") ? "has already been loaded" : "a"
        let (client, _) = VLLMClient.scripted(refusal.answer)

        let error = await vllmError { try await client.load(name: name, path: "/a", timeout: .seconds(1)) }

        #expect(error?.reason == refusal.reason)
        #expect(error?.outcomeIsUnknown == refusal.isUnknown)
    }

    static let unloads = [
        Case("not loaded", 404, #"{"object":"error","message":"x","type":"NotFoundError","code":404}"#, .notLoaded),
        Case("no such route", 404, #"{"detail":"Not Found"}"#, .runtimeUpdatingDisabled),
        Case("a web page", 404, html, .unloadFailed),
        Case("bad request", 400, flat400, .unloadFailed),
        Case("server error", 500, "", .unloadFailed, isUnknown: true),
        Case("redirected", 302, "", .unexpectedRedirect),
    ]

    @Test(arguments: unloads)
    func `an unload's answer is read for what it means`(refusal: Case) async {
        let (client, _) = VLLMClient.scripted(refusal.answer)

        let error = await vllmError { try await client.unload(name: "a", timeout: .seconds(1)) }

        #expect(error?.reason == refusal.reason)
        #expect(error?.outcomeIsUnknown == refusal.isUnknown)
    }

    static let lists = [
        Case("a web page", 200, html, .notVLLM),
        Case("plain text", 200, "ok", .notVLLM),
        Case("nothing", 200, "", .invalidResponse),
        Case("cut off", 200, #"{"object":"list","data":[{"id":"ba"#, .invalidResponse),
        Case("an array", 200, "[]", .invalidResponse),
        Case("no data", 200, #"{"object":"list"}"#, .invalidResponse),
        Case("an id that is a number", 200, #"{"data":[{"id":"base"},{"id":5}]}"#, .invalidResponse),
        Case("a parent that is a number", 200, #"{"data":[{"id":"base"},{"id":"a","parent":5}]}"#, .invalidResponse),
        Case("no models", 200, #"{"object":"list","data":[]}"#, .notVLLM),
        Case("adapters only", 200, #"{"data":[{"id":"a","root":"/a","parent":"base"}]}"#, .notVLLM),
        Case("too deep", 200, String(repeating: "[", count: 100_000), .invalidResponse),
        Case("too deep, unasked", 200, "{\"x\":" + String(repeating: "[", count: 1_000_000), .invalidResponse),
        Case("no content", 204, "", .invalidResponse),
        Case("no such page", 404, #"{"detail":"Not Found"}"#, .notVLLM),
        Case("broken", 500, "Internal Server Error", .serverError),
        Case("a proxy without server", 503, html, .serverError),
        Case(
            "a dead engine", 500, #"{"error":{"message":"EngineCore encountered an issue. See stack trace"}}"#,
            .engineUnhealthy),
        Case("moved", 301, "", .unexpectedRedirect),
        Case("no key", 401, #"{"error":"Unauthorized"}"#, .unauthorized),
    ]

    @Test(arguments: lists)
    func `an answer that is no model list is not believed`(refusal: Case) async {
        let (client, _) = VLLMClient.scripted(refusal.answer)

        let error = await vllmError { _ = try await client.models() }

        #expect(error?.reason == refusal.reason)
        #expect(error?.outcomeIsUnknown == false)
    }

    @Test(arguments: [
        (503, VLLMError.Reason.engineUnhealthy), (500, .engineUnhealthy), (502, .serverError), (404, .notVLLM),
        (401, .unauthorized), (302, .unexpectedRedirect), (204, .notVLLM),
    ])
    func `only 200 is healthy`(status: Int, reason: VLLMError.Reason) async {
        let (client, _) = VLLMClient.scripted(.answer(status))

        #expect(await vllmError { try await client.health() }?.reason == reason)
    }

    @Test func `a list is read whatever newer versions add, and an adapter listed twice counts once`() async throws {
        let (client, _) = VLLMClient.scripted(
            .answer(
                200,
                #"""
                {"data":[
                  {"id":"base","root":"/base","max_model_len":"many","new":[1]},
                  {"id":"a","root":"/1","parent":"base","max_model_len":8},
                  {"id":"a","root":"/2","parent":"base"},
                  {"id":"base","root":"/3","parent":"base"}
                ],"next":null}
                """#))

        let list = try await client.models()

        #expect(list.baseModels == [ModelCard(id: "base", root: "/base")])
        #expect(
            list.adapters == [
                ModelCard(id: "a", root: "/1", parent: "base", maxModelLen: 8),
                ModelCard(id: "base", root: "/3", parent: "base"),
            ])
    }

    @Test(arguments: [
        ("a\nb\r\n\tc", "HTTP 400: a b c"),
        ("a\u{202e}b\u{2066}c\u{200b}d\u{feff}", "HTTP 400: abcd"),
        ("key is s3cret!", "HTTP 400: key is [API key]"),
        ("key is s3\u{200b}cret!", "HTTP 400: key is [API key]"),
        ("key is s3cret!\u{301} no", "HTTP 400: key is [API key]\u{301} no"),
        ("\u{0}\u{7}", "HTTP 400:"),
    ])
    func `what a server says becomes one harmless line`(text: String, message: String) async throws {
        let (client, _) = VLLMClient.scripted(.answer(400, text, contentType: "text/plain"), apiKey: "s3cret!")

        #expect(await vllmError { _ = try await client.models() }?.message == message)
    }

    @Test func `a long message is cut between two characters`() async throws {
        let (client, _) = VLLMClient.scripted(.answer(400, String(repeating: "é🚀", count: 500), contentType: nil))

        let message = try #require(await vllmError { _ = try await client.models() }?.message)

        #expect((251...256).contains(message.utf8.count))
        #expect(message.hasSuffix("…"))
        #expect(!message.contains("\u{fffd}"))
    }
}
