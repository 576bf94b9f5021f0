import MailModel
import Postfix

extension Explanation {
    /// What a broken configuration opens once it serves again, which its verdict does not say: as a repair mends it,
    /// and without the lines that a repair leaves to be corrected by hand.
    func risksOnceMended() -> [RelayRisk] {
        guard verdict == .broken, let mended = mended(), [.open, .partial].contains(mended.verdict) else {
            return []
        }
        var risks: [RelayRisk] = []
        var ports: [RelayRisk: [Int]] = [:]
        for cause in mended.causes(mended.verdict) {
            let opening = RelayRisk(
                kind: "relay-once-mended", parameter: cause.parameter, file: cause.file,
                line: line(of: cause),
                text: cause.text, why: "\(cause.parameter) opens it to \(cause.opens)")
            if ports[opening] == nil { risks.append(opening) }
            ports[opening, default: []].append(cause.listener)
        }
        return risks.map { opening in
            var risk = opening
            let served = Set(ports[opening] ?? []).sorted().map(String.init)
            risk.why =
                "Once what is broken is mended, port\(served.count > 1 ? "s" : "") "
                + "\(served.joined(separator: ", ")) will relay: \(opening.why)."
            return risk
        }
    }

    /// The line of the configuration as it is, which a mended one may have lost lines before.
    private func line(of cause: RelayCause) -> Int? {
        let files = [
            "main.cf": host.configuration.mainCF.bytes, "master.cf": host.configuration.masterCF.bytes,
        ]
        guard let line = cause.line, let bytes = files[cause.file] else { return cause.line }
        return physicalLine(line, of: bytes)?.text == cause.text ? line : nil
    }

    private func mended() -> Explanation? {
        var workshop = Workshop(host.configuration, trusted: host.trusted, deferred: host.deferred)
        return workshop.serve()
    }
}

extension Workshop {
    /// How many faults one behind the other are taken away.
    private static let faultLimit = 12

    /// Mends what keeps the configuration from serving, and nothing else.
    /// - Returns: `nil` where that is not enough.
    mutating func serve() -> Explanation? {
        for _ in 0..<Self.faultLimit {
            let explanation = Explanation(Host(current, trusted: trusted, deferred: deferred))
            guard explanation.verdict == .broken else { return explanation }
            var mender = Mender(explanation)
            mender.mend()
            if take(mender) { continue }
            var other = Mender(explanation)
            other.takeFaultsAway()
            guard take(other) else { return nil }
        }
        return nil
    }
}

extension Mender {
    /// Takes away what a fault is blamed on: an item of a list, an argument, or a definition with all its lines.
    mutating func takeFaultsAway() {
        let faults =
            explanation.fatal.map { [$0.place] } ?? explanation.judgements.compactMap { $0.fault?.place }
        for place in Set(faults) {
            switch place.file {
            case .main: blank(place, of: host.main.bytes, onlyToken: place.range != nil)
            case .master where !removeOverride(at: place):
                let isOfLine = host.master.services.contains { [$0.name, $0.command].contains(place.token) }
                blank(place, of: host.master.bytes, onlyToken: !isOfLine)
            case .master, .included, .table, .builtIn: continue
            }
        }
    }

    private mutating func removeOverride(at place: Place) -> Bool {
        for (position, service) in host.master.services.enumerated() {
            let index = service.overrides.firstIndex { override in
                service.line.place(of: override.range.lowerBound).line == place.line
                    && service.line.bytes[override.range].text == place.token
            }
            guard let index else { continue }
            removeOverride(position, index)
            return true
        }
        return false
    }

    /// The line ends stay, so that what follows keeps its number.
    private mutating func blank(_ place: Place, of bytes: [UInt8], onlyToken: Bool) {
        guard
            let line = logicalLines(of: bytes).first(where: { $0.pieces.contains { $0.line == place.line } })
        else { return }
        let token = line.bytes.firstRange(of: Array(place.token.utf8))
        let ranges =
            place.range.map { [$0] } ?? (onlyToken ? token.map { line.places(of: $0).map(\.range) } : nil)
            ?? line.pieces.map(\.range)
        for range in ranges { add(TextEdit(range, ""), place.file, touches: "") }
    }
}
