import Fixtures
import MailModel
import PolicyLoading
import Testing

@Suite("Whatever the bytes are")
struct FuzzTests {
    private static let pieces = [
        "\n", "  ", "\t", ":", ": ", "::1", "- ", "[", "]", "{", "}", ",", "#", "&a ", "*a", "!t ", "? ", "|",
        ">",
        "'", "\"", "\\", "%", "---\n", "...\n", "<<: ", "queue", "version: 1\n", "0", "9", "\u{e9}", "\r",
        "@", "`",
        "~", "\u{0}", "\u{fffd}", "until: 2027-02-29", "/0", "\\uD800", "\\x00",
    ].map { Array($0.utf8) }

    @Test("there is a policy that survives being shown, or an error with its place", arguments: UInt64(1)...8)
    func mutations(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let sources = try shippedPolicies().map { try shipped($0) }
        var outcomes = (policies: 0, errors: 0)
        for _ in 0..<150 {
            var bytes = sources.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 1...4, using: &random) { mutate(&bytes, using: &random) }
            if try isPolicy(bytes) { outcomes.policies += 1 } else { outcomes.errors += 1 }
        }
        #expect(outcomes.policies > 0)
        #expect(outcomes.errors > 0)
    }

    @Test("random bytes and random YAML are errors with their places", arguments: UInt64(1)...4)
    func noise(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var errors = 0
        for round in 0..<200 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0...200, using: &random) {
                if round.isMultiple(of: 2) {
                    bytes.append(UInt8.random(in: 0...255, using: &random))
                } else {
                    bytes += Self.pieces.randomElement(using: &random) ?? []
                }
            }
            if try !isPolicy(bytes) { errors += 1 }
        }
        // A random word may happen to be a policy; two hundred are not.
        #expect(errors > 190)
    }

    private func mutate(_ bytes: inout [UInt8], using random: inout SeededGenerator) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        let end = min(bytes.count, place + Int.random(in: 0...6, using: &random))
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes.removeSubrange(place..<end)
        case 1:
            bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &random))
        case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
        default: bytes.insert(contentsOf: Self.pieces.randomElement(using: &random) ?? [], at: place)
        }
    }

    /// Whether `bytes` are a policy; checks that the answer is a whole one either way.
    private func isPolicy(_ bytes: [UInt8]) throws -> Bool {
        do throws(Failure) {
            let policy = try parsePolicy(PolicyFile(path: "policy.yaml", bytes: bytes), dropIns: [])
            let again = try parse(renderPolicy(policy))
            #expect(meaning(of: again) == meaning(of: policy))
            return true
        } catch {
            #expect(error.status == .invalid)
            #expect(!error.diagnostics.isEmpty)
            let places = error.diagnostics.prefix(200).compactMap(\.location)
            #expect(places.count == min(200, error.diagnostics.count))
            #expect(places.allSatisfy { $0.file == "policy.yaml" && $0.line > 0 && ($0.column ?? 0) > 0 })
            return false
        }
    }
}
