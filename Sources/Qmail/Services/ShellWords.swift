/// Splits a script into commands of words; quotes are taken off, expansions and what stands for the output of a command
/// stay as they are written.
struct ShellWords {
    private let bytes: [UInt8]
    private var index = 0
    private var line = 1
    private var word: [UInt8]?
    private var wordLine = 1
    private var command: [Word] = []
    private var done: [(words: [Word], isJoined: Bool)] = []
    /// Whether what comes next depends on what was before (`&&`, `||`), or has a shell of its own (`|`).
    private var isJoined = false

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The commands: lines joined at a backslash, split at `;`, `&` and `|`, words without their quotes.
    mutating func commands() -> [(words: [Word], isJoined: Bool)] {
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\\"): escape()
            case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"): quoted(by: byte)
            case UInt8(ascii: "(") where word?.last == UInt8(ascii: "$"): substitution()
            case UInt8(ascii: "#") where word == nil: skipComment()
            case 0x0a:
                endCommand()
                line += 1
            case UInt8(ascii: ";"), UInt8(ascii: "|"), UInt8(ascii: "&"): separator(byte)
            case _ where byte.isSpace: endWord()
            default: append(byte)
            }
        }
        endCommand()
        return done
    }

    /// `2>&1` is part of a word; elsewhere these end a command.
    private mutating func separator(_ byte: UInt8) {
        if byte == UInt8(ascii: "&"), word?.last == UInt8(ascii: ">") {
            append(byte)
        } else {
            endCommand()
            if byte != UInt8(ascii: ";") { isJoined = true }
        }
    }

    private mutating func append(_ byte: UInt8) {
        if word == nil { wordLine = line }
        word = (word ?? []) + [byte]
    }

    private mutating func escape() {
        guard index < bytes.count else { return }
        let byte = bytes[index]
        index += 1
        if byte == 0x0a { line += 1 } else { append(byte) }
    }

    /// What a command would print stays as it is written, with what says so.
    private mutating func substitution() {
        append(UInt8(ascii: "("))
        var depth = 1
        while index < bytes.count, depth > 0 {
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "(") { depth += 1 }
            if byte == UInt8(ascii: ")") { depth -= 1 }
            if byte == 0x0a { line += 1 }
            append(byte)
        }
    }

    private mutating func quoted(by quote: UInt8) {
        if word == nil { (word, wordLine) = ([], line) }
        let isCommand = quote == UInt8(ascii: "`")
        if isCommand { append(quote) }
        defer { if isCommand { append(quote) } }
        while index < bytes.count, bytes[index] != quote {
            if quote == UInt8(ascii: "\""), bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count {
                index += 1
            }
            if bytes[index] == 0x0a { line += 1 }
            word?.append(bytes[index])
            index += 1
        }
        index += 1
    }

    private mutating func skipComment() {
        while index < bytes.count, bytes[index] != 0x0a { index += 1 }
    }

    private mutating func endWord() {
        if let word { command.append(Word(text: word.text, line: wordLine)) }
        word = nil
    }

    private mutating func endCommand() {
        endWord()
        if !command.isEmpty {
            done.append((command, isJoined))
            isJoined = false
        }
        command = []
    }
}
