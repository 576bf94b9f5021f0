internal import Content
internal import Foundation
package import MailModel

/// What a saved plan binds an apply to. The changes themselves are planned afresh and must come out the
/// same, so nothing in a file can make the program run or write something of its author's choosing.
package struct PlanFile: Sendable, Equatable {
    package var agentVersion: String
    package var hostName: String
    package var machineID: String?
    package var policyPath: String
    package var fingerprint: String
    package var created: Timestamp
    /// Digest of the `changes` member, to be compared with the plan made afresh.
    package var changesDigest: String
    package var consents: Set<Consent>

    /// A plan as `plan --out` saves it: `agent.plan/1` with a seal over the whole.
    package static func render(_ plan: Plan) -> String {
        var members = planMembers(plan)
        members.append(.init("changes-sha256", .string(changesDigest(plan))))
        let body: JSONValue = .object([.init("format", .string("agent.plan/1"))] + members)
        members.append(.init("seal", .string(sha256(body.document.utf8))))
        return JSONValue.object([.init("format", .string("agent.plan/1"))] + members).document
    }

    /// The digest by which two plans' changes are compared.
    package static func changesDigest(_ plan: Plan) -> String {
        let parts = plan.changes.map { change -> String in
            switch change.action {
            case .plesk(let plesk):
                return (["plesk"] + plesk.command + ["undo"] + plesk.undoCommand).joined(separator: "\u{0}")
            case .edit(let edit):
                let parts = [
                    "edit", edit.path, edit.before.map { sha256($0) } ?? "absent", sha256(edit.after),
                ]
                return (parts + (edit.compiled?.command ?? [])).joined(separator: "\u{0}")
            case .service(let service):
                return (["service"] + service.commands.flatMap(\.self)).joined(separator: "\u{0}")
            // Mail flows: how many there are is not part of what was agreed to.
            case .hold: return "hold"
            }
        }
        return sha256(parts.joined(separator: "\u{1}").utf8)
    }

    private struct Wire: Decodable {
        struct Host: Decodable {
            var name: String
            var machineID: String?
            enum CodingKeys: String, CodingKey {
                case name
                case machineID = "machine-id"
            }
        }
        struct PolicyPath: Decodable { var path: String }
        var format: String
        var created: Timestamp
        var agentVersion: String
        var host: Host
        var policy: PolicyPath
        var fingerprint: String
        var changesDigest: String
        var consents: [String]
        var seal: String
        enum CodingKeys: String, CodingKey {
            case format, created, host, policy, fingerprint, consents, seal
            case agentVersion = "agent-version"
            case changesDigest = "changes-sha256"
        }
    }

    /// Reads what ``render(_:)`` wrote.
    /// - Throws: ``Failure`` with `.invalid` for anything else, an edited plan included.
    package init(parsing bytes: [UInt8], path: String) throws(Failure) {
        let refuse = { (detail: String) in
            Failure(
                .invalid, "\(path) is not a plan that can be applied", detail: detail,
                remedy: "Make a new one with `agent plan --out \(path)`.")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw refuse("It is not UTF-8 text.")
        }
        let wire: Wire
        do {
            wire = try JSONDecoder().decode(Wire.self, from: Data(bytes))
        } catch {
            throw refuse("It is not the JSON document that `plan --out` writes.")
        }
        guard wire.format == "agent.plan/1" else {
            throw refuse("Its format is \(printableText(wire.format.utf8)), not agent.plan/1.")
        }
        let sealLine = ",\n  \"seal\": \"\(wire.seal)\"\n}\n"
        guard text.hasSuffix(sealLine), sha256((text.dropLast(sealLine.count) + "\n}\n").utf8) == wire.seal
        else {
            throw refuse("It was changed after it was saved: its seal does not fit.")
        }
        agentVersion = wire.agentVersion
        hostName = wire.host.name
        machineID = wire.host.machineID
        policyPath = wire.policy.path
        fingerprint = wire.fingerprint
        created = wire.created
        changesDigest = wire.changesDigest
        consents = Set(wire.consents.compactMap(Consent.init(rawValue:)))
    }

    /// Refuses a plan that was made for another host, by another version, or from another state.
    /// - Parameter plan: What is planned for the host as it is now.
    /// - Throws: ``Failure`` with `.invalid` or `.stale`.
    package func check(against plan: Plan) throws(Failure) {
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
