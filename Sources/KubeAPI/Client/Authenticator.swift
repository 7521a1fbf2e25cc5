import Effects
import Synchronization

/// What a request shows of who sends it.
struct Proof: Hashable, Sendable {
    var token: String?
    var tls: TLSOptions
}

/// Who sends the requests: reads tokens, certificates and authorities again a minute after somebody rotated them at
/// most, and runs a credential plugin when what it gave has expired.
final class Authenticator: Sendable {
    /// client-go's period.
    static let lifetime = Duration.seconds(60)
    /// How long the failure of a plugin is everybody's answer, and so is what it gave, whatever it says of its expiry.
    static let pause = Duration.seconds(5)

    private struct State: Sendable {
        /// What the files say.
        var files: Proof
        var readAt: Duration?
        var credential: ExecCredential?
        /// When the plugin gave it.
        var credentialAt = Duration.zero
        var failure: (error: ProgramFailure, at: Duration)?
        var isRunning = false
        /// Those who wait for the run of the plugin that somebody else began.
        var waiters = Waiters()

        var proof: Proof {
            var proof = files
            guard let credential else { return proof }
            proof.token = credential.token
            if let certificate = credential.certificate {
                proof.tls.clientCertificate = certificate
                proof.tls.clientKey = credential.key
            }
            return proof
        }
    }

    private let configuration: KubeConfiguration
    private let time: any TimeSource
    private let state: Mutex<State>
    /// What is sent in clear text is everybody's: nothing is shown there, and no plugin is run.
    private let isEncrypted: Bool

    init(_ configuration: KubeConfiguration, time: any TimeSource) {
        self.configuration = configuration
        self.time = time
        isEncrypted = configuration.server.lowercased().hasPrefix("https://")
        let token: String? =
            switch configuration.credentials {
            case .token(let token): token
            case .tokenFile(_, let fallback): fallback
            case .none, .exec: nil
            }
        state = Mutex(State(files: Proof(token: token, tls: configuration.tls)))
    }

    /// The headers of an impersonation.
    var headers: [HTTPHeader] { isEncrypted ? configuration.impersonation?.headers ?? [] : [] }

    /// What to show now.
    /// - Throws: ``ProgramFailure`` where a plugin brings nothing, `CancellationError`.
    func proof() async throws -> Proof {
        guard isEncrypted else { return Proof(token: nil, tls: configuration.tls) }
        guard case .exec(let plugin) = configuration.credentials else { return fileProof }
        while true {
            switch state.withLock({ next(&$0) }) {
            case .show(let proof): return proof
            case .fail(let error): throw error
            case .run: try await run(plugin)
            case .wait: try await state.wait(in: \.waiters) { $0.isRunning }
            }
        }
    }

    /// After a 401: the next request reads or runs again, however fresh the proof is.
    /// - Returns: false where nothing can have changed.
    func renew(after proof: Proof) -> Bool {
        switch configuration.credentials {
        case .none, .token: return false
        case .tokenFile:
            state.withLock { $0.readAt = nil }
        case .exec:
            state.withLock { state in
                // Somebody else may have renewed it since.
                if state.proof == proof { state.credential = nil }
            }
        }
        return true
    }

    /// False once certificates or authorities are other ones: then connections that were made with `proof` have to end.
    func isCurrent(_ proof: Proof) -> Bool {
        guard isEncrypted else { return true }
        return state.withLock { state in
            readFiles(&state)
            return state.proof.tls == proof.tls
        }
    }

    // MARK: Files

    private var fileProof: Proof {
        state.withLock { state in
            readFiles(&state)
            return state.files
        }
    }

    /// While a file is being replaced it may be absent, empty or cut: what was good last is still the best there is.
    private func readFiles(_ state: inout State) {
        let now = time.now
        if let readAt = state.readAt, now - readAt < Self.lifetime { return }
        state.readAt = now
        if case .tokenFile(let path, _) = configuration.credentials, let token = text(path) {
            state.files.token = token
        }
        let files = configuration.tlsFiles
        if let authorities = pem(files.authorities) { state.files.tls.authorities = authorities }
        // One without the other is of no use; where only one stands in a file, its rotation is that of the pair.
        if let certificate = pem(files.clientCertificate) { state.files.tls.clientCertificate = certificate }
        if let key = pem(files.clientKey) { state.files.tls.clientKey = key }
    }

    private func text(_ path: String) -> String? {
        configuration.readFile(path).flatMap { String(decoding: $0, as: UTF8.self).trimmed.nonEmpty }
    }

    private func pem(_ path: String?) -> [UInt8]? {
        path.flatMap { configuration.readFile($0) }.flatMap { PEM.isWhole($0) ? $0 : nil }
    }

    // MARK: Plugins

    private enum Step { case show(Proof), fail(ProgramFailure), run, wait }

    private func next(_ state: inout State) -> Step {
        readFiles(&state)
        if let credential = state.credential {
            let isFresh = credential.expiresAt.map { $0 > time.unixTime } ?? true
            // The clock here may be wrong: what was given just now is for the server to judge.
            if isFresh || time.now - state.credentialAt < Self.pause { return .show(state.proof) }
        }
        if state.isRunning { return .wait }
        if let failure = state.failure, time.now - failure.at < Self.pause { return .fail(failure.error) }
        state.isRunning = true
        return .run
    }

    /// Runs the plugin for everybody; where this task is cancelled, one of those who wait runs it again.
    private func run(_ plugin: ExecPlugin) async throws {
        var outcome: Result<ExecCredential, ProgramFailure>?
        defer {
            let waiting = state.withLock { state in
                state.isRunning = false
                switch outcome {
                case .success(let credential):
                    state.credential = credential
                    state.credentialAt = time.now
                    state.failure = nil
                case .failure(let error): state.failure = (error, time.now)
                case nil: break
                }
                return state.waiters.takeAll()
            }
            for waiter in waiting { waiter.resume() }
        }
        do {
            let output = try await configuration.runProgram(try plugin.program())
            outcome = .success(try ExecCredential(output, apiVersion: plugin.apiVersion))
        } catch let failure as ProgramFailure {
            let hint = plugin.installHint.isEmpty ? "" : "; \(plugin.installHint)"
            outcome = .failure(ProgramFailure("the credential plugin \(plugin.command) \(failure)\(hint)"))
        }
    }
}
