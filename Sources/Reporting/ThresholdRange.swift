/// The values that do not alert, in the notation of the monitoring plugins (Monitoring Plugins Development
/// Guidelines, "Threshold and Ranges"): `10` is 0 to 10, `10:` from 10, `~:10` up to 10, `10:20` between, and
/// a leading `@` turns it round. A start that is left out is 0.
package struct ThresholdRange: Hashable, Sendable {
    private let lowest: Double?
    private let highest: Double?
    private let alertsInside: Bool
    /// As it was written, for the performance data.
    package let text: String

    /// - Returns: `nil` for what is no range of numbers, or one whose start is above its end.
    package init?(_ text: String) {
        self.text = text
        var rest = Substring(text)
        alertsInside = rest.first == "@"
        if alertsInside { rest = rest.dropFirst() }
        guard !rest.isEmpty else { return nil }
        let parts = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            guard let end = Self.number(rest), end >= 0 else { return nil }
            (lowest, highest) = (0, end)
            return
        }
        guard parts != ["", ""] else { return nil }
        let start: Double? = parts[0].isEmpty ? 0 : Self.number(parts[0])
        let end = Self.number(parts[1])
        guard parts[0] == "~" || start != nil, parts[1].isEmpty || end != nil else { return nil }
        lowest = start
        highest = end
        if let lowest, let highest, lowest > highest { return nil }
    }

    /// The range of 0 to `limit`.
    package init(upTo limit: Int) {
        lowest = 0
        highest = Double(limit)
        alertsInside = false
        text = String(limit)
    }

    /// Digits with at most a sign and a point: Swift would take `nan`, `inf` and `0x1p3` as well.
    private static func number(_ text: Substring) -> Double? {
        let isPlain = text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || [0x2B, 0x2D, 0x2E].contains($0)
        }
        return isPlain ? Double(text) : nil
    }

    package func alerts(at count: Int) -> Bool {
        let value = Double(count)
        let isInside = lowest.map { value >= $0 } ?? true && highest.map { value <= $0 } ?? true
        return isInside == alertsInside
    }
}
