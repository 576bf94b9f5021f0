/// `master.cf` as it was written: every byte, and the services with their overrides.
package struct MasterCF: Hashable, Sendable {
    /// One argument of a service's program.
    package struct Argument: Hashable, Sendable {
        /// With the braces of `{ … }` taken off, as the program gets it.
        package let bytes: [UInt8]
        /// As written, in the logical line.
        package let range: Range<Int>
        /// What the program gets, in the logical line.
        let content: Range<Int>

        var isBraced: Bool { content != range }
    }

    /// An option that no daemon accepts: it stops with a fatal error.
    package struct BadOption: Hashable, Sendable {
        package let argument: Argument
        /// Postfix's own words.
        package let why: String
    }

    /// `-o name=value` or `-o { name = value }`.
    package struct Override: Hashable, Sendable {
        package let name: String
        /// From `-o` to the end of its argument, in the logical line.
        package let range: Range<Int>
        /// The value alone, in the logical line.
        package let valueRange: Range<Int>
        package let quoting: OverrideQuoting
    }

    /// How an override was written: braces allow white space in the value (master(5)).
    package enum OverrideQuoting: Sendable {
        case plain, braced
    }

    package struct Service: Hashable, Sendable {
        package let line: LogicalLine
        /// As written: `smtp`, `127.0.0.1:10025`, `[::1]:465`.
        package let name: String
        /// `inet`, `unix`, `pass`, `fifo` or `unix-dgram`.
        package let type: String
        /// The program below `daemon_directory`: `smtpd`.
        package let command: String
        /// Whether its socket is below `private`, where only Postfix itself gets at it.
        package let isPrivate: Bool
        /// Whether it runs in the queue directory as its root: `y`, `n`, or `-` for what the release takes.
        let chroot: String
        /// How many processes may run at once, as written: `-` for `default_process_limit`.
        package let processLimit: String
        package let arguments: [Argument]
        /// In the order written; of two with one name the last counts.
        package let overrides: [Override]
        /// Arguments that are no option: smtpd stops with a fatal error when there is one.
        package let strays: [Argument]
        /// The first `-o` that is none: smtpd stops with a fatal error as well.
        package let badOption: BadOption?
        /// The first `-D`, with which a daemon starts `debugger_command`.
        package let debugging: Argument?

        /// `submission/inet`, as postconf(1) names a service.
        package var title: String { "\(name)/\(type)" }

        /// The program that pipe(8) hands its mail to; `nil` where there is none, and pipe(8) delivers nothing.
        package var pipedProgram: String? { command == "pipe" ? givenProgram : nil }

        /// The program of `argv=`, which pipe(8) and spawn(8) run.
        package var givenProgram: String? {
            let mark = Array("argv=".utf8)
            guard let index = arguments.firstIndex(where: { $0.bytes.starts(with: mark) })
            else { return nil }
            let own = arguments[index].bytes.dropFirst(mark.count)
            return own.isEmpty ? arguments.dropFirst(index + 1).first?.bytes.text : Array(own).text
        }

        /// Whether chroot(2) puts it into the queue directory (master(5)).
        package func isInJail(_ version: PostfixVersion, _ values: ParameterValues) -> Bool {
            guard chroot == "-" else { return chroot == "y" }
            return values.isBelowLevel("1")
        }

        package func override(_ name: String) -> Override? { overrides.last { $0.name == name } }

        package func value(of override: Override) -> [UInt8] { Array(line.bytes[override.valueRange]) }
    }

    /// A logical line that master(8) refuses to start with.
    package struct Fault: Hashable, Sendable {
        package let line: LogicalLine
        package let why: String
    }

    package let bytes: [UInt8]
    package let services: [Service]
    package let faults: [Fault]

    package init(_ bytes: [UInt8]) {
        var services: [Service] = []
        var faults: [Fault] = []
        for line in logicalLines(of: bytes) {
            switch parseService(line) {
            case .success(let service): services.append(service)
            case .failure(let fault): faults.append(Fault(line: line, why: fault.why))
            }
        }
        self.bytes = bytes
        self.services = services
        self.faults = faults
    }
}

private func parseService(_ line: LogicalLine) -> Result<MasterCF.Service, NameValueFault> {
    let bytes = line.bytes.firstIndex(of: 0).map { Array(line.bytes[..<$0]) } ?? line.bytes
    let tokens = tokenRanges(in: bytes, separators: \.isBlank, braces: .ordinary)
    guard tokens.count >= 8 else {
        let missing = [
            "name", "transport type", "private", "unprivileged", "chroot", "wakeup_time", "max_proc",
            "command",
        ]
        return .failure(NameValueFault(why: "missing \"\(missing[tokens.count])\" field"))
    }
    let fields = tokens.prefix(8).map { bytes[$0].text }
    if let why = badField(fields) { return .failure(NameValueFault(why: why)) }
    var arguments: [MasterCF.Argument] = []
    for range in argumentRanges(bytes, from: tokens[7].upperBound) {
        switch contentOfBraces(bytes, range) {
        case .success(let content):
            arguments.append(MasterCF.Argument(bytes: Array(bytes[content]), range: range, content: content))
        case .failure(let fault): return .failure(fault)
        }
    }
    let options = parseOptions(arguments, of: bytes)
    return .success(
        MasterCF.Service(
            line: line, name: fields[0], type: fields[1], command: fields[7], isPrivate: fields[2] != "n",
            chroot: fields[4], processLimit: fields[6], arguments: arguments, overrides: options.overrides,
            strays: options.strays, badOption: options.bad, debugging: options.debugging))
}

private func badField(_ fields: [String]) -> String? {
    guard ["inet", "unix", "fifo", "pass", "unix-dgram"].contains(fields[1]) else {
        return "bad transport type: \(fields[1])"
    }
    for (index, name) in [(2, "private"), (3, "unprivileged"), (4, "chroot")]
    where !["y", "n", "-"].contains(fields[index]) {
        return "field \"\(name)\": bad value: \"\(fields[index])\""
    }
    if fields[1] == "inet", fields[2] != "n" { return "inet service cannot be private" }
    let wakeup = fields[5].utf8.last == UInt8(ascii: "?") ? String(fields[5].dropLast()) : fields[5]
    for (name, text) in [("wakeup_time", wakeup), ("max_proc", fields[6])]
    where text != "-" && !(!text.isEmpty && text.utf8.allSatisfy(\.isDigit)) {
        return "field \"\(name)\": bad value: \"\(text)\""
    }
    return nil
}

private func argumentRanges(_ bytes: [UInt8], from start: Int) -> [Range<Int>] {
    tokenRanges(in: Array(bytes[start...]), separators: \.isBlank)
        .map { $0.lowerBound + start..<$0.upperBound + start }
}

/// The inside of an argument's `{ … }` without surrounding white space (Postfix's `extpar`); anything else as it is.
private func contentOfBraces(_ bytes: [UInt8], _ range: Range<Int>) -> Result<Range<Int>, NameValueFault> {
    let (open, close) = (UInt8(ascii: "{"), UInt8(ascii: "}"))
    guard bytes[range].first == open else { return .success(range) }
    var level = 0
    let end = range.first { index in
        if bytes[index] == open { level += 1 }
        if bytes[index] == close { level -= 1 }
        return level == 0
    }
    guard let end else { return .failure(NameValueFault(why: "missing '}' in \"\(bytes[range].text)\"")) }
    guard end + 1 == range.upperBound else {
        return .failure(NameValueFault(why: "syntax error after '}' in \"\(bytes[range].text)\""))
    }
    let inner = bytes[range.lowerBound + 1..<end].trimmingSpace()
    return .success(inner.startIndex..<inner.endIndex)
}

extension ArraySlice<UInt8> {
    /// The inside of `{ … }` without surrounding white space; anything else as it is.
    package var strippingBraces: [UInt8] {
        guard first == UInt8(ascii: "{"), last == UInt8(ascii: "}"), count >= 2 else { return Array(self) }
        return Array(dropFirst().dropLast().trimmingSpace())
    }
}

private struct Options {
    var overrides: [MasterCF.Override] = []
    var strays: [MasterCF.Argument] = []
    var bad: MasterCF.BadOption?
    var debugging: MasterCF.Argument?

    mutating func refuse(_ argument: MasterCF.Argument, _ why: String) {
        bad = bad ?? MasterCF.BadOption(argument: argument, why: why)
    }
}

/// Reads the arguments as getopt(3) does in a Postfix daemon, which also finds options behind strays.
private func parseOptions(
    _ arguments: [MasterCF.Argument], of bytes: [UInt8]
) -> Options {
    var options = Options()
    var index = 0
    while index < arguments.count {
        let argument = arguments[index]
        index += 1
        guard argument.bytes.first == UInt8(ascii: "-"), argument.bytes.count > 1 else {
            options.strays.append(argument)
            continue
        }
        let letters = argument.bytes.dropFirst()
        let letter = letters.firstIndex { "oimnst".utf8.contains($0) }
        let flags = letters[..<(letter ?? letters.endIndex)]
        if flags.contains(UInt8(ascii: "D")) { options.debugging = options.debugging ?? argument }
        if let unknown = flags.first(where: { !"cdDlSuvVzZ".utf8.contains($0) }) {
            options.refuse(argument, "invalid option: \([unknown].text)")
        }
        guard let letter else { continue }
        var body = argument.content.lowerBound + letter + 1..<argument.content.upperBound
        var last = argument
        if body.isEmpty {
            guard index < arguments.count else {
                options.refuse(argument, "invalid option: \([argument.bytes[letter]].text)")
                break
            }
            last = arguments[index]
            body = last.content
            index += 1
        }
        guard argument.bytes[letter] == UInt8(ascii: "o") else { continue }
        switch splitNameValue(bytes, in: body) {
        case .success(let parts):
            options.overrides.append(
                MasterCF.Override(
                    name: bytes[parts.name].text, range: argument.range.lowerBound..<last.range.upperBound,
                    valueRange: parts.value, quoting: last.isBraced ? .braced : .plain))
        case .failure(let fault):
            options.refuse(last, "invalid \"-o \(bytes[body].text)\" option value: \(fault.why)")
        }
    }
    return options
}
