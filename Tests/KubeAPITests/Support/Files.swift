import FoundationEssentials
import KubeAPI
import Synchronization

/// Files in memory.
final class Files: Sendable {
    private let files: Mutex<[String: [UInt8]]>

    init(_ files: [String: String]) { self.files = Mutex(files.mapValues { Array($0.utf8) }) }

    subscript(path: String) -> String? {
        get { files.withLock { $0[path].map { String(decoding: $0, as: UTF8.self) } } }
        set { files.withLock { $0[path] = newValue.map { Array($0.utf8) } } }
    }

    func set(_ path: String, _ bytes: [UInt8]) { files.withLock { $0[path] = bytes } }

    var reader: FileReader { FileReader { path in self.files.withLock { $0[path] } } }
}

/// A PEM that nobody will ever load.
func pem(_ text: String) -> String {
    let der = Data([0x30, UInt8(text.utf8.count)] + Array(text.utf8)).base64EncodedString()
    return "-----BEGIN CERTIFICATE-----\n\(der)\n-----END CERTIFICATE-----\n"
}

/// The same as a kubeconfig holds it in place.
func pemData(_ text: String) -> String { Data(pem(text).utf8).base64EncodedString() }
