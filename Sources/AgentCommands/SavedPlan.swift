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
    let old = try snapshotFile(path, limit: largestPlan)
    let owner = effectiveUserID()
    guard old.map({ $0.bytes.starts(with: Array("{\n  \"format\": \"agent.plan/1\"".utf8)) }) ?? true else {
        throw Failure(
            .failed, "\(path) is there already and is not a plan", remedy: "Name another file with --out.")
    }
    try replaceFile(
        path, with: Array(PlanFile.render(plan).utf8),
        metadata: FileMetadata(
            owner: owner, group: effectiveGroupID(), mode: 0o600,
            modified: FileTime(seconds: 0, nanoseconds: 0),
            attributes: [:]),
        expecting: old?.bytes)
}

extension PlanFile {
    /// The policy to follow: the file that the plan was made by; `nil` for the built-in one.
    var policyFile: String? { policyPath == "built in" ? nil : policyPath }
}
