import FoundationEssentials

/// Standard base64.
func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

/// Decodes URL-safe base64 without padding, as continue tokens are; nil where it is none.
func decodeBase64URL(_ text: String) -> [UInt8]? {
    var standard = text.replacing("-", with: "+").replacing("_", with: "/")
    standard += String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
    return Data(base64Encoded: standard).map(Array.init)
}

/// Encodes as URL-safe base64 without padding.
func encodeBase64URL(_ bytes: [UInt8]) -> String {
    base64(bytes).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
}
