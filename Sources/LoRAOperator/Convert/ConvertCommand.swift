import ArgumentParser
import DynamicJSON
import FoundationEssentials
import KubeSimulator

/// Other projects' resources into LoRAAdapters, on standard output; what needs a person, on standard error.
struct ConvertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Converts other projects' adapters into LoRAAdapters.",
        discussion: """
            Reads LoraAdapters of vLLM's production-stack, ModelAdapters of AIBrix, ConfigMaps of lora-syncer, and formae's \
            formas (Pkl with plain values, or the JSON of formae eval). Prints manifests; standard error names what has no \
            counterpart. Exits with 1 where nothing could be converted.
            """)

    @Argument(help: "YAML, JSON or Pkl files; - reads standard input.")
    var file: [String]

    @Option(help: "The Service in front of the servers.")
    var service = "vllm"

    func validate() throws {
        if file.isEmpty { throw ValidationError("name a file: lora-operator convert adapters.yaml") }
    }

    func run() async throws {
        var conversion = Conversion(service: service)
        for path in file {
            let text = try read(path)
            guard !path.hasSuffix(".pkl") else {
                take(Forma.adapters(in: text), of: path, into: &conversion)
                continue
            }
            do {
                for document in try JSONValue.documents(yaml: text) { conversion.add(document) }
            } catch {
                throw StartupError("\(path): \(error)")
            }
        }
        for note in conversion.notes { StandardError.write("\(note.escaped)\n") }
        print(conversion.adapters.map { ManifestText.of($0) }.joined(separator: "---\n"), terminator: "")
        if conversion.adapters.isEmpty { throw ExitCode(1) }
    }

    private func read(_ path: String) throws -> String {
        do {
            return try String(contentsOfFile: path == "-" ? "/dev/stdin" : path, encoding: .utf8)
        } catch {
            throw StartupError("\(path) cannot be read")
        }
    }

    private func take(
        _ adapters: [(properties: JSONValue, computed: [String])], of path: String, into conversion: inout Conversion
    ) {
        for (properties, computed) in adapters {
            for name in computed.sorted() {
                conversion.note(path, "\(name) is computed; convert the output of formae eval instead")
            }
            conversion.addForma(properties, label: nil)
        }
    }
}

extension String {
    /// In one line, whatever names hold.
    fileprivate var escaped: String { String(map { $0.isNewline || $0 == "\u{1B}" ? " " : $0 }) }
}
