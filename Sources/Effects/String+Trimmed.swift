extension String {
    /// Without white space and line breaks around it, as files tend to have at their end.
    package var trimmed: String {
        var text = unicodeScalars[...]
        while text.first?.properties.isWhitespace == true { text.removeFirst() }
        while text.last?.properties.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
