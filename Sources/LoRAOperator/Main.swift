import ArgumentParser
import CMalloc
import Glibc

/// Parses the command line itself: a wrong flag is exit code 2 and one line that says what to write.
@main
enum Main {
    static func main() async {
        // What one thread frees, another takes: an arena for each would keep its own.
        mallopt(M_ARENA_MAX, 1)
        let arguments = Flags.normalized(Array(CommandLine.arguments.dropFirst()))
        do {
            var command = try LoRAOperatorCommand.parseAsRoot(arguments)
            do {
                if var asynchronous = command as? any AsyncParsableCommand {
                    try await asynchronous.run()
                } else {
                    try command.run()
                }
            } catch let code as ExitCode {
                // What was found has been said.
                exit(code.rawValue)
            } catch let problem as StartupError {
                leave(problem.description, code: problem.exitCode)
            } catch  where LoRAOperatorCommand.exitCode(for: error) == .success {
                // The command `help`, and --help, run and throw their text.
                leave(error)
            } catch {
                leave("\(error)", code: 1)
            }
        } catch {
            leave(error)
        }
    }

    /// Help and version end well; everything else that ArgumentParser reports is a wrong command line.
    private static func leave(_ error: any Error) -> Never {
        if LoRAOperatorCommand.exitCode(for: error) == .success {
            print(LoRAOperatorCommand.fullMessage(for: error))
            exit(0)
        }
        leave("\(LoRAOperatorCommand.message(for: error)); see lora-operator --help", code: 2)
    }

    private static func leave(_ message: String, code: Int32) -> Never {
        let line = message.split(whereSeparator: \.isNewline).map { $0.trimmingPrefix { $0.isWhitespace } }
            .joined(separator: " ")
        StandardError.write("lora-operator: \(line)\n")
        exit(code)
    }
}
