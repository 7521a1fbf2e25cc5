/// A duration as GEP-2257 writes it: one to four pairs of a number of up to five digits and `h`, `m`, `s` or `ms`.
package enum GEPDuration {
    /// The duration, or nil where `text` is not one.
    package static func parse(_ text: String) -> Duration? {
        var total = Duration.zero
        var rest = Substring(text)
        var pairs = 0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard (1...5).contains(digits.utf8.count), let number = Int(digits) else { return nil }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(unit.count)
            switch unit {
            case "h": total += .seconds(number * 3600)
            case "m": total += .seconds(number * 60)
            case "s": total += .seconds(number)
            case "ms": total += .milliseconds(number)
            default: return nil
            }
            pairs += 1
        }
        return (1...4).contains(pairs) ? total : nil
    }
}
