/// A job file of upstart (init(5)) whose `start on` stanza is put out of use by `#`, so that the job is not started
/// at boot: what a file `NAME.override` with `manual` would do, which upstart before 1.3 does not read.
/// - Returns: `nil` when nothing in it starts the job.
func upstartDisabling(_ bytes: [UInt8]) -> [UInt8]? {
    var lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false).map(Array.init)
    var isInside = false
    var isFound = false
    var depth = 0
    for index in lines.indices {
        let words = lines[index].split(whereSeparator: { $0 == 0x20 || $0 == 0x09 }).map { Array($0) }
        guard isInside || words.starts(with: [Array("start".utf8), Array("on".utf8)]) else { continue }
        // The condition goes on until its parentheses are closed, and behind a backslash.
        for byte in lines[index] {
            if byte == UInt8(ascii: "(") { depth += 1 }
            if byte == UInt8(ascii: ")") { depth -= 1 }
        }
        isInside = depth > 0 || lines[index].last == UInt8(ascii: "\\")
        isFound = true
        lines[index].insert(UInt8(ascii: "#"), at: 0)
    }
    return isFound ? Array(lines.joined(separator: [0x0a])) : nil
}
