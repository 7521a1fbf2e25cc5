/// Why the process cannot start or go on: one sentence, and what to do about it.
struct StartupError: Error, CustomStringConvertible {
    var description: String
    /// 2 for what the command line got wrong, else 1.
    var exitCode: Int32

    init(_ description: String, exitCode: Int32 = 1) {
        self.description = description
        self.exitCode = exitCode
    }

    static func usage(_ description: String) -> StartupError { StartupError(description, exitCode: 2) }
}
