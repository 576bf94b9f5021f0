package import MailModel

/// A policy as a file with every default filled in, which ``parsePolicy(_:dropIns:)`` reads as the same policy.
///
/// Where each vouched network was written stands beside it as a comment.
package func renderPolicy(_ policy: Policy) -> String {
    var lines = policy.files.isEmpty ? ["# the default, built into the program"] : []
    for file in policy.files { lines.append("# " + comment(file.path)) }
    lines += ["version: \(PolicyLimits.version)", "relaying: \(policy.relaying.rawValue)"]
    lines += ["white-list:", "  within: [\(policy.whiteList.within.map(network).joined(separator: ", "))]"]
    lines += vouched(policy.whiteList.vouched)
    lines += ["port-25: plesk", "relay:", "  strangers: refuse"]
    lines += ["queue:", "  warn-above: \(policy.queue.warnAbove)", "  flood: \(policy.queue.flood.rawValue)"]
    lines += ["probe:", "  from: \(doubleQuoted(policy.probe.from.text))"]
    lines.append("  ports: [\(policy.probe.ports.map(String.init).joined(separator: ", "))]")
    lines += ["after-apply:", "  mail-broken: \(policy.afterApply.mailBroken.rawValue)"]
    lines.append("  unconfirmed: \(policy.afterApply.unconfirmed.rawValue)")
    lines += ["backups:", "  keep-last: \(policy.backups.keepLast)"]
    lines.append("  keep-within: \(policy.backups.keepWithinDays)d")
    return lines.joined(separator: "\n") + "\n"
}

private func vouched(_ entries: [VouchedNetwork]) -> [String] {
    guard !entries.isEmpty else { return ["  vouched: []"] }
    return ["  vouched:"]
        + entries.flatMap { entry in
            var lines = ["    - network: \(network(entry.network)) # \(comment(entry.location.description))"]
            lines.append("      reason: \(doubleQuoted(entry.reason))")
            if let until = entry.until { lines.append("      until: \(until)") }
            return lines
        }
}

/// IPv6 stands in quotes: many YAML parsers take the colons at its beginning for a key's.
private func network(_ network: IPNetwork) -> String {
    network.address.width == 32 ? network.description : doubleQuoted(network.description)
}

private func doubleQuoted(_ text: String) -> String {
    var quoted = "\""
    for character in text {
        if character == "\"" || character == "\\" { quoted.append("\\") }
        quoted.append(character)
    }
    return quoted + "\""
}

/// A path may hold anything, and a line break in it must not become a line of the policy.
private func comment(_ text: String) -> String {
    var safe = ""
    for scalar in text.unicodeScalars {
        let isPlain =
            scalar.properties.generalCategory != .control && scalar != "\u{2028}" && scalar != "\u{2029}"
        safe.unicodeScalars.append(isPlain ? scalar : "?")
    }
    return safe
}
