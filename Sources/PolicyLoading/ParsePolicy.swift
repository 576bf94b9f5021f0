package import MailModel

/// Reads a policy and what the host's drop-ins add to it.
///
/// Every key but `version` may be left out and is then as in ``builtInPolicy``. A drop-in adds to
/// `white-list.vouched` and does nothing else.
/// - Parameters:
///   - file: the policy, with its path for messages.
///   - dropIns: the host's drop-ins, in the order in which they are read.
/// - Throws: ``Failure`` with `.invalid` and a diagnostic for every single thing that is wrong in any of the files
///   (the first two hundred, and how many more).
package func parsePolicy(_ file: PolicyFile, dropIns: [PolicyFile]) throws(Failure) -> Policy {
    var diagnostics: [Diagnostic] = []
    var policy = builtInPolicy
    if let root = readTree(file, into: &diagnostics) {
        var decoder = PolicyDecoder(path: file.path)
        policy = decoder.policy(root, startingFrom: policy)
        diagnostics += decoder.diagnostics
    }
    diagnostics.sort(by: isBefore)
    for dropIn in dropIns {
        var found: [Diagnostic] = []
        if let root = readTree(dropIn, into: &found) {
            var decoder = PolicyDecoder(path: dropIn.path)
            policy.whiteList.vouched += decoder.additions(root)
            found += decoder.diagnostics
        }
        diagnostics += found.sorted(by: isBefore)
    }
    diagnostics += contradictions(in: policy.whiteList)
    guard diagnostics.isEmpty else { throw invalid(diagnostics) }
    policy.files = [file] + dropIns
    return policy
}

private func invalid(_ diagnostics: [Diagnostic]) -> Failure {
    let count = diagnostics.count == 1 ? "one error" : "\(diagnostics.count) errors"
    var named = Array(diagnostics.prefix(PolicyLimits.diagnostics))
    if named.count < diagnostics.count {
        named.append(Diagnostic("and \(diagnostics.count - named.count) more"))
    }
    return Failure(
        .invalid, "the policy is not valid: \(count)",
        remedy: "Correct what is named above, then run `agent policy check`.", diagnostics: named)
}

private func isBefore(_ left: Diagnostic, _ right: Diagnostic) -> Bool {
    guard let left = left.location, let right = right.location else { return false }
    return (left.line, left.column ?? 0) < (right.line, right.column ?? 0)
}

/// What is right by itself and cannot hold together.
private func contradictions(in whiteList: Policy.WhiteList) -> [Diagnostic] {
    var diagnostics: [Diagnostic] = []
    var first: [IPNetwork: VouchedNetwork] = [:]
    for entry in whiteList.vouched {
        if let other = first[entry.network] {
            diagnostics.append(
                Diagnostic(
                    "\(entry.network) is vouched for twice; first in \(other.location.description)",
                    at: entry.location, remedy: "Keep the entry that is meant."))
            continue
        }
        first[entry.network] = entry
        guard entry.until != nil, let wider = whiteList.within.first(where: { $0.contains(entry.network) })
        else {
            continue
        }
        diagnostics.append(
            Diagnostic(
                "\(entry.network) cannot end: `white-list.within` allows \(wider) without an end",
                at: entry.location, remedy: "Take out `until`, or the network from `white-list.within`."))
    }
    return diagnostics
}
