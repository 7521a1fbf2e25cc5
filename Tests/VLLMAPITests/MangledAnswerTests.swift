import Effects
import TestSupport
import Testing
import VLLMAPI

/// Recorded answers with bytes changed, lost and added: whatever comes of them, it is an answer or a reason.
struct MangledAnswerTests {
    @Test(arguments: [
        "101-models-after-alpha", "208-models-with-odd-names", "102-load-alpha-again-same-path",
        "140-load-bad-rank64", "500-noenv-load", "520-apikey-notoken-GET-v1-models", "012-version",
    ])
    func `a mangled answer is never more than a reason`(name: String) async throws {
        let recording = try #require(try VLLMRecording.all().first { $0.name == name })
        var random = SeededGenerator(state: UInt64(name.utf8.count))
        for _ in 0..<300 {
            var reply = recording.response
            mangle(&reply.body, &random)
            if Bool.random(using: &random) { reply.head.status = Int.random(in: 200...599, using: &random) }
            let (client, _) = VLLMClient.scripted(.success(reply), apiKey: "the key")

            do {
                switch recording.request.url {
                case "/v1/models":
                    let list = try await client.models()
                    #expect(!list.baseModels.isEmpty)
                case "/version":
                    let version = try await client.version()
                    #expect(version.utf8.count <= 256)
                default: try await client.load(name: "a", path: "/a", timeout: .seconds(1))
                }
            } catch let error as VLLMError {
                #expect(error.message.utf8.count <= 256)
                #expect(!error.message.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7f })
            }
        }
    }

    private func mangle(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        let pieces = ["\"", "\\", "{", "]", "null", "1e999", "\\ud800", "\u{202e}", "\u{0}", "[[[[[[[["]
        for _ in 0..<Int.random(in: 1...8, using: &random) where !bytes.isEmpty {
            let index = Int.random(in: 0..<bytes.count, using: &random)
            switch UInt8.random(in: 0...4, using: &random) {
            case 0: bytes[index] = .random(in: 0...255, using: &random)
            case 1: bytes.remove(at: index)
            case 2: bytes.insert(contentsOf: Array((pieces.randomElement(using: &random) ?? "").utf8), at: index)
            case 3: bytes.insert(contentsOf: bytes[index...].prefix(20), at: index)
            default: bytes.removeSubrange(index...)
            }
        }
    }
}
