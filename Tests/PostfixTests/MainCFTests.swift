import Fixtures
import Testing

@testable import Postfix

@Suite struct MainCFTests {
    @Test func `Definitions join continuation lines across comments and blank lines`() throws {
        let text = "mynetworks = 127.0.0.0/8\n# office\n\n   10.0.0.0/8,\n\t[::1]/128\nmyhostname=mx\n"
        let main = MainCF(Array(text.utf8))
        let networks = try #require(main.definition(of: "mynetworks"))
        #expect(networks.value.text == "127.0.0.0/8   10.0.0.0/8,\t[::1]/128")
        #expect(networks.line.pieces.map(\.line) == [1, 4, 5])
        #expect(main.definition(of: "myhostname")?.value.text == "mx")
    }

    @Test func `The last of two definitions counts`() {
        let main = MainCF(Array("a = 1\nb = 2\na = 3\n".utf8))
        #expect(main.definition(of: "a")?.value.text == "3")
        #expect(main.definitions.count == 3)
    }

    @Test func `White space at the beginning of the file continues nothing and is skipped`() {
        let main = MainCF(Array("  mynetworks = 0.0.0.0/0\nmyhostname = mx\n".utf8))
        #expect(main.definition(of: "mynetworks") == nil)
        #expect(main.definition(of: "myhostname")?.value.text == "mx")
    }

    @Test(arguments: [
        ("relay_domains", "missing '=' after attribute name"), ("= x", "missing attribute name"),
        ("two words = x", "missing '=' after attribute name"),
    ])
    func `A line without a name or an equals sign is a fault`(text: String, why: String) {
        #expect(MainCF(Array(text.utf8)).faults.map(\.why) == [why])
    }

    @Test func `A value ends at a NUL byte and the rest of the file is read`() {
        let main = MainCF(Array("a = x\u{0}y\nb = 2\n".utf8))
        #expect(main.definition(of: "a")?.value.text == "x")
        #expect(main.definition(of: "b")?.value.text == "2")
    }

    @Test func `Places lead back to the physical line and byte`() throws {
        let bytes = Array("mynetworks = a\r\n   bb,\r\n   ccc\r\n".utf8)
        let main = MainCF(bytes)
        let definition = try #require(main.definition(of: "mynetworks"))
        let items = listItems(of: SourcedText(definition.value, origin: .main(0)))
        #expect(items.map(\.text) == ["a", "bb", "ccc"])
        let place = definition.line.place(of: definition.valueRange.lowerBound + items[2].range.lowerBound)
        #expect(place.line == 3)
        #expect(bytes[place.offset..<place.offset + 3].text == "ccc")
    }

    @Test(arguments: 0..<300)
    func `Every byte of every random file is accounted for`(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let pieces = [
            "name", " = ", "value", "\n", "\r\n", "\n ", "\n\t", "#", " # c", "\u{0}", "\u{e9}", "{", "}",
            "$", ",", "=",
        ]
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 0...60, using: &random) {
            bytes += Array(pieces.randomElement(using: &random).map { $0.utf8 } ?? "".utf8)
            if Int.random(in: 0..<20, using: &random) == 0 {
                bytes.append(UInt8.random(in: 0...255, using: &random))
            }
        }
        let main = MainCF(bytes)
        let master = MasterCF(bytes)
        #expect(main.bytes == bytes)
        #expect(master.bytes == bytes)
        for line in logicalLines(of: bytes) {
            #expect(line.pieces.flatMap { Array(bytes[$0.range]) } == line.bytes)
            for offset in line.bytes.indices {
                #expect(bytes[line.place(of: offset).offset] == line.bytes[offset])
            }
        }
        // Setting a value changes that value and nothing that was read before it.
        let edited = MainCF(applying(main.setting("probe_x", to: "1"), to: bytes))
        #expect(edited.definition(of: "probe_x")?.value.text == "1")
        #expect(edited.bytes.starts(with: bytes))
    }

    @Test func `A megabyte on one line is read`() {
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        let main = MainCF(Array("a = ".utf8) + long)
        #expect(main.definition(of: "a")?.value.count == 1 << 20)
    }

    @Test func `Every byte of a value that goes on over lines is found in the file`() throws {
        let bytes = Array("# c\nx = ab,\n# c\n  cd,\n\n\tef\n".utf8)
        let line = try #require(MainCF(bytes).definition(of: "x")?.line)
        for offset in line.bytes.indices {
            let place = line.place(of: offset)
            #expect(bytes[place.offset] == line.bytes[offset])
            #expect(physicalLine(place.line, of: bytes)?.contains(line.bytes[offset]) == true)
            for end in offset...line.bytes.count {
                let parts = line.places(of: offset..<end)
                #expect(parts.flatMap { bytes[$0.range] } == Array(line.bytes[offset..<end]))
            }
        }
        #expect(line.place(of: line.bytes.count).offset == bytes.count - 1)
    }
}
