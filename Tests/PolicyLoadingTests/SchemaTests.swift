import Foundation
import MailModel
import PolicyLoading
import Testing

/// Holds the schema to the decoder: every property, word and bound that the one states is tried on the other.
@Suite("The schema and the decoder")
struct SchemaTests {
    private let schema: [String: Any]
    private let definitions: [String: Any]

    init() throws {
        let parsed = try JSONSerialization.jsonObject(with: Data(policySchema().utf8))
        schema = try #require(parsed as? [String: Any])
        definitions = try #require(schema["$defs"] as? [String: Any])
    }

    @Test("know the same keys, and no others")
    func keys() throws {
        try compareKeys(of: schema, at: [])
        for (name, block) in try properties(of: schema) where block["properties"] != nil {
            try compareKeys(of: block, at: [name])
        }
        let vouched = try #require(definitions["vouched-network"] as? [String: Any])
        let names = try properties(of: vouched).map(\.0)
        let written = "white-list: {vouched: [{surely-unknown: 1}]}\n"
        let known = complaints(about: "version: 1\n" + written).filter { $0.contains("surely-unknown") }
        #expect(known.count == 1 && knownKeys(in: known[0]) == Set(names))
        #expect(vouched["required"] as? [String] == ["network", "reason"])
        #expect(vouched["additionalProperties"] as? Bool == false)
    }

    @Test("take the same words, numbers and defaults")
    func values() throws {
        var tried = 0
        for (path, property) in try leaves() {
            if let words = property["enum"] as? [String] {
                for word in words { #expect(complaints(about: policy(path, word)).isEmpty) }
                let found = complaints(about: policy(path, "surely-not"))
                #expect(found.count == 1 && found[0].hasSuffix("Allowed: \(words.joined(separator: ", "))."))
                tried += 1
            }
            if let least = property["minimum"] as? Int, let most = property["maximum"] as? Int {
                for number in [least, most] { #expect(complaints(about: policy(path, "\(number)")).isEmpty) }
                for number in [least - 1, most + 1] {
                    #expect(complaints(about: policy(path, "\(number)")).count == 1)
                }
                tried += 1
            }
            if let standard = property["default"] {
                let written = try JSONSerialization.data(withJSONObject: standard, options: .fragmentsAllowed)
                let text = policy(path, String(decoding: written, as: UTF8.self))
                #expect(meaning(of: try parse(text)) == builtInPolicy)
                tried += 1
            }
        }
        // Six enumerations, two numbers, and a default for each of the thirteen keys that have one.
        #expect(tried == 21)
    }

    @Test("take no empty list, nothing twice, and the same bounds for ports and reasons")
    func lists() throws {
        let leaves = try leaves()
        let ports = try #require(leaves.first { $0.0 == ["probe", "ports"] }?.1)
        let items = try #require(ports["items"] as? [String: Any])
        #expect(items["minimum"] as? Int == 1 && items["maximum"] as? Int == 65_535)
        #expect(complaints(about: policy(["probe", "ports"], "[1, 65535]")).isEmpty)
        #expect(complaints(about: policy(["probe", "ports"], "[0, 65536]")).count == 2)
        for (path, item) in [(["probe", "ports"], "25"), (["white-list", "within"], "10.0.0.0/8")] {
            let list = try #require(leaves.first { $0.0 == path }?.1)
            #expect(list["minItems"] as? Int == 1 && list["uniqueItems"] as? Bool == true)
            #expect(complaints(about: policy(path, "[]")).count == 1)
            #expect(complaints(about: policy(path, "[\(item), \(item)]")).count == 1)
        }
        let vouched = try properties(of: try #require(definitions["vouched-network"] as? [String: Any]))
        let longest = try #require(vouched.first { $0.0 == "reason" }?.1["maxLength"] as? Int)
        for (length, errors) in [(0, 1), (1, 0), (longest, 0), (longest + 1, 1)] {
            let reason = String(repeating: "x", count: length)
            let entry = "[{network: 192.0.2.1, reason: '\(reason)'}]"
            #expect(complaints(about: policy(["white-list", "vouched"], entry)).count == errors)
        }
    }

    @Test(
        "agree on what text looks like",
        arguments: [
            ("keep-within", ["1d", "90d", "12w", "3650d"], ["90", "0d", "90h", "d", " 90d", "-1d", "090d"]),
            (
                "from",
                [
                    "netns", "direct", "ssh://host", "ssh://root@host.example", "ssh://2001:db8::1",
                    "https://vantage.example:8443", "https://[2001:db8::1]:8443/a",
                ],
                ["", "net", "ssh://", "ssh://-x", "ssh://a b", "https://", "http://host", "ssh://host/x"]
            ),
            (
                "network", ["10.0.0.1/8", "192.0.2.1", "2001:db8::/32"],
                ["10.0.0.1 / 8", "host", "1.2.3.4/", ""]
            ),
        ])
    func patterns(_ key: String, _ good: [String], _ bad: [String]) throws {
        let leaf = try leaves().first { $0.0.last == key }?.1 ?? definitions[key] as? [String: Any]
        let pattern = try Regex(try #require(leaf?["pattern"] as? String))
        let block = ["keep-within": "backups", "from": "probe"][key]
        for (text, isGood) in good.map({ ($0, true) }) + bad.map({ ($0, false) }) {
            let written =
                block.map { policy([$0, key], "\"\(text)\"") }
                ?? policy(["white-list", "within"], "[\"\(text)\"]")
            #expect(complaints(about: written).isEmpty == isGood, "\(text)")
            #expect((text.firstMatch(of: pattern) != nil) == isGood, "\(text)")
        }
    }

    // MARK: - What the schema says

    private func properties(of object: [String: Any]) throws -> [(String, [String: Any])] {
        let properties = try #require(object["properties"] as? [String: [String: Any]])
        return properties.sorted { $0.key < $1.key }
    }

    private func leaves() throws -> [([String], [String: Any])] {
        try properties(of: schema).flatMap { name, property in
            guard property["properties"] != nil else { return [([name], property)] }
            return try properties(of: property).map { ([name, $0.0], $0.1) }
        }
    }

    private func policy(_ path: [String], _ value: String) -> String {
        let version = path == ["version"] ? "" : "version: 1\n"
        guard path.count == 2 else { return version + "\(path[0]): \(value)\n" }
        return version + "\(path[0]):\n  \(path[1]): \(value)\n"
    }

    private func compareKeys(of object: [String: Any], at path: [String]) throws {
        #expect(object["additionalProperties"] as? Bool == false)
        let written = path.isEmpty ? "surely-unknown: 1\n" : "\(path[0]): {surely-unknown: 1}\n"
        let found = complaints(about: "version: 1\n" + written)
        #expect(found.count == 1)
        #expect(knownKeys(in: found.first ?? "") == Set(try properties(of: object).map(\.0)))
    }

    private func knownKeys(in complaint: String) -> Set<String> {
        let list = complaint.split(separator: "Known here: ").last?.dropLast() ?? ""
        return Set(list.split(separator: ", ").map(String.init))
    }
}
