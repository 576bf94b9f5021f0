import ArgumentParser
import Foundation
import Testing

@testable import AgentCommands

/// A verb that does something, with the words that call it.
private struct Verb: CustomTestStringConvertible {
    var command: any ParsableCommand.Type
    var words: [String]

    var testDescription: String { words.joined(separator: " ") }

    /// Every verb below a command, those of its subcommands instead of it where it has any.
    static func all(below command: any ParsableCommand.Type, words: [String] = ["agent"]) -> [Verb] {
        let subcommands = command.configuration.subcommands
        if subcommands.isEmpty { return [Verb(command: command, words: words)] }
        return subcommands.flatMap { all(below: $0, words: words + [$0._commandName]) }
    }
}

@Suite("Help")
struct HelpTests {
    @Test(
        "Every verb's help has examples, and says what its exit statuses mean",
        arguments: Verb.all(below: AgentCommand.self))
    fileprivate func help(of verb: Verb) throws {
        let help = AgentCommand.helpMessage(for: verb.command, columns: 100)
        let examples = try #require(help.range(of: "EXAMPLES:"), "\(help)")
        #expect(help[examples.upperBound...].contains(verb.words.joined(separator: " ")), "\(help)")
        let statuses = try #require(help.range(of: "EXIT STATUS:"), "\(help)")
        #expect(help[statuses.upperBound...].contains("  0  "), "\(help)")
    }

    @Test("No line of a verb's help is wider than a terminal", arguments: Verb.all(below: AgentCommand.self))
    fileprivate func width(of verb: Verb) {
        let help = AgentCommand.helpMessage(for: verb.command, columns: 80)
        let written = help.components(separatedBy: "USAGE:")[0].split(separator: "\n")
        #expect(written.allSatisfy { $0.count <= 80 }, "\(help)")
    }
}

@Suite("Completions")
struct CompletionTests {
    @Test("They know every verb, and bash reads its own", arguments: CompletionShell.allCases)
    func script(shell: CompletionShell) throws {
        let script = AgentCommand.completionScript(for: shell)
        for verb in AgentCommand.configuration.subcommands {
            #expect(script.contains(verb._commandName), "\(verb._commandName)")
        }
        guard shell == .bash else { return }
        let bash = Process()
        bash.executableURL = URL(filePath: "/bin/bash")
        bash.arguments = ["-n"]
        let input = Pipe()
        bash.standardInput = input
        try bash.run()
        try input.fileHandleForWriting.write(contentsOf: Data(script.utf8))
        try input.fileHandleForWriting.close()
        bash.waitUntilExit()
        #expect(bash.terminationStatus == 0)
    }
}
