import ArgumentParser
import Content
import Foundation
import HostIO
import MailModel
import Probing
import Reporting
import Synchronization
import UnixSignals

/// The one voice of the program: results on stdout, all else on stderr.
struct Terminal: Sendable {
    let format: OutputFormat
    let outputStyle: TerminalStyle
    let errorStyle: TerminalStyle
    let isVerbose: Bool
    private let results = ResultState()

    /// Whether a result could not be written, for another reason than a reader who went away.
    var hasLostResults: Bool { results.isLost }

    var hasChangedHost: Bool { results.isOfChange }

    init(_ options: CommonOptions, format: OutputFormat) {
        self.format = format
        isVerbose = options.verbose
        // Foundation would make a dictionary of the whole environment.
        let environment = { (name: String) in getenv(name).map { String(cString: $0) } ?? "" }
        let colorless = options.noColor || !environment("NO_COLOR").isEmpty || environment("TERM") == "dumb"
        outputStyle = colorless || isatty(STDOUT_FILENO) == 0 ? .plain : .colored
        errorStyle = colorless || isatty(STDERR_FILENO) == 0 ? .plain : .colored
    }

    /// Prints the result in the form that was asked for.
    func show(text: (TerminalStyle) -> String, document: () -> JSONValue) {
        switch format {
        case .text: write(text(outputStyle), to: STDOUT_FILENO)
        case .json: write(document().document, to: STDOUT_FILENO)
        }
    }

    /// Says that what is shown next is all that tells of a change to the host.
    func noteChange() { results.noteChange() }

    /// A line of progress.
    func say(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

    /// Whether a person watches the progress, not a file or another program.
    var isWatched: Bool { isatty(STDERR_FILENO) != 0 }

    /// How wide the terminal is on which the progress is watched; 80 where it does not say.
    private var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 20 else { return 80 }
        return Int(size.ws_col)
    }

    /// Where a person watches: a line that says how far something has come, until the task is cancelled.
    func tick(_ what: String, _ progress: ProbeProgress) async {
        guard isWatched else { return }
        await withDiscardingTaskGroup { group in
            group.addTask {
                // A line that is half of one is not what a person wants to see of a program that he has ended.
                for await signal in await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup) {
                    write(Self.emptyLine, to: STDERR_FILENO)
                    _exit(128 + signal.rawValue)
                }
            }
            var seconds = 0
            while (try? await Task.sleep(for: .seconds(1))) != nil {
                seconds += 1
                let line = probeLine(what, progress.now, seconds: seconds, columns: columns)
                write(Self.emptyLine + line, to: STDERR_FILENO)
            }
            if seconds > 0 { write(Self.emptyLine, to: STDERR_FILENO) }
        }
    }

    /// Back to the beginning of the line, with nothing on it.
    private static let emptyLine = "\r\u{1b}[2K"

    /// A line that only `--verbose` shows.
    func detail(_ line: String) {
        if isVerbose { say(line) }
    }

    /// Asks before a change.
    /// - Throws: ``Failure`` where nobody can answer, or the answer is no.
    func confirm(_ question: String, assumeYes: Bool) throws(Failure) {
        if assumeYes { return }
        guard isatty(STDIN_FILENO) != 0, isatty(STDERR_FILENO) != 0 else {
            throw Failure(
                .usage, "nobody is there to confirm the change", detail: "Standard input is not a terminal.",
                remedy: "Add --yes when the change is wanted without a question.")
        }
        write(question + " Only \"yes\" goes on: ", to: STDERR_FILENO)
        guard readLine(strippingNewline: true) == "yes" else {
            throw Failure(.failed, "not confirmed; nothing was changed")
        }
    }

    /// Asks for a number that only a reader of the first question knows.
    /// - Parameter expected: What was answered beforehand; `nil` asks.
    /// - Throws: ``Failure`` where nobody can answer, or the answer is another one.
    func confirm(number: Int, expected: Int?) throws(Failure) {
        var answer = expected
        if answer == nil, isatty(STDIN_FILENO) != 0, isatty(STDERR_FILENO) != 0 {
            write("How many messages are to be deleted? ", to: STDERR_FILENO)
            answer = readLine(strippingNewline: true).flatMap { Int($0) } ?? -1
        }
        guard let answer else {
            throw Failure(
                .usage, "nobody is there to confirm the number of messages",
                remedy: "Add --expecting with the number that is to be deleted.")
        }
        guard answer == number else {
            throw Failure(
                .failed, "not confirmed: \(number) messages would be deleted; nothing was changed",
                remedy: "Look at them again, and confirm that number.")
        }
    }

    /// Prints a result that has one form only.
    func write(_ text: String) { write(text, to: STDOUT_FILENO) }

    private func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            // A reader that went away (EPIPE) has seen enough; a change under way goes on regardless.
            guard count > 0 || errno == EINTR else {
                if errno != EPIPE, descriptor == STDOUT_FILENO { results.lose() }
                return
            }
            bytes = bytes.dropFirst(max(count, 0))
        }
    }
}

/// Remembers that standard output failed.
private final class ResultState: Sendable {
    private let value = Atomic(false)
    private let change = Atomic(false)

    var isLost: Bool { value.load(ordering: .relaxed) }
    /// Whether what was lost told of a change.
    var isOfChange: Bool { change.load(ordering: .relaxed) }

    func lose() { value.store(true, ordering: .relaxed) }
    func noteChange() { change.store(true, ordering: .relaxed) }
}

/// Runs a verb and turns what it throws into a message and an exit status.
func perform(_ options: SharedOptions, _ body: (Terminal) async throws -> ExitStatus) async throws {
    try await perform(Terminal(options.common, format: options.format), body)
}

func perform(_ terminal: Terminal, _ body: (Terminal) async throws -> ExitStatus) async throws {
    // Writing to a closed pipe must not end a change half-way.
    signal(SIGPIPE, SIG_IGN)
    // Neither must a limit on the size of files (setrlimit(2)): it is met as a full disk is.
    signal(SIGXFSZ, SIG_IGN)
    var status: ExitStatus
    do {
        status = try await body(terminal)
    } catch let failure as Failure {
        terminal.say(renderFailure(failure, style: terminal.errorStyle).trimmingCharacters(in: .newlines))
        if terminal.format == .json {
            terminal.show(text: { _ in "" }, document: { failureDocument(failure) })
        }
        status = failure.status
    }
    if terminal.hasLostResults, status == .done || status == .changesNeeded {
        terminal.say("error: the result could not be written to standard output")
        // "Failed" would say that the host is as it was.
        if terminal.hasChangedHost { terminal.say("The host was changed: `agent history` says how.") }
        status = terminal.hasChangedHost ? .personMustAct : .failed
    }
    if status != .done { throw ExitCode(status.rawValue) }
}
