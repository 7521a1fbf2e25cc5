extension Attempt {
    /// The failure to report: this attempt's own, else the one before it, which stands until this outcome differs.
    package var reported: Failure? {
        if case .failed(let failure) = outcome { return failure }
        return previous
    }

    /// What a repetition of this attempt goes on to report: it came to nothing, or it would not be repeated.
    package var repeated: Failure? {
        switch (outcome, operation) {
        case (.failed(let failure), _): failure
        case (.inFlight, _): previous
        case (.unknown, .load): .timedOut
        case (.answered, .load): .notConfirmed
        case (.unknown, .unload), (.answered, .unload): .stillListed
        }
    }

    /// How long a load of unknown outcome is still looked up: the server may be loading it all the same.
    ///
    /// Nil where no time is to be waited for.
    func lookUpTime(at now: Duration, loadTimeout: Duration) -> Duration? {
        guard operation == .load, outcome == .unknown else { return nil }
        let left = startedAt + loadTimeout * 2 - now
        return left > .zero ? left : nil
    }

    /// Whether `listing` does not tell the attempt's last word yet.
    func isOpen(before listing: Listing?, at now: Duration, loadTimeout: Duration) -> Bool {
        if outcome == .inFlight { return true }
        guard let listing, listing.stamp > stamp else { return true }
        return lookUpTime(at: now, loadTimeout: loadTimeout) != nil
    }
}

extension Attempt.Failure {
    static let timedOut = Self(
        .loadTimedOut, "no answer to the load; looked up until it appears or may be sent again")
    static let notConfirmed = Self(.loadNotConfirmed, "the server answered the load, but does not list the adapter")
    static let stillListed = Self(.unloadFailed, "the adapter is still listed after its unload")
}
