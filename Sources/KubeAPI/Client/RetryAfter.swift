import Effects

/// The `Retry-After` header of RFC 9110, section 10.2.3.
enum RetryAfter {
    static let limit = Duration.seconds(60)

    /// Seconds, or an HTTP date taken relative to the response's own `Date`, so that no clock of ours matters.
    ///
    /// nil for zero, for the past and for garbage; at most a minute, however large the number is.
    static func duration(_ value: String?, date: String?) -> Duration? {
        guard let value = value?.trimmed, !value.isEmpty else { return nil }
        if value.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
            // What does not fit an Int is far beyond the limit.
            let seconds = Int(value) ?? .max
            return seconds > 0 ? .seconds(min(seconds, 60)) : nil
        }
        guard let then = HTTPDate.seconds(value), let now = date.flatMap({ HTTPDate.seconds($0.trimmed) }), then > now
        else { return nil }
        return min(.seconds(then - now), limit)
    }
}

/// IMF-fixdate (`Sun, 06 Nov 1994 08:49:37 GMT`), the one form that senders may use.
enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Seconds since 1970; nil if it is no such date.
    static func seconds(_ text: String) -> Int? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let day = number(words[1], 1...31),
            let month = months.firstIndex(of: String(words[2])), let year = number(words[3], 1970...9999)
        else { return nil }
        let clock = words[4].split(separator: ":")
        guard clock.count == 3, let hour = number(clock[0], 0...23), let minute = number(clock[1], 0...59),
            let second = number(clock[2], 0...60)
        else { return nil }
        return CivilDate.days(year: year, month: month + 1, day: day) * 86400 + hour * 3600 + minute * 60 + second
    }

    private static func number(_ text: Substring, _ range: ClosedRange<Int>) -> Int? {
        guard let number = Int(text), range.contains(number) else { return nil }
        return number
    }
}
