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

    /// Refuses a plan that was made for another host, by another version, or from another state.
    func check(against plan: Plan) throws(Failure) {
        let remedy = "Make a new one with `agent plan --out FILE`."
        guard hostName == plan.host.name, machineID == plan.host.machineID else {
            throw Failure(
                .invalid, "the plan was made for another host, \(hostName)",
                detail: "This is \(plan.host.name).", remedy: remedy)
        }
        guard agentVersion == plan.agentVersion else {
            throw Failure(
                .invalid, "the plan was made by agent \(agentVersion)",
                detail: "This is agent \(plan.agentVersion).", remedy: remedy)
        }
        guard fingerprint == plan.fingerprint, changesDigest == PlanFile.changesDigest(plan) else {
            throw Failure(
                .stale, "the plan is stale: the host or the policy changed since it was made",
                detail: "Made \(created.rfc3339). Nothing was touched.", remedy: remedy)
        }
    }
}
