import Effects
import Testing

@testable import CurlHTTP

/// The waiters are numbers here, so that each action can be compared.
struct TransferStateMachineTests {
    typealias Machine = TransferStateMachine<Int, Int>

    private let failure = HTTPFailure(.reset, "broke")

    private func streaming(highWaterMark: Int = 10) -> Machine {
        var machine = Machine(highWaterMark: highWaterMark)
        _ = machine.receivedHead(HTTPResponseHead(status: 200))
        return machine
    }

    @Test func `the head resumes the waiter that asked before it came`() {
        var machine = Machine(highWaterMark: 10)
        guard case .suspend = machine.awaitHead(1) else { return #expect(Bool(false)) }
        #expect(machine.receivedHead(HTTPResponseHead(status: 200)) == 1)
    }

    @Test func `the head is given at once when it came first`() throws {
        var machine = streaming()
        guard case .resume(let result) = machine.awaitHead(1) else { return #expect(Bool(false)) }
        #expect(try result.get().status == 200)
    }

    @Test func `a second head is ignored`() {
        var machine = Machine(highWaterMark: 10)
        _ = machine.awaitHead(1)
        _ = machine.receivedHead(HTTPResponseHead(status: 200))
        #expect(machine.receivedHead(HTTPResponseHead(status: 500)) == nil)
    }

    @Test func `bytes go straight to a waiting reader`() {
        var machine = streaming()
        #expect(machine.next(7).result == nil)
        guard case .deliver(7) = machine.receivedBody([1]) else { return #expect(Bool(false)) }
    }

    @Test func `buffered chunks are handed out together`() throws {
        var machine = streaming()
        _ = machine.receivedBody([1])
        _ = machine.receivedBody([2, 3])
        #expect(try machine.next(1).result?.get() == [1, 2, 3])
        #expect(machine.next(1).result == nil)
    }

    @Test func `a full buffer pauses and an emptied one unpauses, once`() throws {
        var machine = streaming(highWaterMark: 2)
        _ = machine.receivedBody([1, 2, 3])
        guard case .pause = machine.receivedBody([4]) else { return #expect(Bool(false)) }
        let action = machine.next(1)
        #expect(try action.result?.get() == [1, 2, 3])
        #expect(action.unpauses)
        guard case .accepted = machine.receivedBody([4]) else { return #expect(Bool(false)) }
        #expect(!machine.next(1).unpauses)
    }

    @Test func `what came before a failure is handed out before the failure`() throws {
        var machine = streaming()
        _ = machine.receivedBody([1])
        _ = machine.finished(.failure(failure))
        #expect(machine.isOver)
        #expect(try machine.next(1).result?.get() == [1])
        #expect(throws: failure) { try machine.next(1).result?.get() }
        #expect(throws: failure) { try machine.next(1).result?.get() }
    }

    @Test func `the end of the body is repeated to whoever asks again`() throws {
        var machine = streaming()
        _ = machine.finished(.success(()))
        for _ in 0..<2 {
            let result = try #require(machine.next(1).result)
            #expect(try result.get() == nil)
        }
    }

    @Test func `a failure before the head goes to the head's waiter`() {
        var machine = Machine(highWaterMark: 10)
        _ = machine.awaitHead(3)
        guard case .failHead(3, let error) = machine.finished(.failure(failure)) else { return #expect(Bool(false)) }
        #expect(error as? HTTPFailure == failure)
    }

    @Test func `success without a head is an invalid response`() {
        var machine = Machine(highWaterMark: 10)
        _ = machine.finished(.success(()))
        guard case .resume(.failure(let error)) = machine.awaitHead(3) else { return #expect(Bool(false)) }
        #expect((error as? HTTPFailure)?.kind == .invalidResponse)
    }

    @Test func `cancelling fails the waiting reader and refuses further bytes`() {
        var machine = streaming()
        _ = machine.next(5)
        guard case .failChunk(5) = machine.cancelled() else { return #expect(Bool(false)) }
        guard case .abort = machine.receivedBody([1]) else { return #expect(Bool(false)) }
        guard case .none = machine.finished(.failure(failure)) else { return #expect(Bool(false)) }
        #expect(throws: CancellationError.self) { try machine.next(1).result?.get() }
    }

    @Test func `cancelling removes a transfer that still runs and only that`() {
        var machine = streaming()
        guard case .removeTransfer = machine.cancelled() else { return #expect(Bool(false)) }
        guard case .none = machine.cancelled() else { return #expect(Bool(false)) }

        var done = streaming()
        _ = done.finished(.success(()))
        guard case .none = done.cancelled() else { return #expect(Bool(false)) }
    }

    @Test func `cancelling before the head fails the head`() {
        var machine = Machine(highWaterMark: 10)
        _ = machine.awaitHead(2)
        guard case .failHead(2) = machine.cancelled() else { return #expect(Bool(false)) }
        #expect(machine.isOver)
    }

    @Test func `a second reader is refused and the first keeps waiting`() {
        var machine = streaming()
        _ = machine.next(1)
        #expect(throws: HTTPFailure.self) { try machine.next(2).result?.get() }
        guard case .deliver(1) = machine.receivedBody([1]) else { return #expect(Bool(false)) }
    }

    /// Every sequence of up to seven events: no waiter is lost, none is resumed twice, bytes keep their order.
    @Test func `every short history resumes each waiter exactly once`() {
        func explore(_ machine: Machine, waiting: Int?, sent: UInt8, read: UInt8, depth: Int) {
            if depth == 0 { return }
            for event in 0..<4 {
                var next = machine
                var (waiting, sent, read) = (waiting, sent, read)
                switch event {
                case 0 where waiting == nil:
                    let action = next.next(depth)
                    switch action.result {
                    case nil: waiting = depth
                    case .success(let chunk?):
                        #expect(chunk == Array(read..<sent))
                        read = sent
                    default: break
                    }
                case 1:
                    switch next.receivedBody([sent]) {
                    case .deliver(let waiter):
                        #expect(waiter == waiting && read == sent)
                        waiting = nil
                        sent += 1
                        read = sent
                    case .accepted: sent += 1
                    case .pause, .abort: break
                    }
                case 2:
                    if case .endBody(let waiter, _) = next.finished(.success(())) {
                        #expect(waiter == waiting)
                        waiting = nil
                    }
                    #expect(waiting == nil)
                case 3:
                    if case .failChunk(let waiter) = next.cancelled() {
                        #expect(waiter == waiting)
                        waiting = nil
                    }
                    #expect(waiting == nil)
                default: continue
                }
                explore(next, waiting: waiting, sent: sent, read: read, depth: depth - 1)
            }
        }
        explore(streaming(highWaterMark: 2), waiting: nil, sent: 0, read: 0, depth: 7)
    }
}
