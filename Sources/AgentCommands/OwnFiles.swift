import Foundation
import HostIO
import MailModel
import Reporting

private let largestPlan = 64 << 20

/// Reads a plan that `agent plan --out` saved.
func readPlanFile(_ path: String) throws(Failure) -> PlanFile {
    do throws(Failure) {
        try requireTrustedFile(path)
        return try PlanFile(parsing: readFile(path, limit: largestPlan), path: path)
    } catch {
        throw Failure(.invalid, error.summary, detail: error.detail, remedy: error.remedy)
    }
}

/// Saves a plan, in place of an older one of that name; others may not read it.
func savePlanFile(_ plan: Plan, to path: String) throws(Failure) {
    try writeOwnFile(
        PlanFile.render(plan), to: path, mode: 0o600, called: "plan",
        olderOneBegins: "{\n  \"format\": \"agent.plan/1\"")
}

/// Saves metrics for a collector that runs as another user, in place of older ones.
func publishMetrics(_ text: String, at path: String) throws(Failure) {
    try writeOwnFile(
        text, to: path, mode: 0o644, called: "file of metrics of agent", olderOneBegins: "# HELP relay_agent_"
    )
}

/// Saves a page about the host, in place of an older one; others may not read it.
func savePage(_ page: String, to path: String) throws(Failure) {
    try writeOwnFile(page, to: path, mode: 0o600, called: "page of agent", olderOneBegins: pageBeginning)
}

/// Writes a file of this program's own in one step.
/// - Throws: ``Failure`` where something else stands under that name.
private func writeOwnFile(
    _ text: String, to path: String, mode: UInt16, called kind: String, olderOneBegins beginning: String
) throws(Failure) {
    let directory = URL(filePath: path).deletingLastPathComponent().path
    guard try isThere(directory) else {
        throw Failure(
            .failed, "\(path) cannot be written: there is no directory \(directory)",
            remedy: "Make the directory, or name another file.")
    }
    let old = try snapshotFile(path, limit: largestPlan)
    guard old.map({ $0.bytes.starts(with: Array(beginning.utf8)) }) ?? true else {
        throw Failure(
            .failed, "\(path) is there already and is no \(kind)", remedy: "Name another file.")
    }
    try replaceFile(
        path, with: Array(text.utf8),
        metadata: FileMetadata(
            owner: effectiveUserID(), group: effectiveGroupID(), mode: mode,
            modified: FileTime(seconds: 0, nanoseconds: 0), attributes: [:]),
        expecting: old?.bytes)
}

extension PlanFile {
    /// The policy to follow: the file that the plan was made by; `nil` for the built-in one.
    var policyFile: String? { policyPath == "built in" ? nil : policyPath }
}
