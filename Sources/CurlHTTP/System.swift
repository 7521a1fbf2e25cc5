import Glibc

/// A thread that runs one function, with every signal left to the other threads.
@safe
struct LoopThread: Sendable {
    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private let id: pthread_t

    init(_ run: @escaping @Sendable () -> Void) {
        var id = pthread_t()
        let context = unsafe Unmanaged.passRetained(Body(run)).toOpaque()
        let code = unsafe pthread_create(&id, nil, LoopThread.start, context)
        precondition(code == 0, "pthread_create failed: \(code)")
        self.id = id
    }

    /// Waits until the function returned; called once.
    func join() {
        // The last reference to what stops the thread may go on the thread itself, which cannot wait for its own end.
        if pthread_equal(id, pthread_self()) != 0 {
            pthread_detach(id)
        } else {
            pthread_join(id, nil)
        }
    }

    private static let start: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
        // A write to a closed connection must not end the process, and signals belong to those who handle them.
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
        return nil
    }
}

/// Seconds since 1970 by the system's clock.
func realTime() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
