import ArgumentParser
import MailModel
import PolicyLoading
import Reporting

struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Validate a policy, print it with defaults filled in, or print its JSON Schema.",
        subcommands: [PolicyCheckCommand.self, PolicyShowCommand.self, PolicySchemaCommand.self])
}

struct PolicyCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Validate the policy and its drop-ins; name every error by file, line and column.",
        discussion: """
            EXAMPLES:
              agent policy check
              agent policy check policies/no-open-relay.yaml

            EXIT STATUS:
              0   valid
              10  invalid: every error is named
            """)

    @OptionGroup var shared: SharedOptions

    @Argument(help: "The policy to check, instead of --policy.", completion: .file(extensions: ["yaml"]))
    var file: String?

    func run() async throws {
        try await perform(shared) { terminal in
            let policy = try loadPolicy(file ?? shared.policy)
            let files = policy.files.isEmpty ? ["built in"] : policy.files.map(\.path)
            terminal.show(
                text: { _ in "valid: \(files.joined(separator: ", "))\n" },
                document: {
                    .object([
                        .init("format", .string("agent.policy-check/1")), .init("valid", .bool(true)),
                        .init("files", .array(files.map(JSONValue.string))),
                    ])
                })
            return .done
        }
    }
}

struct PolicyShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print the policy that a run would follow, with defaults filled in and drop-ins added.",
        discussion: """
            EXAMPLES:
              agent policy show
              agent policy show --policy policies/shared-hosting.yaml

            EXIT STATUS:
              0   printed
              10  the policy is invalid
            """)

    @OptionGroup var shared: SharedOptions

    func run() async throws {
        try await perform(shared) { terminal in
            let policy = try loadPolicy(shared.policy)
            let text = renderPolicy(policy)
            terminal.show(
                text: { _ in text },
                document: {
                    .object([
                        .init("format", .string("agent.policy-show/1")),
                        .init("files", .array(policy.files.map { .string($0.path) })),
                        .init("yaml", .string(text)),
                    ])
                })
            return .done
        }
    }
}

struct PolicySchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of policies, for editors.",
        discussion: """
            EXAMPLES:
              agent policy schema >policy.schema.json

            EXIT STATUS:
              0   printed
            """)

    @OptionGroup var shared: SharedOptions

    func run() async throws {
        try await perform(shared) { terminal in
            terminal.write(policySchema())
            return .done
        }
    }
}
