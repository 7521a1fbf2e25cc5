import Synchronization

/// A regular expression from a CustomResourceDefinition, with RE2's meaning as far as such patterns go.
///
/// Swift's engine backtracks, so a value is matched only up to a length; patterns come from the operator's own
/// definitions, values from users.
final class Pattern: Sendable {
    let source: String
    // A Regex may not be shared between threads; matching is short enough for a lock.
    private let regex: Mutex<Regex<AnyRegexOutput>>

    private static let lengthLimit = 4096

    init?(_ source: String) {
        // RE2's `$` is the very end of the text; Swift's would also accept a line break there.
        let adapted = source.hasSuffix("$") && !source.hasSuffix("\\$") ? String(source.dropLast()) + "\\z" : source
        guard let regex = try? Regex(adapted).matchingSemantics(.unicodeScalar).asciiOnlyCharacterClasses() else {
            return nil
        }
        self.source = source
        self.regex = Mutex(regex)
    }

    /// Whether the pattern occurs in `text`, as RE2's unanchored search; nil for a text too long to be tried.
    func occurs(in text: String) -> Bool? {
        guard text.utf8.count <= Self.lengthLimit else { return nil }
        return regex.withLock { regex in ((try? regex.firstMatch(in: text)) ?? nil) != nil }
    }
}
