import CurlHTTP
import Effects
import Foundation
import TestSupport
import Testing

/// What is left when requests and transports are gone.
///
/// Each test runs in a process of its own, where nothing else opens descriptors.
struct LifetimeTests {
    /// LIFETIME_REQUESTS=100000 makes ten times as many, enough for memory to tell as well.
    @Test func `26: ten thousand requests, many of them cancelled, leave no socket`() async throws {
        await #expect(processExitsWith: .success) {
            let count = ProcessInfo.processInfo.environment["LIFETIME_REQUESTS"].flatMap(Int.init) ?? 10_000
            let before = sockets()
            let server = try RawServer(remembers: false) { connection in
                while let request = connection.readRequest() {
                    if request.lines.first?.contains("stall") == true { return connection.waitForClose() }
                    connection.reply(body: "ok")
                }
            }
            let url = server.url
            let warm = try await withTransport { transport async throws in
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for worker in 0..<50 {
                        group.addTask {
                            var random = SystemRandomNumberGenerator()
                            var warm = 0
                            for number in 0..<(count / 50) {
                                if number == count / 500 { warm = residentKiB() }
                                let stalls = random.next(upperBound: UInt64(10)) == 0
                                let request = HTTPRequest.get(stalls ? "\(url)/stall" : url) {
                                    $0.connection = number % 7 == 0 ? .fresh : worker % 3 == 0 ? .own("x") : .shared
                                }
                                let task = Task { _ = try await transport.send(request) }
                                let cancels = stalls || random.next(upperBound: UInt64(3)) == 0
                                if cancels {
                                    for _ in 0..<random.next(upperBound: UInt64(20)) { await Task.yield() }
                                    task.cancel()
                                }
                                let result = await task.result
                                if !cancels { try result.get() }
                            }
                            return warm
                        }
                    }
                    return try await group.reduce(0, max)
                }
            }
            server.stop()
            let isClean = try await eventually { sockets() == before }
            precondition(isClean, "sockets: \(before) before, \(sockets()) after")
            let grown = residentKiB() - warm
            // Of the nine tenths that came after it, 100 bytes each would be a leak.
            precondition(count < 100_000 || grown * 1024 < count * 90, "\(grown) KiB more than after a tenth")
        }
    }

    @Test func `27: running out of descriptors fails that request and no later one`() async throws {
        await #expect(processExitsWith: .success) {
            let server = try RawServer { connection in
                while connection.readRequest() != nil { connection.reply() }
            }
            try await withTransport { transport async throws in
                _ = try await transport.send(.get(server.url))
                var limit = rlimit()
                unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                let before = limit.rlim_cur
                limit.rlim_cur = 3
                unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                let failure = try await transport.failure(of: .get(server.url) { $0.connection = .fresh })
                limit.rlim_cur = before
                unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                precondition(failure?.kind == .connectFailed)
                precondition(failure?.message.hasSuffix(": too many open files") == true, "\(failure as Any)")
                _ = try await transport.send(.get(server.url) { $0.connection = .fresh })
            }
            server.stop()
        }
    }

    @Test func `transports come and go without a trace`() async throws {
        await #expect(processExitsWith: .success) {
            let server = try RawServer { connection in
                while connection.readRequest() != nil { connection.reply() }
            }
            func use() async throws { _ = try await CurlTransport().send(HTTPRequest(.get, server.url)) }
            try await use()
            let before = (sockets(), threads())
            for _ in 0..<50 { try await use() }
            let isClean = try await eventually { sockets() <= before.0 && threads() <= before.1 + 1 }
            precondition(isClean, "\(before) before, \((sockets(), threads())) after")
            server.stop()
        }
    }

    @Test func `shutting down ends what runs and refuses what comes`() async throws {
        try await RawServer.serving(silent) { server async throws in
            let transport = CurlTransport()
            let running = Task { try await transport.failure(of: .get(server.url)) }
            #expect(try await eventually { server.requests.count == 1 })
            transport.shutdown()
            transport.shutdown()
            #expect(try await running.value?.kind == .reset)
            #expect(try await transport.failure(of: .get(server.url))?.kind == .gateClosed)
            #expect(try await eventually { server.openCount == 0 })
        }
    }
}

/// Sockets alone: the Swift runtime opens timers and event queues as it goes.
private func sockets() -> Int {
    entries("/proc/self/fd").count { name in
        let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
        return target?.hasPrefix("socket:") == true
    }
}

private func residentKiB() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
    return Int(line.filter(\.isNumber)) ?? 0
}

private func threads() -> Int { entries("/proc/self/task").count }

private func entries(_ directory: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
}
