/// What blocks nothing and people should know all the same: told when it becomes so, not for as long as it is.
struct Warnings {
    var situation: AdapterSituation

    /// The warnings that the verdicts on the wanted servers give rise to, in a fixed order.
    func of(_ verdicts: [ServerVerdict]) -> [StatusEvent] {
        [capacity(verdicts), prefixCache(verdicts), plaintext(verdicts)].compactMap { $0 }
    }

    /// More names on a server than it should have; vLLM reads those that do not fit into memory from disk each time.
    private func capacity(_ verdicts: [ServerVerdict]) -> StatusEvent? {
        guard case .success(let wish) = situation.wish else { return nil }
        let full = verdicts.compactMap { verdict -> String? in
            let observation = situation.observation(of: verdict.server)
            guard case .listed(let listing) = observation.answer,
                let limit = [situation.adapterLimit, observation.adapterLimit].compactMap({ $0 }).min()
            else { return nil }
            let isComing = verdict.state == .loading && listing.adapters[wish.name] == nil
            let count = listing.adapters.count + (isComing ? 1 : 0)
            guard count > limit, isComing || verdict.state == .loaded else { return nil }
            return "\(verdict.server.name): \(count) adapters, more than \(limit)"
        }
        guard !full.isEmpty else { return nil }
        return StatusEvent(reason: "CapacityExceeded", action: .load, note: Self.tell(full), isWarning: true)
    }

    /// Other weights under a name: vLLM finds cached blocks of earlier ones by the name alone from 0.12 to 0.30, and by
    /// name and path in every version.
    private func prefixCache(_ verdicts: [ServerVerdict]) -> StatusEvent? {
        guard case .success(let wish) = situation.wish else { return nil }
        let stale = verdicts.compactMap { verdict -> String? in
            guard verdict.isReplacement else { return nil }
            let version = situation.observation(of: verdict.server).version
            guard verdict.root == wish.path || Self.cachesByName(version) else { return nil }
            return "\(verdict.server.name): vLLM \(version ?? "of unknown version")"
        }
        guard !stale.isEmpty else { return nil }
        let note = "answers may use cached blocks of the old weights; change spec.loraName too: \(Self.tell(stale))"
        return StatusEvent(reason: "StalePrefixCache", action: .load, note: note, isWarning: true)
    }

    private func plaintext(_ verdicts: [ServerVerdict]) -> StatusEvent? {
        guard situation.sendsKeyInClear, !verdicts.isEmpty else { return nil }
        return StatusEvent(
            reason: "KeyOverPlaintext", action: .observe,
            note: "the API key is sent over plain http; set spec.target.scheme to https", isWarning: true)
    }

    /// Whether this version finds blocks of its prefix cache by the adapter's name alone; one that is not known may.
    static func cachesByName(_ version: String?) -> Bool {
        let parts = (version ?? "").split(separator: ".", omittingEmptySubsequences: false).prefix(2).map { Int($0) }
        guard parts.count == 2, let major = parts[0], let minor = parts[1] else { return true }
        return major == 0 && (12...30).contains(minor)
    }

    private static func tell(_ servers: [String]) -> String {
        servers.abbreviated(\.self).clipped(to: 800)
    }
}

/// Which warnings of one object were told: each once, when it becomes so.
package struct ToldWarnings: Sendable {
    private var reasons: Set<String>?

    package init() {}

    /// What is to be told now that `warnings` hold.
    ///
    /// `isKnown`: a process before this one has already reported on the same generation, so what holds at the first look
    /// is nothing new.
    package mutating func news(_ warnings: [StatusEvent], isKnown: Bool) -> [StatusEvent] {
        let before = reasons ?? (isKnown ? Set(warnings.map(\.reason)) : [])
        reasons = Set(warnings.map(\.reason))
        return warnings.filter { !before.contains($0.reason) }
    }
}
