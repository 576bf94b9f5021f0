import Content
import Execution
import MailModel
import Probing
import Reporting

/// What is going on, as lines on stderr.
func progressLine(_ progress: ChangeProgress, style: TerminalStyle) -> String {
    switch progress {
    case .probing(.before): "Asking from outside how it was before …"
    case .probing(.after): "Asking from outside how it is now …"
    case .probed(let verdict): "  \(verdict.rawValue)"
    case .notProbed(let reason): "  could not be asked: \(printableText(reason.utf8))"
    case .changedBeside(let path):
        "\(printableText(path.utf8)) changed meanwhile in lines beyond Plesk's relay settings: they stay"
    case .backedUp(let path): "Kept \(printableText(path.utf8))"
    case .started(let summary): "\(printableText(summary.utf8)) …"
    case .done: "  done"
    case .unneeded(let summary): "\(printableText(summary.utf8)): nothing is left of it"
    case .goingBack(let reason): "Going back: \(printableText(reason.utf8))"
    case .enteringHarbour(let reason): "Making for the safe harbour: \(printableText(reason.utf8))"
    case .takenBack: "  taken back"
    }
}

/// How far a probe has come: `Asking this host … 120 of 480 tests, 3 s; 203.0.113.10 port 25: the reply to RCPT`, with
/// nothing that would break out of one line of so many columns.
func probeLine(_ what: String, _ moment: ProbeProgress.Moment, seconds: Int, columns: Int) -> String {
    let tests = moment.all > 0 ? "\(moment.done) of \(moment.all) tests, " : ""
    let wait = moment.waitsFor.map { "; \($0)" } ?? ""
    return String(printableText("Asking \(what) … \(tests)\(seconds) s\(wait)".utf8).prefix(columns - 1))
}
