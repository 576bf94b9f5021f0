import ArgumentParser

enum OutputFormat: String, ExpressibleByArgument {
    case text, json

    /// For help. Of a `CaseIterable` the parser makes them by key paths, at every start.
    static let allValueStrings = ["text", "json"]
}

/// The options that every verb takes, but for the form of its output.
struct CommonOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Follow this policy.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var policy: String?

    @Option(
        help: ArgumentHelp("Keep journal and backups in this SQLite file.", valueName: "file"),
        completion: .file())
    var store: String?

    @Flag(name: [.customShort("v"), .long], help: "Say on stderr what is being done.")
    var verbose = false

    @Flag(help: "Print without colours, as NO_COLOR does.")
    var noColor = false
}

/// The options that every verb takes.
struct SharedOptions: ParsableArguments {
    @OptionGroup var common: CommonOptions

    @Option(help: "Print the result as text, or as one JSON document.")
    var format: OutputFormat = .text

    var policy: String? { common.policy }
    var store: String? { common.store }
}
