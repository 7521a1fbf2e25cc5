import CLibFuzzer
import DynamicJSON
import Effects
import Glibc

@testable import AdapterFiles
@testable import KubeAPI
@testable import VLLMAPI

// Bytes from the network and from files, as an enemy would choose them: whatever comes, there is a value or an error.
// The first byte chooses who reads the rest, the second one where it is cut.

/// What a framer makes of some chunks: the frames, and whether they ended in an error.
func frames(_ chunks: [ArraySlice<UInt8>]) -> ([[UInt8]], FramingError?) {
    var framer = JSONFramer(limit: 1 << 16)
    var frames: [[UInt8]] = []
    do {
        for chunk in chunks {
            let chunk = Array(chunk)
            var index = 0
            while let frame = try framer.next(in: chunk, from: &index) { frames.append(frame) }
        }
        if let last = try framer.finish() { frames.append(last) }
        return (frames, nil)
    } catch {
        return (frames, error)
    }
}

func readWatch(_ body: [UInt8], cut: Int) {
    let (whole, error) = frames([body[...]])
    let (parts, partsError) = frames([body[..<cut], body[cut...]])
    precondition(whole == parts && error == partsError, "a split changes what is read")
    for frame in whole { _ = try? WatchFrame<Pod>.event(in: frame, attempt: "watch pods") }
}

func readList(_ body: [UInt8], cut: Int) {
    func elements(_ chunks: [ArraySlice<UInt8>]) -> [[UInt8]]? {
        var framer = ListFramer(elementLimit: 1 << 16)
        var elements: [[UInt8]] = []
        do {
            for chunk in chunks {
                let chunk = Array(chunk)
                var index = 0
                while let element = try framer.next(in: chunk, from: &index) { elements.append(element) }
            }
            elements.append(try framer.envelope())
            return elements
        } catch {
            return nil
        }
    }
    let whole = elements([body[...]])
    precondition(whole == elements([body[..<cut], body[cut...]]), "a split changes what is read")
    for element in whole ?? [] { _ = try? JSON.decode(Attempted<EndpointSlice>.self, from: element) }
}

func readValue(_ body: [UInt8]) {
    guard let value = JSONValue(parsing: body) else { return }
    precondition(JSONValue(parsing: Array(value.text.utf8)) == value, "what was written is read as something else")
}

func readReply(_ body: [UInt8], cut: Int) {
    let status = 200 + Int(body.first ?? 0) * 2
    let head = HTTPResponseHead(status: status, headers: [HTTPHeader("Content-Type", "application/json")])
    let reply = HTTPReply(head: head, body: Array(body.dropFirst()))
    let operations = [VLLMOperation.read, .load(name: "a"), .unload(name: "a"), .health]
    _ = VLLMError(reply, to: operations[cut % operations.count], hiding: "secret").description
    _ = ModelList(parsing: reply.body)
    _ = APIError(APIAnswer(attempt: "get pods a/b", head: head, body: reply.body)).description
}

func readText(_ body: [UInt8]) {
    let text = String(decoding: body, as: UTF8.self)
    _ = RetryAfter.duration(text, date: "Sun, 06 Nov 1994 08:49:07 GMT")
    _ = Timestamp.parse(text)
    _ = text.oneLine(limit: 64)
    _ = PEM.isWhole(body)
    _ = try? ExecCredential(body, apiVersion: "client.authentication.k8s.io/v1")
    _ = AdapterConfiguration(body)
}

@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    guard bytes.count > 2 else { return 0 }
    let body = Array(bytes[2...])
    let cut = Int(bytes[1]) * body.count / 255
    // YAML takes a hundred times as long as anything else, and so gets the smallest share.
    if bytes[0] == 255 {
        _ = try? KubeconfigFile.read(body, path: "/kubeconfig")
        return 0
    }
    switch bytes[0] % 5 {
    case 0: readWatch(body, cut: cut)
    case 1: readList(body, cut: cut)
    case 2: readValue(body)
    case 3: readReply(body, cut: cut)
    default: readText(body)
    }
    return 0
}

var count = CommandLine.argc
var arguments = unsafe Optional(CommandLine.unsafeArgv)
exit(unsafe LLVMFuzzerRunDriver(&count, &arguments) { unsafe testOneInput($0, $1) })
