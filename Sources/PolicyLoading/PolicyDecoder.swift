internal import MailModel

/// Turns the nodes of one file into values, and reports whatever is not as it must be.
struct PolicyDecoder {
    let path: String
    private(set) var diagnostics: [Diagnostic] = []

    init(path: String) { self.path = path }

    mutating func report(_ summary: String, at place: SourceLocation, remedy: String? = nil) {
        diagnostics.append(Diagnostic(summary, at: place, remedy: remedy))
    }

    /// The values of a block by their keys; a key written twice has the value that was written first.
    /// - Parameters:
    ///   - name: the block, as messages call it; empty for the file itself.
    ///   - misplaced: what to say of a key that is not among `known`; `nil` when it is simply unknown.
    mutating func fields(
        of node: PolicyNode, named name: String, known: [String],
        misplaced: (String) -> Misplaced? = { _ in nil }
    ) -> [String: PolicyNode]? {
        guard case .mapping(let pairs) = node.content else {
            let what = name.isEmpty ? "a policy" : "`\(name)`"
            let remedy = "Known here: \(known.joined(separator: ", "))."
            refuse(node, "\(what) must be a block of keys", remedy: remedy)
            return nil
        }
        var values: [String: PolicyNode] = [:]
        var lines: [String: Int] = [:]
        for pair in pairs {
            guard case .scalar(let key, _) = pair.key.content else {
                refuse(pair.key, "a key must be a word")
                continue
            }
            if let first = lines[key] {
                report("\(quoted(key)) is written twice; first in line \(first)", at: pair.key.location)
                continue
            }
            lines[key] = pair.key.location.line
            if known.contains(key) {
                values[key] = pair.value
            } else {
                reportUnknown(key, at: pair.key.location, in: name, known: known, misplaced: misplaced(key))
            }
        }
        return values
    }

    /// A key that is known, and not here.
    struct Misplaced {
        var summary: String
        var remedy: String
    }

    private mutating func reportUnknown(
        _ key: String, at place: SourceLocation, in name: String, known: [String], misplaced: Misplaced?
    ) {
        if let misplaced {
            return report(misplaced.summary, at: place, remedy: misplaced.remedy)
        }
        if key == "<<" {
            return report(
                "merge keys (<<) cannot be used in a policy", at: place, remedy: "Write the keys out.")
        }
        let summary = "unknown key \(quoted(key))" + (name.isEmpty ? "" : " in `\(name)`")
        let home = PolicyKeys.homes(of: key).first
        let isWorthGuessing = diagnostics.count < PolicyLimits.diagnostics
        let guess = isWorthGuessing ? nearest(to: key, among: known) : nil
        let remedy =
            guess.map { "Did you mean `\($0)`?" } ?? home.map { "`\(key)` belongs in `\($0)`." }
            ?? "Known here: \(known.joined(separator: ", "))."
        report(summary, at: place, remedy: remedy)
    }

    /// Reports that `node` is not what `wanted` says; silent where the node was reported before.
    mutating func refuse(_ node: PolicyNode, _ wanted: String, remedy: String? = nil) {
        if case .refused = node.content { return }
        report("\(wanted), not \(node.kind)", at: node.location, remedy: remedy)
    }

    mutating func list(_ node: PolicyNode, named name: String) -> [PolicyNode]? {
        guard case .sequence(let items) = node.content else {
            refuse(
                node, "`\(name)` must be a list", remedy: "Write `[…]`, or each item in a line after `- `.")
            return nil
        }
        return items
    }

    /// A whole number in plain decimal digits, as YAML 1.2 reads them: no sign, no leading zero, no quotes.
    mutating func number(
        _ node: PolicyNode, named name: String, in range: ClosedRange<Int>, unit: String = ""
    ) -> Int? {
        let wanted = "`\(name)` must be a whole number from \(range.lowerBound) to \(range.upperBound)\(unit)"
        guard case .scalar(let text, .plain) = node.content, let number = wholeNumber(text),
            range.contains(number)
        else {
            refuse(node, wanted)
            return nil
        }
        return number
    }

    mutating func choice(_ node: PolicyNode, named name: String, among allowed: [String]) -> String? {
        if case .scalar(let text, _) = node.content, allowed.contains(text) { return text }
        var written = ""
        if case .scalar(let text, _) = node.content { written = text }
        let choices = allowed.joined(separator: ", ")
        let guess = nearest(to: written, among: allowed).map { "Did you mean `\($0)`? " } ?? ""
        guard case .scalar = node.content, !PolicyNode.isNothing(written) else {
            refuse(node, "`\(name)` must be a word", remedy: "Allowed: \(choices).")
            return nil
        }
        report(
            "`\(name)` cannot be \(quoted(written))", at: node.location,
            remedy: "\(guess)Allowed: \(choices).")
        return nil
    }

    /// A period in whole days: `90d`, or weeks as `12w`.
    mutating func days(_ node: PolicyNode, named name: String, in range: ClosedRange<Int>) -> Int? {
        guard case .scalar(let text, _) = node.content, let unit = ["d": 1, "w": 7][text.suffix(1)],
            let count = wholeNumber(text.dropLast()), count <= range.upperBound, range.contains(count * unit)
        else {
            refuse(
                node, "`\(name)` must be \(range.lowerBound)d to \(range.upperBound)d",
                remedy: "Write days such as 90d, or weeks such as 12w.")
            return nil
        }
        return count * unit
    }

    private func wholeNumber(_ text: some StringProtocol) -> Int? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), text == "0" || !text.hasPrefix("0") else {
            return nil
        }
        return Int(text)
    }
}
