extension String {
    /// At most `limit` bytes, cut between characters.
    package func clipped(to limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var result = ""
        var size = 0
        for character in self {
            size += character.utf8.count
            if size > limit - 3 { break }
            result.append(character)
        }
        return result + "..."
    }
}

extension Array {
    /// The first three in words, and how many more there are.
    package func abbreviated(separator: String = "; ", _ words: (Element) -> String) -> String {
        (prefix(3).map(words) + (count > 3 ? ["and \(count - 3) more"] : [])).joined(separator: separator)
    }
}
