import CurlHTTP
import DynamicJSON
import Foundation
import KubeSimulator
import TestSupport
import Testing

@testable import LoRAOperator

/// What `local --state` keeps.
struct StateLogTests {
    /// Records from a small history, with the file that holds them.
    private func history() throws -> (files: PowerCutFiles, bytes: [UInt8]) {
        let files = PowerCutFiles()
        let log = try StateLog(files)
        try log.append(["all": 0]) { ["all": 0] }
        for number in 1...5 { try log.append(["number": .int(Int64(number))]) { ["all": .int(Int64(number))] } }
        return (files, try #require(try files.read(StateLog.file)))
    }

    @Test func `records come back in their order`() throws {
        let (files, _) = try history()
        let log = try StateLog(files)
        #expect(log.records.map(\.text) == [#"{"all":0}"#] + (1...5).map { #"{"number":\#($0)}"# })
        #expect(log.unfinished == 0)
    }

    @Test func `wherever the last record was torn, those before it come back`() throws {
        let (_, bytes) = try history()
        let whole = try #require(bytes.dropLast().lastIndex(of: 0x0A)) + 1
        for count in whole..<bytes.count {
            let files = PowerCutFiles()
            try files.write(Array(bytes.prefix(count)), to: StateLog.file)
            let log = try StateLog(files)
            #expect(log.records.count == 5 && log.unfinished == count - whole, "\(count)")
            // And the next record does not follow half of another one.
            try log.append(["all": 9]) { ["all": 9] }
            #expect(try StateLog(files).records == [["all": 9]])
        }
    }

    @Test func `a file that is damaged before its last record is refused, and told by its line`() throws {
        let (_, bytes) = try history()
        let whole = try #require(bytes.dropLast().lastIndex(of: 0x0A))
        for position in stride(from: 0, to: whole, by: 3) {
            var damaged = bytes
            damaged[position] ^= 0x01
            let files = PowerCutFiles()
            try files.write(damaged, to: StateLog.file)
            #expect(throws: StateProblem.self, "byte \(position)") { try StateLog(files) }
        }
        let files = PowerCutFiles()
        try files.write(Array("apiVersion: v1\n".utf8), to: StateLog.file)
        #expect(throws: StateProblem.self) { try StateLog(files) }
    }

    @Test func `records that outweigh what they say are written anew`() throws {
        let files = PowerCutFiles()
        let log = try StateLog(files, compactionSize: 500)
        for number in 0..<200 { try log.append(["number": .int(Int64(number))]) { ["all": .int(Int64(number))] } }
        let size = try #require(try files.read(StateLog.file)).count
        #expect(size < 700)
        let last = try #require(try StateLog(files).records.last)
        #expect(last == ["number": 199] || last == ["all": 199])
    }

    @Test(arguments: UInt64(0)..<300)
    func `wherever the power is cut, every acknowledged change is there and no other but the last`(seed: UInt64) throws
    {
        var random = SeededGenerator(state: seed)
        let files = PowerCutFiles()
        var acknowledged: [String: JSONValue] = [:]
        var asked: [String: JSONValue] = [:]
        for _ in 0..<6 {
            let api = try KubeSimulator(time: SystemTime(), random: SystemRandom())
            let log = try StateLog(files, compactionSize: 3000)
            if !log.records.isEmpty { try api.restore(log.records) }
            let found = contents(api)
            #expect(found == acknowledged || found == asked)
            acknowledged = found
            files.fail(after: Int.random(in: 0...40, using: &random))
            do {
                try api.keep(in: log)
                while true {
                    asked = acknowledged
                    let change = try change(&asked, &random)
                    try change(api)
                    acknowledged = asked
                }
            } catch is PowerCutFiles.Failure {
                #expect(contents(api) == acknowledged, "what was refused is not there")
            }
            files.cut(&random)
        }
    }

    private func contents(_ api: KubeSimulator) -> [String: JSONValue] {
        Dictionary(
            uniqueKeysWithValues: api.list("secrets").map { ($0["metadata", "name"]?.text ?? "", $0["data"] ?? [:]) })
    }

    /// One more change, made in `contents` and ready to be made at an API server.
    private func change(
        _ contents: inout [String: JSONValue], _ random: inout SeededGenerator
    ) throws -> (KubeSimulator) throws -> Void {
        let name = "s\(Int.random(in: 0..<4, using: &random))"
        let key = JSONValue.string(name).text
        let data: JSONValue = ["v": .string(["YQ==", "Yg==", "Yw=="][Int.random(in: 0..<3, using: &random)])]
        let object: JSONValue = [
            "apiVersion": "v1", "kind": "Secret", "metadata": ["name": .string(name), "namespace": "default"],
            "data": data,
        ]
        guard let old = contents[key] else {
            contents[key] = data
            return { try $0.create(object) }
        }
        guard Bool.random(using: &random), old != data else {
            contents[key] = nil
            return { try $0.delete("secrets", namespace: "default", name: name) }
        }
        contents[key] = data
        return { try $0.replace(object) }
    }

    @Test func `a state directory serves one process, and nobody else can read it`() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/state"
            let first = try StateDirectory(path)
            #expect(throws: StateProblem.self) { try StateDirectory(path) }
            let log = try StateLog(first)
            try log.append(["all": 1]) { ["all": 1] }
            try log.append(["number": 2]) { [:] }
            #expect(try StateLog(first).records == [["all": 1], ["number": 2]])
            #expect(try mode(path) == 0o700)
            #expect(try mode("\(path)/\(StateLog.file)") == 0o600)
        }
    }

    @Test func `a checksum is that of everybody`() {
        #expect(Checksum.crc32("123456789".utf8) == 0xCBF4_3926)
    }
}

private func mode(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
}
