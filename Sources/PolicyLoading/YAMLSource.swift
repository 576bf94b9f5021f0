internal import MailModel

/// The text of a policy file as the parser is given it: each character in its place, some of them disguised.
///
/// The disguises are characters of the private use area, which ``readText(_:into:)`` lets nobody else use.
struct YAMLSource {
    /// Stands for `*`: with none in the text there is no alias, and a bomb of aliases is a list of words.
    static let asterisk: Unicode.Scalar = "\u{e001}"
    /// Stands for `?`: a key is then a word or a short list, and never a tree whose comparison takes minutes.
    static let questionMark: Unicode.Scalar = "\u{e002}"
    /// Stands for the first colon of `::1` and the like, which YAML 1.2 (section 7.3.3) lets begin a scalar
    /// inside `[ ]`, and libyaml does not.
    private static let colon: Unicode.Scalar = "\u{e000}"
    /// Stand for the first letters of keys written twice: the parser gives up at the first of those, and
    /// everything else that is wrong would go unreported. Each costs a reading of the file, so there are few.
    private static let keyLetters: Range<UInt32> = 0xe100..<0xe110

    let path: String
    private var lines: [[Unicode.Scalar]]
    private var disguised: [Unicode.Scalar: Unicode.Scalar] = [
        asterisk: "*", questionMark: "?", colon: ":",
    ]

    init(path: String, text: String) {
        self.path = path
        lines = Self.lines(of: text).map(Self.disguise)
    }

    /// What the parser is given.
    var text: String {
        var all = String.UnicodeScalarView()
        for line in lines {
            all.append(contentsOf: line)
            all.append("\n")
        }
        return String(all)
    }

    func location(line: Int, column: Int) -> SourceLocation {
        SourceLocation(file: path, line: line, column: column)
    }

    func scalar(at place: SourceLocation) -> Unicode.Scalar? {
        guard let column = place.column, lines.indices.contains(place.line - 1) else { return nil }
        let line = lines[place.line - 1]
        return line.indices.contains(column - 1) ? line[column - 1] : nil
    }

    func isIndentedByTab(line: Int) -> Bool {
        guard lines.indices.contains(line - 1) else { return false }
        return lines[line - 1].prefix { $0 == " " || $0 == "\t" }.contains("\t")
    }

    /// What is written where the parser read `text`.
    func restored(_ text: String) -> String {
        var all = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { all.append(disguised[scalar] ?? scalar) }
        return String(all)
    }

    /// Makes the key at a place unlike all others, so that the parser goes on where a key is written twice.
    /// - Returns: whether it could be done.
    mutating func disguiseKey(line: Int, column: Int) -> Bool {
        let used = UInt32(disguised.count - 3)
        guard used < UInt32(Self.keyLetters.count),
            let disguise = Unicode.Scalar(Self.keyLetters.lowerBound + used)
        else { return false }
        var place = location(line: line, column: column)
        if let quote = scalar(at: place), quote == "\"" || quote == "'" { place.column = column + 1 }
        guard let letter = scalar(at: place), let index = place.column,
            letter.properties.isAlphabetic || letter.properties.numericType != nil || letter == "<"
        else { return false }
        lines[line - 1][index - 1] = disguise
        disguised[disguise] = letter
        return true
    }

    private static func lines(of text: String) -> [[Unicode.Scalar]] {
        var lines: [[Unicode.Scalar]] = [[]]
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n" where previous == "\r": break
            case "\n", "\r": lines.append([])
            default: lines[lines.count - 1].append(scalar)
            }
            previous = scalar
        }
        return lines
    }

    private static func disguise(_ line: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var line = line
        for index in line.indices {
            if line[index] == "*" { line[index] = asterisk }
            if line[index] == "?" { line[index] = questionMark }
            let isAtStart = index == 0 || [" ", "\t", "[", ","].contains(line[index - 1])
            guard isAtStart, line[index...].starts(with: [":", ":"]), index + 2 < line.count,
                line[index + 2] == "/" || line[index + 2].properties.isASCIIHexDigit
            else { continue }
            line[index] = colon
        }
        return line
    }
}
