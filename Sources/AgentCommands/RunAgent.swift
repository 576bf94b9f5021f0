import ArgumentParser
import Foundation
import MailModel
import Reporting

/// Reads the command line, and runs the verb that it names. It does not return.
///
/// A monitoring plugin says on standard output what is wrong with its arguments, and ends with UNKNOWN (Monitoring
/// Plugins Development Guidelines, "Plugin Return Codes"); every other verb, on standard error and with EX_USAGE.
package func runAgent() async {
    do {
        var command = try AgentCommand.parseAsRoot()
        if var asynchronous = command as? any AsyncParsableCommand {
            try await asynchronous.run()
        } else {
            try command.run()
        }
    } catch {
        // Help is no state of the host either.
        let isAnswered = [.validationFailure, .success].contains(AgentCommand.exitCode(for: error))
        guard isPlugin(CommandLine.arguments), isAnswered, !(error is ExitCode) else {
            if AgentCommand.exitCode(for: error) == .success, !(error is ExitCode) { answer(error) }
            AgentCommand.exit(withError: error)
        }
        guard AgentCommand.exitCode(for: error) == .validationFailure else {
            print(AgentCommand.fullMessage(for: error))
            exit(Int32(StatusLevel.unknown.rawValue))
        }
        print(nagiosFailure(AgentCommand.message(for: error)), terminator: "")
        exit(Int32(StatusLevel.unknown.rawValue))
    }
}

/// Prints help, the version or a completion script. The library's own printing does not notice that nothing came out.
private func answer(_ error: any Error) -> Never {
    do {
        try FileHandle.standardOutput.write(
            contentsOf: Data((AgentCommand.fullMessage(for: error) + "\n").utf8))
        exit(ExitStatus.done.rawValue)
    } catch {
        try? FileHandle.standardError.write(
            contentsOf: Data("error: the text could not be written to standard output\n".utf8))
        exit(ExitStatus.failed.rawValue)
    }
}

/// Whether the command line is `status --format nagios`, whatever else stands there.
func isPlugin(_ arguments: [String]) -> Bool {
    arguments.dropFirst().first == "status"
        && (arguments.contains("--format=nagios")
            || zip(arguments, arguments.dropFirst()).contains { $0 == "--format" && $1 == "nagios" })
}
