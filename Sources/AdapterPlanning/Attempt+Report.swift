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
        guard let end = lookUpEnd(loadTimeout: loadTimeout), end > now else { return nil }
        return end - now
    }

    /// When a load of unknown outcome is given up: what is not listed then is not expected any more.
    private func lookUpEnd(loadTimeout: Duration) -> Duration? {
        guard operation == .load, outcome == .unknown else { return nil }
        // A replacement unloads before it sends the load.
        return max(startedAt + loadTimeout * 2, endedAt + loadTimeout)
    }

    /// Whether `listing` does not tell the attempt's last word yet.
    ///
    /// An older list does not tell what a load of unknown outcome has brought since, so its look-up ends with a list
    /// that was asked for afterwards.
    func isOpen(before listing: Listing?, loadTimeout: Duration) -> Bool {
        if outcome == .inFlight { return true }
        guard let listing, listing.stamp > stamp else { return true }
        return lookUpEnd(loadTimeout: loadTimeout).map { listing.requestedAt < $0 } ?? false
    }
}

extension Attempt.Failure {
    static let timedOut = Self(
        .loadTimedOut, "no answer to the load; looked up until it appears or may be sent again")
    static let notConfirmed = Self(.loadNotConfirmed, "the server answered the load, but does not list the adapter")
    static let stillListed = Self(
        .unloadFailed,
        "the adapter is still listed after its unload, or again: a resolver plugin loads it at the next request")
}
