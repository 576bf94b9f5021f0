import Foundation
import HostIO
import MailModel
import PolicyLoading

private let hostPolicy = "/etc/agent/policy.yaml"
private let dropInDirectory = "/etc/agent/policy.d"
private let largestPolicy = 1 << 20

/// Reads the policy that a run follows: the file named, else the host's own, else the built-in one, with
/// the host's drop-ins in name order.
/// - Throws: ``Failure`` with `.invalid` for what cannot be read or is wrong.
func loadPolicy(_ named: String?) throws(Failure) -> Policy {
    let isHostPolicyThere = try isPolicyThere(hostPolicy)
    let dropIns = try dropInPaths().map { path throws(Failure) in try policyFile(path) }
    guard let path = named ?? (isHostPolicyThere ? hostPolicy : nil) else {
        return try builtInPolicy(dropIns: dropIns)
    }
    // A plan names the policy, and may be applied from another directory.
    return try parsePolicy(policyFile(URL(filePath: path).path), dropIns: dropIns)
}

/// The policy of a host that has none of its own.
func builtInPolicy(dropIns: [PolicyFile] = []) throws(Failure) -> Policy {
    let file = PolicyFile(path: builtInPolicyPath, bytes: Array(builtInPolicyText.utf8))
    guard dropIns.isEmpty else { return try parsePolicy(file, dropIns: dropIns) }
    // What the text says is in the program as values too, and reading it is a good part of the time that a run takes.
    var policy = PolicyLoading.builtInPolicy
    policy.files = [file]
    return policy
}

/// What stands for a path where the policy is in the program.
let builtInPolicyPath = "built in"

private func dropInPaths() throws(Failure) -> [String] {
    guard try isPolicyThere(dropInDirectory) else { return [] }
    let names: [String]
    do {
        names = try FileManager.default.contentsOfDirectory(atPath: dropInDirectory)
    } catch {
        throw Failure(
            .invalid, "the policy's drop-ins in \(dropInDirectory) cannot be listed",
            remedy: "Make the directory readable, or run as root.")
    }
    let visible = names.filter { !$0.hasPrefix(".") }.sorted()
    // An entry that somebody vouches for must not be lost by the ending of a name.
    if let mistaken = visible.first(where: { $0.hasSuffix(".yml") }) {
        throw Failure(
            .invalid, "\(dropInDirectory)/\(mistaken) would not be read: a drop-in's name ends in .yaml",
            remedy: "Rename it, or take it out of the directory.")
    }
    return visible.filter { $0.hasSuffix(".yaml") }.map { "\(dropInDirectory)/\($0)" }
}

private func isPolicyThere(_ path: String) throws(Failure) -> Bool {
    do throws(Failure) {
        return try isThere(path)
    } catch {
        throw Failure(.invalid, error.summary, detail: error.detail, remedy: error.remedy)
    }
}

private func policyFile(_ path: String) throws(Failure) -> PolicyFile {
    do throws(Failure) {
        try requireTrustedFile(path)
        return PolicyFile(path: path, bytes: try readFile(path, limit: largestPolicy))
    } catch {
        throw Failure(.invalid, error.summary, detail: error.detail, remedy: error.remedy)
    }
}
