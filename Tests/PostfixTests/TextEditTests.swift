import Testing

@testable import Postfix

@Suite struct TextEditTests {
    private func set(_ text: String, _ name: String, _ value: String) -> String {
        let main = MainCF(Array(text.utf8))
        return applying(main.setting(name, to: value), to: main.bytes).text
    }

    @Test(arguments: [
        ("a=1\nb = 2\n", "a=9\nb = 2\n"), ("a  =\t1\n", "a  =\t9\n"),
        ("a = 1\r\nb = 2\r\n", "a = 9\r\nb = 2\r\n"),
        ("a = 1\n  2\n# c\n  3\nb = 2\n", "a = 9\n# c\nb = 2\n"), ("a = 1\na = 2\n", "a = 1\na = 9\n"),
        ("a =\nb = 2\n", "a = 9\nb = 2\n"), ("b = 2", "b = 2\na = 9\n"), ("b = 2\r\n", "b = 2\r\na = 9\r\n"),
        ("a = 1\r\n  2\r\nb = 2\r\n", "a = 9\r\nb = 2\r\n"),
    ])
    func `Setting a value changes what it must and nothing else`(before: String, after: String) {
        #expect(set(before, "a", "9") == after)
    }

    private func removing(_ item: String, from text: String) throws -> String {
        let bytes = Array(text.utf8)
        let main = MainCF(bytes)
        let definition = try #require(main.definition(of: "a"))
        let list = listItems(of: SourcedText(definition.value, origin: .main(0)))
        let found = try #require(list.first { $0.text == item })
        let base = definition.valueRange.lowerBound
        let parts = definition.line.places(of: found.range.lowerBound + base..<found.range.upperBound + base)
        return applying([removal(ofListItem: try #require(parts.first).range, in: bytes)], to: bytes).text
    }

    @Test(arguments: [
        ("x", "a = x, y, z\n", "a = y, z\n"), ("y", "a = x, y, z\n", "a = x, z\n"),
        ("z", "a = x, y, z\n", "a = x, y\n"),
        ("y", "a = x\n  y\n  z\n", "a = x\n  z\n"), ("z", "a = x,\n  y, z\n", "a = x,\n  y\n"),
        ("x", "a = x\n", "a = \n"), ("x", "a = x\n  y\n", "a = \n  y\n"), ("z", "a = x y z", "a = x y"),
        ("y", "a = x\r\n  y\r\n  z\r\n", "a = x\r\n  z\r\n"),
    ])
    func `Removing an item takes its separators and a line of its own`(
        item: String, before: String, after: String
    )
        throws
    {
        #expect(try removing(item, from: before) == after)
    }

    @Test func `Of two edits that overlap the first is applied`() {
        let edits = [TextEdit(1..<3, "X"), TextEdit(2..<4, "Y"), TextEdit(insert: "+", at: 0)]
        #expect(applying(edits, to: Array("abcde".utf8)).text == "+aXde")
    }
}
