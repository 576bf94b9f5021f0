internal import FoundationEssentials
internal import MailModel
internal import Probing

/// What one process of this program hands to another one that is to probe for it.
struct ProbeOrder: Codable, Sendable, Equatable {
    static let format = "agent.probe-order/1"

    var format = ProbeOrder.format
    var request: ProbeRequest
    /// The link to make first; `nil` to probe from where the process stands.
    var link: NamespaceLink?
    var wantsTranscript: Bool
}

/// What comes back.
struct ProbeDelivery: Codable, Sendable, Equatable {
    /// A ``Failure``, for the wire.
    struct Refusal: Codable, Sendable, Equatable {
        var status: Int32
        var summary: String
        var detail: String?
        var remedy: String?

        init(_ failure: Failure) {
            status = failure.status.rawValue
            summary = failure.summary
            detail = failure.detail
            remedy = failure.remedy
        }

        var failure: Failure {
            Failure(ExitStatus(rawValue: status) ?? .failed, summary, detail: detail, remedy: remedy)
        }
    }

    var report: ProbeReport?
    var refusal: Refusal?
    var transcript: [TranscriptEntry]?
}

func encodeJSON(_ value: some Encodable) throws(Failure) -> [UInt8] {
    do {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return Array(try encoder.encode(value))
    } catch {
        throw Failure(.failed, "a probe could not be handed over", detail: "\(error)")
    }
}

func decodeJSON<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8], what: String) throws(Failure) -> Value
{
    do {
        return try JSONDecoder().decode(type, from: Data(bytes))
    } catch {
        throw Failure(
            .failed, "\(what) cannot be read", detail: "\(error)",
            remedy: "Both sides of a probe have to be the same version of this program.")
    }
}
