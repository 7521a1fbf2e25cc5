import Effects
import FoundationEssentials
import TestSupport
import Testing
import VLLMSimulator

/// The simulated server against what a real vLLM 0.32.0 answered.
struct RecordedExchangeTests {
    @Test(arguments: RecordedSession.all)
    func `the simulated server answers as the recorded one did`(session: RecordedSession) async throws {
        let server = session.server
        for recording in try recordings(of: session) where RecordedSession.exclusions[recording.name] == nil {
            let response = try await server.respond(to: recording.request)
            let reply = HTTPReply(head: response.head, body: try await response.body.all(limit: 1 << 20))
            let name = Comment(rawValue: recording.name)

            #expect(reply.status == recording.response.status, name)
            for header in ["content-type", "allow", "location"] {
                #expect(reply.head[header] == recording.response.head[header], name)
            }
            if recording.request.method != .head {
                #expect(Answer(reply, to: recording) == Answer(recording.response, to: recording), name)
            }
        }
    }

    @Test func `every recording belongs to a session, and every exclusion is a recording`() throws {
        let names = try VLLMRecording.all().map(\.name)
        let played = try RecordedSession.all.flatMap { try recordings(of: $0).map(\.name) }

        #expect(Set(names).subtracting(played).subtracting(RecordedSession.exclusions.keys) == [])
        #expect(Set(RecordedSession.exclusions.keys).subtracting(names) == [])
        #expect(Set(played).count == played.count)
    }

    private func recordings(of session: RecordedSession) throws -> [VLLMRecording] {
        try VLLMRecording.all().filter { recording in
            Int(recording.name.prefix(3)).map(session.numbers.contains) == true
        }
    }
}

/// A body without what differs each time, or is not modelled.
private enum Answer: Equatable {
    case text(String)
    case json(JSON)
    case served(model: String?, object: String?)
    case metrics(hasStart: Bool, describesLoRA: Bool)

    init(_ reply: HTTPReply, to recording: VLLMRecording) {
        let text = reply.text
        guard let json = try? JSONDecoder().decode(JSON.self, from: Data(reply.body)) else {
            let isMetrics = recording.request.url == "/metrics"
            self =
                isMetrics
                ? .metrics(
                    hasStart: text.contains("\nprocess_start_time_seconds 1"),
                    describesLoRA: text.contains("# TYPE vllm:lora_requests_info gauge"))
                : .text(text)
            return
        }
        if case .object(let object) = json, object["choices"] != nil {
            self = .served(model: object["model"]?.string, object: object["object"]?.string)
        } else if recording.name.hasPrefix("140-"), reply.status == 500 {
            self = .json(json.withoutWorkersWords)
        } else {
            self = .json(json.withoutTimes)
        }
    }
}

private indirect enum JSON: Decodable, Equatable {
    case null
    case flag(Bool)
    case number(Double)
    case text(String)
    case array([JSON])
    case object([String: JSON])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let flag = try? value.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let array = try? value.decode([JSON].self) {
            self = .array(array)
        } else {
            self = .object(try value.decode([String: JSON].self))
        }
    }

    var string: String? { if case .text(let text) = self { text } else { nil } }

    var withoutTimes: JSON {
        switch self {
        case .array(let array): .array(array.map(\.withoutTimes))
        case .object(let object):
            .object(
                Dictionary(
                    uniqueKeysWithValues: object.map { key, value in
                        let isNew = key == "created" || value.string?.hasPrefix("modelperm-") == true
                        return (key, isNew ? .null : value.withoutTimes)
                    }))
        default: self
        }
    }

    /// What a broken adapter's files say is up to the test's configuration.
    var withoutWorkersWords: JSON {
        guard case .object(var outer) = self, case .object(var error) = outer["error"] else { return self }
        error["message"] = .text(String(error["message"]?.string?.prefix(52) ?? ""))
        outer["error"] = .object(error)
        return .object(outer)
    }
}
