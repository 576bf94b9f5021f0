internal import Content
internal import HostIO
internal import MailModel
internal import Probing

/// How far a probe in another process has come, as a line: on its standard error, or of its answer.
enum ProgressLine {
    private static let mark = "agent-progress "

    static func text(_ moment: ProbeProgress.Moment) -> String {
        let json = (try? encodeJSON(moment)) ?? []
        return mark + String(decoding: json, as: UTF8.self) + "\n"
    }

    /// - Returns: `nil` for any other line.
    static func moment(in line: String) -> ProbeProgress.Moment? {
        guard line.hasPrefix(mark) else { return nil }
        return try? decodeJSON(
            ProbeProgress.Moment.self, Array(line.dropFirst(mark.count).utf8), what: "the progress")
    }

    /// The same as a line of JSON, for who is told over HTTP.
    private struct Told: Codable { var progress: ProbeProgress.Moment }

    static func json(_ moment: ProbeProgress.Moment) -> [UInt8] {
        ((try? encodeJSON(Told(progress: moment))) ?? []) + [UInt8(ascii: "\n")]
    }

    static func moment(inJSON line: [UInt8]) -> ProbeProgress.Moment? {
        // What else comes is the report, which may be long.
        guard line.starts(with: #"{"progress":"#.utf8) else { return nil }
        return try? decodeJSON(Told.self, line, what: "the progress").progress
    }

    /// Hands the lines of another process over to who watches this one.
    static func watcher(_ progress: ProbeProgress?) -> ErrorWatcher? {
        progress.map { progress in
            ErrorWatcher { line in if let moment = moment(in: line) { progress.take(moment) } }
        }
    }
}

extension ProbeProgress.Moment {
    /// One line of JSON.
    package var line: [UInt8] { ProgressLine.json(self) }
}

extension ProgramResult {
    /// What was printed to standard error beside the progress.
    var complaint: String? {
        let lines = errorText.split(whereSeparator: \.isNewline).filter {
            ProgressLine.moment(in: String($0)) == nil
        }
        return lines.isEmpty ? nil : String(lines.joined(separator: "\n").suffix(500))
    }
}
