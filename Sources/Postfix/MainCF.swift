/// `main.cf` as it was written: every byte, and where each parameter is defined.
package struct MainCF: Hashable, Sendable {
    /// One `name = value`.
    package struct Definition: Hashable, Sendable {
        package let name: String
        package let line: LogicalLine
        /// The value without surrounding white space, as a range of `line.bytes`.
        package let valueRange: Range<Int>

        package var value: [UInt8] { Array(line.bytes[valueRange]) }
    }

    /// A logical line that no Postfix program accepts: all of them stop with a fatal error.
    package struct Fault: Hashable, Sendable {
        package let line: LogicalLine
        /// Postfix's own words: `missing '=' after attribute name`.
        package let why: String
    }

    package let bytes: [UInt8]
    /// In the order of the file, duplicates included.
    package let definitions: [Definition]
    package let faults: [Fault]
    private let effective: [String: Int]

    package init(_ bytes: [UInt8]) {
        var definitions: [Definition] = []
        var faults: [Fault] = []
        var effective: [String: Int] = [:]
        for line in logicalLines(of: bytes) {
            switch splitNameValue(line.bytes, in: 0..<line.bytes.count) {
            case .success(let parts):
                let name = line.bytes[parts.name].text
                effective[name] = definitions.count
                definitions.append(Definition(name: name, line: line, valueRange: parts.value))
            case .failure(let fault): faults.append(Fault(line: line, why: fault.why))
            }
        }
        self.bytes = bytes
        self.definitions = definitions
        self.faults = faults
        self.effective = effective
    }

    /// Which definition of a parameter counts: the last (postconf(5)).
    package func effectiveIndex(of name: String) -> Int? { effective[name] }

    package func definition(of name: String) -> Definition? { effective[name].map { definitions[$0] } }
}

struct NameValueFault: Error {
    var why: String
}

/// Postfix's `split_nameval`: `name = value` with white space anywhere around both.
func splitNameValue(
    _ bytes: [UInt8], in range: Range<Int>
) -> Result<(name: Range<Int>, value: Range<Int>), NameValueFault> {
    // C strings end at a NUL byte.
    let end = bytes[range].firstIndex(of: 0) ?? range.upperBound
    let equals = UInt8(ascii: "=")
    var index = range.lowerBound
    while index < end, bytes[index].isSpace { index += 1 }
    let nameStart = index
    while index < end, !bytes[index].isSpace, bytes[index] != equals { index += 1 }
    let name = nameStart..<index
    guard !name.isEmpty else { return .failure(NameValueFault(why: "missing attribute name")) }
    while index < end, bytes[index].isSpace { index += 1 }
    guard index < end, bytes[index] == equals else {
        return .failure(NameValueFault(why: "missing '=' after attribute name"))
    }
    index += 1
    while index < end, bytes[index].isSpace { index += 1 }
    var valueEnd = end
    while valueEnd > index, bytes[valueEnd - 1].isSpace { valueEnd -= 1 }
    return .success((name, index..<valueEnd))
}
