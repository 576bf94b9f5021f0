import Postfix

/// The result of a rule of a `regexp:` or `pcre:` table, with `$1`, `${1}` and `$(1)` for what its groups hold.
struct RuleResult {
    private enum Part {
        case text([UInt8])
        case group(Int)
    }

    private var parts: [Part] = []
    /// 0 where it names none.
    private(set) var highestGroup = 0

    /// Reads a result as Postfix's `mac_parse` does.
    /// - Throws: where Postfix would skip the rule with "bad replacement syntax".
    init(_ value: String) throws(Pattern.Fault) {
        let bytes = Array(value.utf8)
        let dollar = UInt8(ascii: "$")
        var index = 0
        while index < bytes.count {
            let end = bytes[index...].firstIndex(of: dollar) ?? bytes.count
            if end > index { parts.append(.text(Array(bytes[index..<end]))) }
            index = end + 1
            guard end < bytes.count else { break }
            if index < bytes.count, bytes[index] == dollar {
                parts.append(.text([dollar]))
                index += 1
            } else {
                let name = try Self.name(in: bytes, at: &index)
                guard name.allSatisfy(\.isDigit), let number = Int(name.text), number > 0 else {
                    throw .invalid("the result has a $ without the number of a group")
                }
                parts.append(.group(number))
                highestGroup = max(highestGroup, number)
            }
        }
    }

    /// What stands behind a dollar, with its braces passed over.
    private static func name(
        in bytes: [UInt8], at index: inout Int
    ) throws(Pattern.Fault) -> ArraySlice<UInt8> {
        let closing: UInt8? =
            switch index < bytes.count ? bytes[index] : 0 {
            case UInt8(ascii: "{"): UInt8(ascii: "}")
            case UInt8(ascii: "("): UInt8(ascii: ")")
            default: nil
            }
        guard let closing else {
            let name = bytes[index...].prefix { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "_") }
            index = name.endIndex
            return name
        }
        guard let end = bytes[index...].firstIndex(of: closing) else {
            throw .invalid("the result has a bracket that is not closed")
        }
        let name = bytes[index + 1..<end]
        index = end + 1
        return name
    }

    /// - Parameter groups: what each group holds, from the first on.
    func text(_ groups: [[UInt8]?]) -> String {
        parts.flatMap { part -> [UInt8] in
            switch part {
            case .text(let bytes): bytes
            case .group(let number): number <= groups.count ? groups[number - 1] ?? [] : []
            }
        }.text
    }

    /// What the groups must hold so that the first word of the result is the given one, in whichever case.
    /// - Parameter mustBeAll: whether nothing may stand behind the word.
    func groups(spelling word: String, mustBeAll: Bool) -> [[Int: [UInt8]]] {
        var first: [Part] = []
        for part in parts {
            guard case .text(let bytes) = part, let end = bytes.firstIndex(where: \.isSpace) else {
                first.append(part)
                continue
            }
            if mustBeAll { return [] }
            first.append(.text(Array(bytes[..<end])))
            break
        }
        return Self.groups(of: first[...], spelling: word.folded.bytes[...], [:])
    }

    private static func groups(
        of parts: ArraySlice<Part>, spelling word: ArraySlice<UInt8>, _ held: [Int: [UInt8]]
    ) -> [[Int: [UInt8]]] {
        guard let part = parts.first else { return word.isEmpty ? [held] : [] }
        let rest = parts.dropFirst()
        func go(on text: [UInt8], _ held: [Int: [UInt8]]) -> [[Int: [UInt8]]] {
            guard word.starts(with: text.map(\.lowercased)) else { return [] }
            return groups(of: rest, spelling: word.dropFirst(text.count), held)
        }
        switch part {
        case .text(let bytes): return go(on: bytes, held)
        case .group(let number):
            if let text = held[number] { return go(on: text, held) }
            return (0...word.count).flatMap { count in
                let text = Array(word.prefix(count))
                return go(on: text, held.merging([number: text]) { $1 })
            }
        }
    }
}
