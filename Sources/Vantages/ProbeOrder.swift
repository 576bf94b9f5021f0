internal import FoundationEssentials
package import MailModel
package import Probing

/// What one process of this program hands to another one that is to probe for it.
package struct ProbeOrder: Codable, Sendable, Equatable {
    static let format = "agent.probe-order/1"

    var format = ProbeOrder.format
    /// The version of the program that ordered it.
    package var program: String
    package var request: ProbeRequest
    /// The link to make first; `nil` to probe from where the process stands.
    var link: NamespaceLink?
    /// Where there is no link: whether to send mail to this machine, which catches it.
    package var catches: Bool
    package var wantsTranscript: Bool
    /// Whether to say line by line how far it has come: on standard error, or before the report.
    package var wantsProgress: Bool
    /// What answers to challenges are made with, for a vantage that wants to know whose an address is.
    package var secret: String?

    init(
        program: String, request: ProbeRequest, link: NamespaceLink?, catches: Bool = false,
        wantsTranscript: Bool, wantsProgress: Bool = false, secret: String? = nil
    ) {
        self.program = program
        self.request = request
        self.link = link
        self.catches = catches
        self.wantsTranscript = wantsTranscript
        self.wantsProgress = wantsProgress
        self.secret = secret
    }

    /// - Throws: when it is none, or of another version of this program.
    package init(json: [UInt8], program: String) throws(Failure) {
        let what = "the order for a probe"
        // What else another version says may be more or less than this one can read.
        let head = try decodeJSON(Head.self, json, what: what)
        guard head.format == Self.format, head.program == program else {
            throw Failure(
                .cannotTell, "\(what) is of version \(head.program.prefix(40)), not \(program)",
                remedy: "Install the same version of this program on both sides.")
        }
        self = try decodeJSON(ProbeOrder.self, json, what: what)
    }

    private struct Head: Decodable {
        var format: String
        var program: String
    }
}

/// What comes back.
package struct ProbeDelivery: Codable, Sendable, Equatable {
    /// A ``Failure``, for the wire.
    package struct Refusal: Codable, Sendable, Equatable {
        var status: Int32
        var summary: String
        var detail: String?
        var remedy: String?

        package init(_ failure: Failure) {
            status = failure.status.rawValue
            summary = failure.summary
            detail = failure.detail
            remedy = failure.remedy
        }

        var failure: Failure {
            Failure(ExitStatus(rawValue: status) ?? .failed, summary, detail: detail, remedy: remedy)
        }
    }

    package var report: ProbeReport?
    package var refusal: Refusal?
    package var transcript: [TranscriptEntry]?

    package init(
        report: ProbeReport? = nil, refusal: Refusal? = nil, transcript: [TranscriptEntry]? = nil
    ) {
        self.report = report
        self.refusal = refusal
        self.transcript = transcript
    }

    package var json: [UInt8] {
        do throws(Failure) {
            return try encodeJSON(self)
        } catch {
            return Array(
                #"{"refusal":{"status":1,"summary":"the report of the probe could not be written"}}"#.utf8)
        }
    }

    /// The report, its transcript handed over first.
    /// - Throws: what the other side has refused with, and when there is no report.
    func received(_ transcript: TranscriptSink?) throws(Failure) -> ProbeReport {
        for entry in self.transcript ?? [] { transcript?(entry) }
        if let refusal { throw refusal.failure }
        guard let report else { throw Failure(.cannotTell, "the probe ended without a report") }
        return report
    }
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
