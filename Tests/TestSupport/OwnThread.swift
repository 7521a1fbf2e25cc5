import Foundation

/// Runs `body` on a thread of its own.
///
/// Whatever blocks or computes for long would otherwise hold one of the few threads that all tests share.
package func onOwnThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
    }
}
