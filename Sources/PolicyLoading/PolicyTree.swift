internal import MailModel
internal import Yams

/// Reads a policy file into a tree of nodes with their places.
///
/// The YAML of a policy is the plain part: one document of mappings, lists and scalars. Anchors, aliases, merge
/// keys, tags, keys written twice and deep nesting are reported, and no alias is ever followed.
/// - Returns: the tree, also when some of it was reported; `nil` when there is none.
func readTree(_ file: PolicyFile, into diagnostics: inout [Diagnostic]) -> PolicyNode? {
    guard let text = readText(file, into: &diagnostics) else { return nil }
    var source = YAMLSource(path: file.path, text: text)
    var tree = PolicyTree()
    let root = tree.read(&source)
    diagnostics += tree.diagnostics
    return root
}

private struct PolicyTree {
    var diagnostics: [Diagnostic] = []
    private var reported: Set<SourceLocation> = []

    mutating func read(_ source: inout YAMLSource) -> PolicyNode? {
        while true {
            do {
                // The encoding is named because the parser else asks the environment.
                let parser = try Yams.Parser(yaml: source.text, resolver: .basic, encoding: .utf8)
                guard let root = try parser.singleRoot() else {
                    report("the file holds nothing but comments", at: source.location(line: 1, column: 1))
                    return nil
                }
                return convert(root, of: source, depth: 1)
            } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
                guard source.disguiseKey(line: context.mark.line, column: context.mark.column) else {
                    let place = source.location(line: context.mark.line, column: context.mark.column)
                    report("the key \(quoted(source.restored(keys.first ?? ""))) is written twice", at: place)
                    return nil
                }
            } catch {
                diagnostics.append(syntaxDiagnostic(error, in: source))
                return nil
            }
        }
    }

    private mutating func report(_ summary: String, at place: SourceLocation, remedy: String? = nil) {
        guard reported.insert(place).inserted else { return }
        diagnostics.append(Diagnostic(summary, at: place, remedy: remedy))
    }

    private mutating func convert(_ node: Node, of source: YAMLSource, depth: Int) -> PolicyNode {
        let place = source.location(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
        refuseProperties(at: place, in: source)
        guard depth <= PolicyLimits.depth else {
            report("this is nested more than \(PolicyLimits.depth) levels deep", at: place)
            return PolicyNode(content: .refused, location: place)
        }
        switch node {
        case .scalar(let scalar):
            return PolicyNode(content: content(of: scalar, at: place, in: source), location: place)
        case .sequence(let sequence):
            let items = sequence.map { convert($0, of: source, depth: depth + 1) }
            return PolicyNode(content: .sequence(items), location: place)
        case .mapping(let mapping):
            let fields = mapping.map { pair in
                PolicyNode.Field(
                    key: convert(pair.key, of: source, depth: depth + 1),
                    value: convert(pair.value, of: source, depth: depth + 1))
            }
            return PolicyNode(content: .mapping(fields), location: place)
        case .alias:
            return PolicyNode(content: .refused, location: place)
        }
    }

    /// Reports an anchor or a tag: they are the first thing of a node, wherever it is.
    private mutating func refuseProperties(at place: SourceLocation, in source: YAMLSource) {
        switch source.scalar(at: place) {
        case "&":
            report(
                "anchors (&name) cannot be used in a policy", at: place,
                remedy: "Write the value out; put text that begins with & in quotes.")
        case "!":
            report(
                "tags (!name) cannot be used in a policy", at: place,
                remedy: "Leave the tag out; put text that begins with ! in quotes.")
        default: break
        }
    }

    private mutating func content(
        of scalar: Node.Scalar, at place: SourceLocation, in source: YAMLSource
    ) -> PolicyNode.Content {
        guard scalar.style == .plain else { return .scalar(source.restored(scalar.string), .quoted) }
        guard scalar.string.unicodeScalars.first != YAMLSource.asterisk else {
            report(
                "aliases (*name) cannot be used in a policy", at: place,
                remedy: "Write the value out; put text that begins with * in quotes.")
            return .refused
        }
        let text = source.restored(scalar.string)
        guard text != "?", !text.hasPrefix("? ") else {
            report(
                "explicit keys (? key) cannot be used in a policy", at: place, remedy: "Write `key: value`.")
            return .refused
        }
        return .scalar(text, .plain)
    }
}

/// The parser's error in our words.
private func syntaxDiagnostic(_ error: any Error, in source: YAMLSource) -> Diagnostic {
    guard let (problem, mark, context) = syntaxProblem(error) else {
        return Diagnostic("this cannot be read as YAML", at: source.location(line: 1, column: 1))
    }
    let place = source.location(line: mark.line, column: mark.column)
    if source.isIndentedByTab(line: mark.line) {
        return Diagnostic("a tab cannot indent in YAML", at: place, remedy: "Indent with spaces.")
    }
    if problem.hasPrefix("but found another document") {
        return Diagnostic(
            "a second document begins here; a policy is one", at: place,
            remedy: "Take out what follows, or make two files.")
    }
    if problem.hasPrefix("Maximum nesting level") {
        return Diagnostic("this is nested more than \(PolicyLimits.depth) levels deep", at: place)
    }
    let around = context.map { " (\($0.text), line \($0.mark.line))" } ?? ""
    return Diagnostic("this is not YAML: \(problem)\(around)", at: place)
}

private func syntaxProblem(_ error: any Error) -> (problem: String, mark: Mark, context: YamlError.Context?)?
{
    switch error as? YamlError {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
        .composer(let context, let problem, let mark, _):
        (problem, mark, context)
    default: nil
    }
}
