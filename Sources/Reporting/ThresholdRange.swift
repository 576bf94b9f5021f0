/// The values that do not alert, in the notation of the monitoring plugins (Monitoring Plugins Development
/// Guidelines, "Threshold and Ranges"): `10` is 0 to 10, `10:` from 10, `~:10` up to 10, `10:20` between, and
/// a leading `@` turns it round.
package struct ThresholdRange: Hashable, Sendable {
    private let lowest: Int?
    private let highest: Int?
    private let alertsInside: Bool
    /// As it was written, for the performance data.
    package let text: String

    /// - Returns: `nil` for what is no range of whole numbers, or one whose start is above its end.
    package init?(_ text: String) {
        self.text = text
        var rest = Substring(text)
        alertsInside = rest.first == "@"
        if alertsInside { rest = rest.dropFirst() }
        guard !rest.isEmpty else { return nil }
        let parts = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            guard let end = Int(rest), end >= 0 else { return nil }
            (lowest, highest) = (0, end)
            return
        }
        guard parts[0] == "~" || Int(parts[0]) != nil, parts[1].isEmpty || Int(parts[1]) != nil else {
            return nil
        }
        lowest = Int(parts[0])
        highest = Int(parts[1])
        if let lowest, let highest, lowest > highest { return nil }
    }

    /// The range of 0 to `limit`.
    package init(upTo limit: Int) {
        lowest = 0
        highest = limit
        alertsInside = false
        text = String(limit)
    }

    package func alerts(at value: Int) -> Bool {
        let isInside = lowest.map { value >= $0 } ?? true && highest.map { value <= $0 } ?? true
        return isInside == alertsInside
    }
}
