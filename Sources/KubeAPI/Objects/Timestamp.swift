/// Days and dates of the Gregorian calendar, after Howard Hinnant's `days_from_civil`: whole numbers only.
enum CivilDate {
    /// Days from 1970-01-01 to the date; for years from 1 on.
    static func days(year: Int, month: Int, day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The date that many days after 1970-01-01; for days from year 0 on.
    static func date(days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth + (shiftedMonth < 10 ? 3 : -9)
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

/// The two spellings of time in API objects.
package enum Timestamp {
    /// `metav1.Time`: `2006-01-02T15:04:05Z`.
    package static func seconds(_ unixTime: Double) -> String { text(microseconds(unixTime)).date + "Z" }

    /// `metav1.MicroTime`: `2006-01-02T15:04:05.000000Z`.
    package static func micro(_ unixTime: Double) -> String {
        let (date, fraction) = text(microseconds(unixTime))
        return "\(date).\(padded(fraction, 6))Z"
    }

    /// Kept between 1970 and 9999, whatever the clock says.
    private static func microseconds(_ unixTime: Double) -> Int {
        Int((min(max(unixTime.isNaN ? 0 : unixTime, 0), 253_402_300_799) * 1_000_000).rounded())
    }

    private static func text(_ microseconds: Int) -> (date: String, fraction: Int) {
        let (seconds, fraction) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        let (days, second) = seconds.quotientAndRemainder(dividingBy: 86400)
        let date = CivilDate.date(days: days)
        let clock = [second / 3600, second / 60 % 60, second % 60].map { padded($0, 2) }.joined(separator: ":")
        return ("\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T\(clock)", fraction)
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension Timestamp {
    /// Whole seconds since 1970 of a timestamp (RFC 3339); nil where it is none.
    package static func parse(_ text: String) -> Double? {
        let bytes = Array(text.utf8)
        let separators = [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")]
        guard bytes.count >= 20, let offset = offset(bytes[19...]),
            separators.allSatisfy({ bytes[$0.0] == $0.1.utf8.first }),
            let year = number(bytes[0..<4]), year > 0, let month = number(bytes[5..<7]), (1...12).contains(month),
            let day = number(bytes[8..<10]), (1...31).contains(day), let hour = number(bytes[11..<13]), hour < 24,
            let minute = number(bytes[14..<16]), minute < 60, let second = number(bytes[17..<19]), second <= 60
        else { return nil }
        let days = CivilDate.days(year: year, month: month, day: day)
        return Double(days * 86400 + hour * 3600 + minute * 60 + second - offset)
    }

    /// Seconds east of UTC, after a fraction of a second or none: `Z`, `.25Z`, `+05:30`.
    private static func offset(_ text: ArraySlice<UInt8>) -> Int? {
        var zone = text
        if zone.first == UInt8(ascii: ".") { zone = zone.dropFirst().drop { (48...57).contains($0) } }
        if zone.elementsEqual("Z".utf8) { return 0 }
        let digits = Array(zone.dropFirst())
        guard digits.count == 5, digits[2] == UInt8(ascii: ":"), let sign = zone.first, "+-".utf8.contains(sign),
            let hours = number(digits[0..<2]), hours < 24, let minutes = number(digits[3..<5]), minutes < 60
        else { return nil }
        return (hours * 3600 + minutes * 60) * (sign == UInt8(ascii: "-") ? -1 : 1)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        digits.reduce(0) { value, digit in
            guard let value, (48...57).contains(digit) else { return nil }
            return value * 10 + Int(digit - 48)
        }
    }
}
