package import MailModel

/// A moment as the Date field of a message has it, in UTC (RFC 5322 section 3.3).
package func internetDate(_ moment: Timestamp) -> String {
    let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let text = moment.rfc3339
    let parts = text.prefix(10).split(separator: "-")
    // 1970-01-01 was a Thursday.
    let weekday = weekdays[((moment.day.daysSinceEpoch % 7) + 7) % 7]
    let month = months[(Int(parts[1]) ?? 1) - 1]
    return "\(weekday), \(parts[2]) \(month) \(parts[0]) \(text.dropFirst(11).prefix(8)) +0000"
}
