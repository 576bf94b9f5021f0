import HostIO
import MailModel
import Synchronization
import Testing

@testable import Observation

/// Programs that answer by script; one that nobody scripted fails the test with a sentence.
final class ScriptedPrograms: Sendable {
    enum Answer: Sendable {
        case prints(String)
        case exits(Int32, output: String, error: String)
        /// The deadline passed, or the program could not be started.
        case fails(String)
    }

    private let answers: [(command: String, answer: Answer)]
    private let made = Mutex<[ProgramCall]>([])

    /// - Parameter answers: by the command line, or by a beginning of it that ends in ` …`; the first that fits answers.
    init(_ answers: [(String, Answer)]) {
        self.answers = answers.map { (command: $0.0, answer: $0.1) }
    }

    /// The calls so far, in the order in which they were made.
    var calls: [ProgramCall] { made.withLock(\.self) }

    var run: RunProgram {
        { call throws(Failure) in try self.answer(call) }
    }

    private func answer(_ call: ProgramCall) throws(Failure) -> ProgramResult {
        made.withLock { $0.append(call) }
        let line = ([call.executable] + call.arguments).joined(separator: " ")
        let fitting = answers.first { scripted in
            scripted.command.hasSuffix(" …")
                ? line.hasPrefix(scripted.command.dropLast(2)) : line == scripted.command
        }
        guard let fitting else {
            Issue.record("nobody scripted the program \(line.prefix(200))")
            throw Failure(.failed, "not scripted")
        }
        switch fitting.answer {
        case .prints(let text): return ProgramResult(exit: .exited(0), output: Array(text.utf8))
        case .exits(let code, let output, let error):
            return ProgramResult(
                exit: .exited(code), output: Array(output.utf8), errorOutput: Array(error.utf8))
        case .fails(let summary): throw Failure(.failed, summary)
        }
    }
}

extension Instruments {
    /// Instruments on a host directory, with scripted programs and a clock that stands.
    init(_ root: String, _ programs: ScriptedPrograms, interfaces: [IPNetwork]? = nil) {
        self.init(
            run: programs.run, root: root, now: { Timestamp(seconds: 1_767_225_600) },
            interfaces: { interfaces })
    }
}
