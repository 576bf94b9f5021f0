import Foundation
import MailModel
import PolicyLoading

/// Reads a policy from text, as the file `policy.yaml` with drop-ins `1.yaml`, `2.yaml` and so on.
func parse(_ text: String, dropIns: [String] = []) throws(Failure) -> Policy {
    let files = dropIns.enumerated().map { index, text in
        PolicyFile(path: "\(index + 1).yaml", bytes: Array(text.utf8))
    }
    return try parsePolicy(PolicyFile(path: "policy.yaml", bytes: Array(text.utf8)), dropIns: files)
}

/// Every diagnostic as `file:line:column: summary / remedy`.
func complaints(about text: String, dropIns: [String] = []) -> [String] {
    do throws(Failure) {
        _ = try parse(text, dropIns: dropIns)
        return []
    } catch {
        return error.diagnostics.map(line)
    }
}

func line(_ diagnostic: Diagnostic) -> String {
    let place = diagnostic.location.map { $0.description + ": " } ?? ""
    return place + diagnostic.summary + (diagnostic.remedy.map { " / \($0)" } ?? "")
}

/// A policy without what says where it was read.
func meaning(of policy: Policy) -> Policy {
    var policy = policy
    policy.files = []
    for index in policy.whiteList.vouched.indices {
        policy.whiteList.vouched[index].location = SourceLocation(file: "", line: 0)
    }
    return policy
}

/// A file of the directory `policies` of this checkout.
func shipped(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: policies.appendingPathComponent(name)))
}

func shippedPolicies() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: policies.path).filter { $0.hasSuffix(".yaml") }
        .sorted()
}

private let policies = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("policies")
