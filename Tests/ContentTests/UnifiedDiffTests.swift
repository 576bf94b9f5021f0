import Content
import Testing

@Suite("Unified diffs")
struct UnifiedDiffTests {
    @Test("Equal contents have no difference")
    func equal() {
        #expect(
            unifiedDiff(path: "/etc/postfix/main.cf", before: Array("a\n".utf8), after: Array("a\n".utf8))
                == "")
    }

    @Test("A changed line stands with three lines of context on either side")
    func context() {
        let before = (1...9).map { "line \($0)\n" }.joined()
        let after = before.replacing("line 5", with: "LINE 5")
        #expect(
            unifiedDiff(path: "f", before: Array(before.utf8), after: Array(after.utf8)) == """
                --- f
                +++ f
                @@ -2,7 +2,7 @@
                 line 2
                 line 3
                 line 4
                -line 5
                +LINE 5
                 line 6
                 line 7
                 line 8

                """)
    }

    @Test("Changes far apart are two hunks, numbered on each side")
    func twoHunks() {
        let before = (1...30).map { "\($0)\n" }.joined()
        let after = "0\n" + before.replacing("20\n", with: "")
        let diff = unifiedDiff(path: "f", before: Array(before.utf8), after: Array(after.utf8))
        #expect(diff.contains("@@ -1,3 +1,4 @@\n+0\n"))
        #expect(diff.contains("@@ -17,7 +18,6 @@\n"))
    }

    @Test("A missing final newline is said")
    func noFinalNewline() {
        #expect(
            unifiedDiff(path: "f", before: Array("a".utf8), after: Array("b\n".utf8)) == """
                --- f
                +++ f
                @@ -1,1 +1,1 @@
                -a
                \\ No newline at end of file
                +b

                """)
    }

    @Test("An added file counts from line nought")
    func emptyBefore() {
        #expect(unifiedDiff(path: "f", before: [], after: Array("a\n".utf8)).contains("@@ -0,0 +1,1 @@"))
    }

    @Test("Bytes that are not UTF-8 and control characters are shown, not sent")
    func foreignBytes() {
        let diff = unifiedDiff(path: "f", before: [], after: [0xe9, 0x1b, 0x5b, 0x0a])
        #expect(diff.hasSuffix("+\\xe9\\x1b[\n"))
    }
}

@Suite("Printable text")
struct PrintableTextTests {
    @Test(
        "What could hurt a terminal or deceive a reader is escaped",
        arguments: [
            ("plain text\twith a tab", "plain text\twith a tab"),
            ("grüße €😀", "grüße €😀"),
            ("\u{1b}[31mred", "\\x1b[31mred"),
            ("nul\u{0}", "nul\\x00"),
            ("\u{202e}evil", "\\xe2\\x80\\xaeevil"),
            ("c1\u{9b}31m", "c1\\xc2\\x9b31m"),
        ])
    func escapes(text: String, printed: String) {
        #expect(printableText(text.utf8) == printed)
    }

    @Test(
        "Ill-formed UTF-8 is escaped byte by byte",
        arguments: [
            ([0x61, 0xff, 0x62], "a\\xffb"), ([0xc3], "\\xc3"), ([0xe2, 0x82], "\\xe2\\x82"),
            ([0xc0, 0x80], "\\xc0\\x80"), ([0xed, 0xa0, 0x80], "\\xed\\xa0\\x80"),
        ] as [([UInt8], String)])
    func illFormed(bytes: [UInt8], printed: String) {
        #expect(printableText(bytes) == printed)
    }

    @Test("Digests are those of FIPS 180-4")
    func digest() {
        #expect(sha256("abc".utf8) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }
}
